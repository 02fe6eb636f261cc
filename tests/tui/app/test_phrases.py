"""The words on the screen, and where pictures stand."""

from __future__ import annotations

import pytest

from engine.search.answers import NoneBetter, Picked, Redirected
from engine.search.axis import Axis
from engine.search.progress import Progress
from engine.search.session import begin, tell
from latentpng.record import Lineage, SeedRoot
from tui.app.layout import reading_order, side_for, side_that_fits
from tui.app.phrases import bar, caption, percent, progress_words, search_words, seconds_left


def test_the_search_line() -> None:
    session = begin(Lineage(root=SeedRoot(seed=1)), seed=1, octaves=3, scale=0.5, count=8)
    assert search_words(session) == "round 1 · scale 0.5: each candidate keeps 87% of its parent · everything moves"
    later = tell(tell(session, Picked(marks=(0,))), NoneBetter())
    assert search_words(later) == (
        "round 2 · scale 0.25: each candidate keeps 97% of its parent · everything moves · 87% of the start left"
    )


def test_the_search_line_says_when_the_prompt_moves() -> None:
    session = begin(Lineage(root=SeedRoot(seed=1)), seed=1, octaves=3, scale=0.5, count=8, axis=Axis.PROMPT)
    assert search_words(session) == (
        "round 1 · scale 0.5: each candidate keeps the noise of its parent · only the prompt moves"
    )
    later = tell(tell(session, Redirected(axis=Axis.BOTH)), Picked(marks=(0,)))
    assert search_words(later) == (
        "round 2 · scale 0.5: each candidate keeps 87% of its parent · everything moves, the prompt too · "
        "87% of the start's noise left"
    )


def test_small_scales_can_be_told_apart() -> None:
    assert [percent(part) for part in (0.5, 0.98, 0.9949, 0.9998, 1.0)] == ["50%", "98%", "99.5%", "100.0%", "100%"]


def test_progress() -> None:
    running = Progress(total=8, steps_done=dict.fromkeys(range(4), 0.5), step=5, steps=10, running=True)
    assert progress_words(running, 6.2) == "step 5/10, 25%, 6 s left"
    assert progress_words(Progress(total=8, running=True), None) == "rendering"
    assert progress_words(Progress(), None) == ""
    assert seconds_left(running, 2.0) == pytest.approx(6.0)
    assert seconds_left(Progress(total=8, running=True), 2.0) is None


def test_captions() -> None:
    assert caption(0, 1, fraction=0.0, done=True, marked=False) == "1"
    assert caption(4, 0, fraction=0.5, done=False, marked=False) == "5 parent ━━━━────"
    assert caption(11, 9, fraction=1.0, done=True, marked=True) == "  ● marked"
    assert bar(1.0, 3) == "━━━"


def test_the_parent_stands_in_the_middle_of_an_odd_grid() -> None:
    assert reading_order(9) == (1, 2, 3, 4, 0, 5, 6, 7, 8)
    assert reading_order(4) == (0, 1, 2, 3)
    assert reading_order(16)[:2] == (0, 1)
    assert reading_order(2) == (0, 1)
    assert reading_order(1) == (0,)
    assert [side_for(places) for places in (1, 2, 4, 5, 9, 10, 16)] == [1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize(("columns", "rows", "side"), [(120, 44, 3), (48, 18, 3), (47, 18, 2), (48, 17, 2), (20, 5, 2)])
def test_the_grid_that_fits(columns: int, rows: int, side: int) -> None:
    assert side_that_fits(columns, rows) == side
