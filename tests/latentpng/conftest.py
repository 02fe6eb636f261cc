"""Fixtures for the tests of latentpng."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentpng.png.files import write_picture
from tests.support.latentpng.pictures import RGB, SIDE
from tests.support.latentpng.running import RECORD


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one picture, a.png."""
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, RECORD)
    monkeypatch.chdir(tmp_path)
    return tmp_path
