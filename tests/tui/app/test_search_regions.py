"""Picking by region in the app: what is lit, and what the keys answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.search.regions import NAMED, Split
from engine.search.running import PARENT
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tests.support.tui.seen import picture, shown, words
from tui.app.region_drawing import lit, patchwork
from tui.app.region_phrases import NO_ANSWER_TO_ADD_TO, NOTHING_ANSWERED
from tui.app.widgets.grid import GridCell

PANE, GRID = (120, 40), (80, 24)
TL, TR, BL, BR = (NAMED[name] for name in ("tl", "tr", "bl", "br"))


def steps(driver: Driver) -> list[tuple[str, tuple[int, ...]]]:
    """Return region and marks of each round of the parent."""
    return [(round_.region, round_.marks) for round_ in driver.search.session.lineage.rounds]


@pytest.mark.parametrize("size", [PANE, GRID], ids=["pane", "grid"])
async def test_the_lit_region_asks_and_the_light_moves_on(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=size) as driver:
        await driver.until_done()
        before = driver.search.session
        await driver.press("x", "x")
        assert driver.screen.pick.split is Split.QUARTERS
        await driver.until(lambda: "top left quarter (1 of 4): press the number of the best picture" in driver.text())
        assert [shown(driver, index) for index in range(1, 9)] == [
            lit(picture(driver, index), TL) for index in range(1, 9)
        ]
        assert shown(driver, PARENT) == picture(driver, PARENT)
        await driver.press("2")
        assert shown(driver, 5) == lit(picture(driver, 5), TR)
        assert shown(driver, PARENT) == patchwork(picture(driver, PARENT), [(TL, (picture(driver, 2),))])
        await driver.until(lambda: "top right quarter (2 of 4)" in driver.text() and "2 top left" in driver.text())
        await driver.press("space")
        assert shown(driver, 5) == lit(picture(driver, 5), BL)
        await driver.press("n")
        assert shown(driver, 5) == lit(picture(driver, 5), BR)
        await driver.press("8")
        assert shown(driver, 5) == picture(driver, 5)
        assert shown(driver, PARENT) == patchwork(
            picture(driver, PARENT), [(TL, (picture(driver, 2),)), (BR, (picture(driver, 8),))]
        )
        await driver.until(
            lambda: "2, tr parent, bl parent, br" in driver.text() or "bottom right 8: E" in words(driver)
        )
        assert driver.search.session is before


async def test_x_drops_answers_and_says_so(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("right", "space", "x")
        await driver.until(lambda: "the mark is dropped; pick by halves now" in driver.text())
        await driver.press("3", "x")
        await driver.until(lambda: "the answer is dropped; pick by quarters now" in driver.text())
        await driver.press("3", "4", "x")
        await driver.until(lambda: "the 2 answers are dropped; pictures are picked as a whole again" in driver.text())
        assert shown(driver, PARENT) == picture(driver, PARENT)


async def test_a_second_candidate_is_blended_in_a_region(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "plus")
        await driver.until(lambda: NO_ANSWER_TO_ADD_TO in driver.text())
        await driver.press("3", "plus")
        await driver.until(lambda: "left half: press the key of the picture to blend with 3" in driver.text())
        assert shown(driver, 1) == lit(picture(driver, 1), "10")
        await driver.press("3")
        await driver.until(lambda: "3 is chosen there already" in driver.text())
        await driver.press("n")
        await driver.until(lambda: "only candidates can be blended in a region" in driver.text())
        await driver.press("5")
        assert driver.screen.pick.answers == ((2, 4),)
        parts = [("10", (picture(driver, 3), picture(driver, 5)))]
        assert shown(driver, PARENT) == patchwork(picture(driver, PARENT), parts)
        await driver.press("equals_sign")
        await driver.until(lambda: "at most 2 candidates are blended in a region" in driver.text())
        await driver.press("space", "plus")
        await driver.until(lambda: "the parent stays in that region; Backspace goes back to it" in driver.text())
        await driver.press("enter")
        assert steps(driver) == [("10", (2, 4))]


async def test_backspace_goes_back_region_by_region(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "3", "plus", "backspace")
        assert (driver.screen.pick.answers, driver.screen.pick.is_adding) == (((2,),), False)
        await driver.press("4", "backspace")
        assert driver.screen.pick.answers == ((2,),)
        assert shown(driver, 1) == lit(picture(driver, 1), "01")
        await driver.press("backspace")
        assert shown(driver, PARENT) == picture(driver, PARENT)
        await driver.press("backspace")
        await driver.until(lambda: "nothing is answered yet; Esc picks whole pictures again" in driver.text())


async def test_escape_leaves_without_a_pick(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        before = driver.search.session
        await driver.press("escape", "x", "3", "plus", "escape")
        assert (driver.screen.pick.answers, driver.screen.pick.is_adding) == (((2,),), False)
        await driver.press("escape")
        assert not driver.screen.pick.is_asking
        assert [shown(driver, index) for index in range(9)] == [picture(driver, index) for index in range(9)]
        await driver.until(lambda: "the answer is dropped; pictures are picked as a whole again" in driver.text())
        assert driver.search.session is before


async def test_enter_answers_with_the_candidate_under_the_cursor(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "right", "right")
        await driver.until(lambda: "Enter take" in driver.text())
        await driver.press("enter")
        assert driver.screen.pick.answers == ((1,),)
        assert driver.screen.grid.selected_index == PARENT
        await driver.until(lambda: "Enter done" in driver.text())
        await driver.press("enter")
        assert steps(driver) == [("10", (1,))]


async def test_enter_before_any_answer_picks_nothing(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        before = driver.search.session
        await driver.press("x", "enter")
        await driver.until(lambda: NOTHING_ANSWERED in driver.text())
        assert driver.search.session is before


async def test_a_click_on_the_selected_candidate_answers(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x")
        cell = driver.screen.grid.query(GridCell).first()
        await driver.pilot.click(cell)
        assert driver.screen.pick.answers == ()
        await driver.pilot.click(cell)
        await driver.until(lambda: driver.screen.pick.answers == ((0,),))


async def test_a_region_is_answered_from_the_viewer(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "v", "4", "enter")
        await driver.until(lambda: driver.screen.pick.answers == ((3,),))
        assert driver.search.session.lineage.rounds == ()


async def test_the_candidate_is_compared_as_a_whole_in_the_pane(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "3", "right", "tab")
        assert shown(driver, PARENT) == picture(driver, 1)
        assert shown(driver, 1) == lit(picture(driver, 1), "01")
        await driver.press("tab")
        assert shown(driver, PARENT) == patchwork(picture(driver, PARENT), [("10", (picture(driver, 3),))])
        await driver.press("tab", "1")  # an answer shows the patchwork
        parts = [("10", (picture(driver, 3),)), ("01", (picture(driver, 1),))]
        assert shown(driver, PARENT) == patchwork(picture(driver, PARENT), parts)


async def test_the_keys_of_the_regions_mean_nothing_without_them(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until(lambda: driver.app.stage.search is not None)
        await driver.press("x", "plus", "backspace", "escape", "w")
        await driver.until_done()
        before = driver.search.session
        await driver.press("plus", "backspace", "escape")
        assert driver.search.session is before
        assert not driver.screen.pick.is_asking


async def test_the_palette_has_the_keys_of_the_regions_while_they_ask(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        names = {"Second candidate (+)", "Back one region (Backspace)", "Whole pictures (Esc)"}

        def found() -> set[str]:
            return {command.title for command in driver.app.get_system_commands(driver.app.screen)}

        assert {"Pick by region (x)", "Single candidate (w)"} <= found()
        assert not names & found()
        await driver.press("x")
        assert names <= found()


@pytest.mark.parametrize("size", [(44, 16), (80, 24), (120, 40)])
async def test_what_is_asked_fits_the_window(tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int]) -> None:
    async with running(make_app(tmp_path_factory.mktemp("app"), *PROMPT), size=size) as driver:
        await driver.until_done()
        await driver.press("x", "x", "3", "plus", "1")
        await driver.until(lambda: "top right quarter (2 of 4)" in driver.text() and "? keys" in driver.text())
        await driver.press("n", "n", "1")
        await driver.until(lambda: "Enter picks this" in driver.text() and "? keys" in driver.text())
