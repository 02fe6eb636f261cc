"""An empty state and cache, and a model folder, for the tests of this package."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine.folders import model_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a diffusers model."""
    return model_folder(tmp_path / "landscapes")


@pytest.fixture(autouse=True)
def _empty_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, with nothing else in the environment."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("HF_HOME", str(home / "huggingface"))
    return home
