"""The seconds that are left of a first grid: its parent, the choice of its candidates, then the candidates."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.search.progress import Countdown, Progress

STEPS, CANDIDATES, POOL, STOP = 12, 8, 24, 2
ALONE, BATCH = 0.1, 0.4
"""Seconds of a step of the parent, and of eight pictures."""
DECODING = 1.0
TRUTH = (
    STEPS * ALONE + DECODING / CANDIDATES,
    POOL // CANDIDATES * STOP * BATCH,
    STEPS * BATCH + DECODING,
)
"""Seconds of the three parts."""


def play() -> list[tuple[float, float | None]]:
    """Return after each report the seconds that are truly left, and those that are said."""
    said: list[tuple[float, float | None]] = []
    now, countdown = 0.0, Countdown()

    def step(progress: Progress, indices: tuple[int, ...], step: int, steps: int, seconds: float) -> None:
        nonlocal now, countdown
        now += seconds
        progress.step_done(indices, step, steps)
        countdown = countdown.after(progress, now)
        said.append((sum(TRUTH) - now, countdown.left))

    parent = Progress(total=1 + CANDIDATES, running=True, ahead=(POOL, STOP))
    for number in range(1, STEPS + 1):
        step(parent, (0,), number, STEPS, ALONE)
    now += DECODING / CANDIDATES
    parent.picture_done(0)
    countdown = countdown.after(parent, now)
    choice = Progress(total=POOL, running=True, decodes=False, ahead=(CANDIDATES, STEPS))
    for first in range(0, POOL, CANDIDATES):
        for number in range(1, STOP + 1):
            step(choice, tuple(range(-1 - first, -1 - first - CANDIDATES, -1)), number, STOP, BATCH)
    grid = Progress(total=CANDIDATES, running=True)
    indices = tuple(range(1, 1 + CANDIDATES))
    for number in range(1, STEPS + 1):
        step(grid, indices, number, STEPS, BATCH)
    now += DECODING
    for index in indices:
        grid.picture_done(index)
    countdown = countdown.after(grid, now)
    said.append((sum(TRUTH) - now, countdown.left))
    return said


def test_it_falls_to_nothing_through_all_three() -> None:
    lefts = [left for _, left in play() if left is not None]
    assert lefts[-1] == 0.0
    assert all(after <= before + BATCH for before, after in pairwise(lefts))


def test_it_counts_the_grid_while_the_candidates_are_chosen() -> None:
    said = play()
    for truth, left in said[STEPS + 2 : STEPS + 6]:
        assert left == pytest.approx(truth, abs=1.0)
    for truth, left in said[STEPS + 7 :]:
        assert left == pytest.approx(truth, abs=0.7)
