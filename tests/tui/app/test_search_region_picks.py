"""What comes of picks by region in the app: the next parent, the next grid, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.search.answers import Confined
from engine.search.regions import NAMED, Split
from engine.search.running import PARENT
from latentpng.png.files import read_record
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tests.support.tui.seen import picture, shown, words
from tui.app.region_drawing import lit, patchwork
from tui.app.region_phrases import ALL_ANSWERED, GONE, SINGLE

PANE, GRID = (120, 40), (80, 24)
TL, TR = NAMED["tl"], NAMED["tr"]


def steps(driver: Driver) -> list[tuple[str, tuple[int, ...]]]:
    """Return region and marks of each round of the parent."""
    return [(round_.region, round_.marks) for round_ in driver.search.session.lineage.rounds]


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

        driver.screen.show_picture = note  # type: ignore[method-assign]  # a spy
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


async def test_the_parent_everywhere_means_that_none_is_better(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=GRID) as driver:
        await driver.until_done()
        await driver.press("x", "9", "n", "4")
        await driver.until(lambda: " ".join(ALL_ANSWERED.split()) in words(driver))
        await driver.press("enter")
        assert driver.search.session.lineage.rounds == ()
        assert driver.search.session.scale == pytest.approx(0.35)
        assert driver.screen.pick.split is Split.HALVES


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


async def test_the_best_single_candidate_instead(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=PANE) as driver:
        await driver.until_done()
        await driver.press("w")
        await driver.until(lambda: SINGLE in driver.text())
        await driver.press("x", "3", "6", "enter")
        question = "left half (1 of 2): press the number of the best picture there, Space keeps the parent"
        outcome = "(picks by region go on nearer: scale 0.5; w takes the best single candidate)"
        await driver.until(lambda: question in words(driver) and outcome in words(driver))
        assert driver.screen.notice == ""
        await driver.until_done()
        await driver.press("3", "backspace")
        assert question in words(driver)
        assert outcome not in words(driver)
        await driver.press("w")
        assert steps(driver) == [("", (2,))]
        await driver.until_done()
        await driver.press("u")
        assert steps(driver) == [("10", (2,)), ("01", (5,))]
        await driver.until_done()
        await driver.press("x", "x", "right", "space", "right", "space", "enter")
        await driver.until_done()
        assert steps(driver)[2:] == [("", (0, 1))]
        assert "w takes the best single candidate" not in words(driver)  # it was said before
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
        assert shown(driver, 1) == drawn(1, lit(picture(driver, 1), TR))
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


async def test_answers_follow_their_candidates_when_the_first_grid_is_chosen(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *PROMPT, "--first", "varied", renderer=renderer), size=PANE) as driver:
        await driver.until(lambda: driver.app.stage.search is not None and driver.app.stage.search.search is not None)
        await driver.until(lambda: driver.search.pool > 0)
        await driver.press("x", "x", "1", "2", "3", "4")
        before = driver.search.plan.candidates
        renderer.release()
        await driver.until_done()
        now = driver.search.plan.candidates
        assert now != before
        left = next((at for at in range(4) if before[at] not in now), 4)
        assert driver.screen.pick.answers == tuple((now.index(before[at]),) for at in range(left))
        assert left == 4 or GONE in words(driver)
