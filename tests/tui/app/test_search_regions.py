"""Picking by region in the app: what is lit, what the keys answer, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.rendering.events import Picture
from engine.search.answers import Confined
from engine.search.regions import NAMED, Split
from engine.search.running import PARENT
from latentpng.png.files import read_record
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.region_drawing import lit, patchwork
from tui.app.region_phrases import ALL_ANSWERED, NO_ANSWER_TO_ADD_TO, NOTHING_ANSWERED, SINGLE
from tui.app.widgets.grid import GridCell

PANE, GRID = (120, 40), (80, 24)
TL, TR, BL, BR = (NAMED[name] for name in ("tl", "tr", "bl", "br"))


def shown(driver: Driver, index: int) -> Picture | None:
    """Return the picture that the cell of a picture was last asked to show."""
    cell = next(cell for cell in driver.screen.query(GridCell) if cell.index == index)
    return cell.picture.picture


def picture(driver: Driver, index: int) -> Picture:
    finished = driver.search.finished(index)
    assert finished is not None
    return finished.picture


def words(driver: Driver) -> str:
    """Return what the screen says, without line breaks."""
    return " ".join(driver.text().split())


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


async def test_enter_picks_and_the_patchwork_stays_until_the_parent_is_rendered(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "3", "6")
        patched = shown(driver, PARENT)
        assert patched == patchwork(
            picture(driver, PARENT), [("10", (picture(driver, 3),)), ("01", (picture(driver, 6),))]
        )
        renderer.hold()
        await driver.press("enter")
        assert steps(driver) == [("10", (2,)), ("01", (5,))]
        assert len(driver.search.session.past) == 1
        assert driver.search.finished(PARENT) is None
        assert shown(driver, PARENT) is patched
        renderer.release()
        await driver.until_done()
        await driver.until(lambda: shown(driver, PARENT) == picture(driver, PARENT))
        await driver.until(lambda: len(saved(tmp_path)) == 2)
    assert read_record(saved(tmp_path)[1]).lineage == driver.search.session.lineage


async def test_previews_do_not_replace_the_patchwork(tmp_path: Path) -> None:
    renderer = FakeRenderer(micro_batch=1)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "3", "6")
        patched = shown(driver, PARENT)
        renderer.hold()
        await driver.press("enter")
        seen = [shown(driver, PARENT)]
        take = driver.screen.show_picture

        def note(index: int) -> None:
            take(index)
            if index == PARENT:
                seen.append(shown(driver, PARENT))

        driver.screen.show_picture = note  # type: ignore[method-assign]
        renderer.release()
        await driver.until_done()
        assert seen[0] is patched
        assert all(each is patched or each == picture(driver, PARENT) for each in seen)


async def test_the_way_of_asking_stays_for_the_next_grid_until_x(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("x", "3", "6", "enter")
        await driver.until_done()
        assert driver.screen.pick.split is Split.HALVES
        assert driver.screen.pick.answers == ()
        await driver.until(lambda: shown(driver, 1) == lit(picture(driver, 1), "10"))
        await driver.press("x", "x")
        assert not driver.screen.pick.is_asking
        assert shown(driver, 1) == picture(driver, 1)
        await driver.press("1")
        assert steps(driver)[2:] == [("", (0,))]


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
        await driver.until(lambda: "Enter take it" in driver.text())
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


async def test_the_parent_everywhere_means_that_none_is_better(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=GRID) as driver:
        await driver.until_done()
        await driver.press("x", "9", "n", "4")
        await driver.until(lambda: " ".join(ALL_ANSWERED.split()) in words(driver))
        await driver.press("enter")
        assert driver.search.session.lineage.rounds == ()
        assert driver.search.session.scale == pytest.approx(0.35)
        assert driver.screen.pick.split is Split.HALVES


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


@pytest.mark.parametrize("key", ["u", "r", "left_square_bracket"])
async def test_a_new_grid_begins_to_ask_anew(tmp_path: Path, key: str) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        await driver.press("x", "3", key)
        assert driver.screen.pick.answers == ()
        await driver.until_done()
        await driver.until(lambda: shown(driver, 1) == lit(picture(driver, 1), "10"))
        assert shown(driver, PARENT) == picture(driver, PARENT)


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


async def test_the_best_single_candidate_instead(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("w")
        await driver.until(lambda: SINGLE in driver.text())
        await driver.press("x", "3", "6", "enter")
        await driver.until(
            lambda: (
                "picks by region go on nearer: scale 0.5; w takes the best single candidate instead" in words(driver)
            )
        )
        await driver.until_done()
        await driver.press("w")
        assert steps(driver) == [("", (2,))]
        await driver.until_done()
        await driver.press("u")
        assert steps(driver) == [("10", (2,)), ("01", (5,))]
        await driver.until_done()
        await driver.press("x", "x", "right", "space", "right", "space", "enter")
        await driver.until_done()
        assert steps(driver)[2:] == [("", (0, 1))]
        assert "w takes the best single candidate instead" not in words(driver)  # it was said before
        await driver.press("w")
        assert steps(driver)[2:] == [("", (0,))]


async def test_only_noise_is_picked_by_region(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("a", "x")
        await driver.until(lambda: "only the prompt varies, and it has no regions; press a twice" in words(driver))
        await driver.press("a", "x")
        await driver.until(lambda: "the prompt varies too, and it has no regions; press a to vary" in words(driver))
        assert not driver.screen.pick.is_asking
        await driver.press("a", "x", "a")
        await driver.until(lambda: "only the prompt varies, and it has no regions; press a twice" in words(driver))
        assert not driver.screen.pick.is_asking
        await driver.press("a", "a")
        assert driver.screen.pick.is_asking


async def test_a_confined_region_is_all_that_changes(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.screen.tell(Confined(region="1/0"))
        await driver.until_done()
        await driver.press("x", "2")
        drawn = driver.screen.drawn
        assert shown(driver, 1) == drawn(1, lit(picture(driver, 1), "01"))
        patched = patchwork(picture(driver, PARENT), [(TL, (picture(driver, 2),))])
        assert shown(driver, PARENT) == drawn(PARENT, patched)
        await driver.press("x", "3", "5", "enter")
        assert steps(driver) == [(TL, (2,)), (TR, (4,))]
        await driver.until_done()
        await driver.screen.tell(Confined(region="1000/0000/0000/0000"))
        await driver.until(
            lambda: "only a region of 6% varies, which is too little to divide; M varies the whole" in words(driver)
        )
        assert not driver.screen.pick.is_asking
        await driver.press("escape", "x")
        await driver.until(
            lambda: "only a region of 6% varies, which is too little to divide; M varies the whole" in words(driver)
        )
        assert driver.screen.pick.split is Split.WHOLE


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


async def test_a_region_may_be_answered_before_its_picture_is_there(tmp_path: Path) -> None:
    renderer = FakeRenderer(micro_batch=1)
    renderer.hold_after(2)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=PANE) as driver:
        await driver.until(lambda: driver.app.stage.search is not None and driver.app.stage.search.search is not None)
        await driver.until(lambda: driver.search.finished(1) is not None)
        await driver.press("x", "8")
        assert shown(driver, PARENT) == picture(driver, PARENT)
        renderer.release()
        await driver.until_done()
        await driver.until(
            lambda: shown(driver, PARENT) == patchwork(picture(driver, PARENT), [("10", (picture(driver, 8),))])
        )
