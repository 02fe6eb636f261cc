"""Tiny models and a LoRA on the disk, once for each module that asks for them.

Imports stand in the fixtures: where torch is missing, only the modules that need it are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rendering.requests import ModelChoice


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    """A Stable Diffusion pipeline."""
    from tests.support.engine.tiny import save_tiny

    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA file for it."""
    from tests.support.engine.overlays import peft_lora

    return peft_lora(tmp_path_factory.mktemp("lora"))


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    """A Flux.1 pipeline."""
    from tests.support.engine.loading import saved_family

    return saved_family("Flux.1", tmp_path_factory)


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    """An SDXL pipeline."""
    from tests.support.engine.loading import saved_family

    return saved_family("SDXL", tmp_path_factory)
