"""Comparing a candidate with its parent, in the pane and in the grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.search.running import PARENT
from tests.support.tui.driving import PROMPT, make_app, running
from tests.support.tui.seen import picture, shown
from tui.app.comparison import Compared, Comparison, caption_words, comparison_words, percent_changed
from tui.app.difference import difference

PANE, GRID = (120, 40), (80, 24)


async def test_tab_flips_the_pane_to_the_candidate_and_back(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        assert shown(driver, PARENT) == picture(driver, PARENT)
        await driver.press("right", "right", "tab")
        assert shown(driver, PARENT) == picture(driver, 2)
        await driver.until(
            lambda: "candidate 2 in place of the parent; Tab flips back, d shows the difference" in driver.text()
        )
        await driver.press("right")
        assert shown(driver, PARENT) == picture(driver, 3)
        await driver.press("tab")
        assert shown(driver, PARENT) == picture(driver, PARENT)
        await driver.until(lambda: "press the number of the best picture" in driver.text())


async def test_tab_in_the_pane_shows_the_first_candidate_before_the_cursor_moved(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("tab")
        assert shown(driver, PARENT) == picture(driver, 1)
        await driver.until(lambda: "candidate 1 in place of the parent" in driver.text())


async def test_tab_without_a_pane_flips_the_cell_under_the_cursor(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=GRID) as driver:
        await driver.until_done()
        await driver.press("left", "tab")
        assert driver.screen.grid.selected_index == 8
        assert shown(driver, 8) == picture(driver, PARENT)
        await driver.until(lambda: "the parent in place of candidate 8; Tab flips back" in driver.text())
        await driver.press("left")
        assert (shown(driver, 8), shown(driver, 7)) == (picture(driver, 8), picture(driver, 7))


@pytest.mark.parametrize(("size", "stage"), [(PANE, PARENT), (GRID, 2)])
async def test_the_difference_is_shown_on_the_stage(tmp_path: Path, size: tuple[int, int], stage: int) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=size) as driver:
        await driver.until_done()
        driver.screen.grid.select(2)
        await driver.press("d")
        expected = difference(picture(driver, PARENT), picture(driver, 2))
        assert shown(driver, stage) == expected.picture
        changed = percent_changed(expected.share)
        await driver.until(
            lambda: f"the difference to the parent: {changed} of the picture changes in candidate 2" in driver.text()
        )
        await driver.press("d")
        assert shown(driver, stage) == picture(driver, stage)


async def test_the_difference_follows_the_cursor(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=GRID) as driver:
        await driver.until_done()
        driver.screen.grid.select(2)
        await driver.press("d", "right")
        assert shown(driver, 2) == picture(driver, 2)
        assert shown(driver, 3) == difference(picture(driver, PARENT), picture(driver, 3)).picture


async def test_a_difference_waits_for_both_pictures(tmp_path: Path) -> None:
    renderer = FakeRenderer(micro_batch=1)
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=PANE) as driver:
        await driver.until(lambda: driver.app.stage.search is not None and driver.app.stage.search.search is not None)
        await driver.until(lambda: driver.search.finished(PARENT) is not None)
        await driver.press("right", "d")
        await driver.until(lambda: "candidate 1 or its parent is still rendering; their" in driver.text())
        renderer.release()
        await driver.until_done()
        await driver.until(
            lambda: shown(driver, PARENT) == difference(picture(driver, PARENT), picture(driver, 1)).picture
        )


async def test_a_pick_ends_the_comparison(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("right", "tab", "enter")
        assert driver.search.session.lineage.rounds[-1].marks == (0,)
        assert driver.screen.comparison == Comparison()
        await driver.until_done()
        await driver.until(lambda: shown(driver, PARENT) == picture(driver, PARENT))


def test_the_keys_of_the_comparison() -> None:
    flipped = Comparison().flipped()
    assert flipped == Comparison(is_flipped=True)
    assert flipped.flipped() == Comparison()
    assert flipped.with_difference().flipped() == Comparison()
    assert flipped.after_move(has_pane=True) == flipped
    assert flipped.after_move(has_pane=False) == Comparison()
    heat = Comparison().with_difference()
    assert heat.after_move(has_pane=False) == heat
    assert [each.is_active for each in (Comparison(), flipped, heat)] == [False, True, True]


def test_what_the_comparison_says() -> None:
    pane, cell = Compared(stage=PARENT, candidate=3), Compared(stage=3, candidate=3)
    flipped, heat = Comparison(is_flipped=True), Comparison(is_difference=True)
    assert (pane.other, cell.other) == (3, PARENT)
    assert caption_words(flipped, pane, "3", None) == ("candidate 3", "= 3")
    assert caption_words(flipped, cell, "3", None) == ("shows the parent", "parent")
    assert caption_words(heat, pane, "3", 0.5) == (
        "candidate 3: difference to the parent, 50% of the picture changes",
        "candidate 3: 50% changes",
        "50% changes",
        "Δ 50%",
    )
    assert caption_words(heat, cell, "3", None) == ("is still rendering", "…")
    assert comparison_words(heat, cell, "3", 0.004) == (
        "the difference to the parent: <1% of the picture changes in candidate 3"
    )
    assert percent_changed(0.0) == "0%"
