"""Helpers of the tests of grids that are rendered ahead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.rendering.events import Picture
from engine.rendering.requests import RenderJob
from engine.search.ahead import AHEAD_PRIORITY
from engine.search.forecast import answer_of
from engine.search.grid import Grid
from engine.search.progress import Progress
from engine.search.running import PARENT
from engine.search.session import tell
from latentpng.identity import Key
from tests.support.engine.searching import CANDIDATES, Running
from tests.support.engine.stepwise import Stepwise

ALL = 99
INDICES = range(CANDIDATES + 1)


def ahead(running: Running) -> list[RenderJob]:
    return [job for job in running.renderer.jobs if job.priority == AHEAD_PRIORITY]


def answers_of(running: Running, jobs: Sequence[RenderJob]) -> list[int]:
    """Return which index in the grid on the screen leads to each job, -1 for none of them."""
    tasks = [Grid.of(tell(running.search.session, answer_of(index))).tasks(INDICES) for index in INDICES]
    return [next((index for index in INDICES if all(task in tasks[index] for task in job.tasks)), -1) for job in jobs]


def ready(running: Running) -> list[int]:
    return [index for index in INDICES if running.search.is_ready(index)]


def all_rendered(running: Running) -> list[tuple[Key, bytes, object]]:
    """Return the key, the pixels and the slot of each picture of the grid."""
    search = running.search
    found = [search.finished(index) for index in range(search.size)]
    keys = Grid.of(search.session).keys
    return [
        (key, each.picture.rgb, each.record.settings["slot"])
        for key, each in zip(keys, found, strict=True)
        if each is not None
    ]


def begin(held: Running, renderer: Stepwise, index: int, steps: int) -> RenderJob:
    """Render ahead what a picture leads to for so many steps; after three, two of its three pictures are finished."""
    held.search.look_at(index)
    held.search.set_ahead(1)
    renderer.allow(steps)
    job = ahead(held)[-1]
    fraction = (3 + steps if steps > 3 else 2 * steps) / 9
    held.until(lambda: progress_of(held).fraction == pytest.approx(fraction))
    held.until(lambda: len(progress_of(held).finished) == 2 * (steps // 3))
    held.until(lambda: bool(previews_of(held)) == bool(steps % 3))
    return job


def progress_of(running: Running) -> Progress:
    guess = running.search._ahead._guess
    return Progress() if guess is None else guess.work.progress


def previews_of(running: Running) -> dict[int, Picture]:
    guess = running.search._ahead._guess
    return {} if guess is None else guess.work.previews


def picture_bytes(running: Running) -> int:
    finished = running.search.finished(PARENT)
    assert finished is not None
    return len(finished.picture.rgb)
