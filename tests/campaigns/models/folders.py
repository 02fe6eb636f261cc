"""Attacks on diffusers folders."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from tests.campaigns.models.target import Target


def _prepare(folder: Path) -> None:
    from tests.support.engine.tiny import save_tiny

    save_tiny(folder / "tiny")


def _make(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001
    shutil.copytree(prepared / "tiny", folder / "tiny")
    return "nothing"


def load(folder: Path) -> None:
    """Load a folder as the worker does."""
    from engine.diffusion.load import load_model
    from engine.models.resolve import resolve_model
    from engine.rendering.requests import LoadModel
    from tests.support.engine.tiny import SETTINGS

    choice = resolve_model(str(folder / "tiny"))
    load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu"), lambda _: None)


TARGETS = (Target(name="diffusers folders", make=_make, load=load, prepare=_prepare),)
