"""A search whose grid is complete, with a renderer that works inside each call, and with one that is held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.open import Opening, open_prompt
from engine.options import Options
from tests.support.engine.searching import Running
from tests.support.engine.stepwise import Stepwise


@pytest.fixture
def opening() -> Opening:
    return open_prompt(Options(seed=5), "a red sun over a lake")


@pytest.fixture
def running(tmp_path: Path, opening: Opening) -> Running:
    """A search whose grid is complete; its renderer works inside each call."""
    running = Running(opening, tmp_path / "s")
    running.finish()
    return running


@pytest.fixture
def renderer() -> Stepwise:
    return Stepwise()


@pytest.fixture
def held(tmp_path: Path, opening: Opening, renderer: Stepwise) -> Iterator[Running]:
    """A search whose grid is complete; its renderer does two pictures at a time, in three steps, and is held."""
    held = Running(opening, tmp_path / "s", renderer=renderer)
    held.finish()
    renderer.hold()
    yield held
    held.close()
