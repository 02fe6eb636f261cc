"""Drafts on the screen: their mark, the key that switches them, and every key that uses a picture."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from engine.fake import FakeRenderer
from engine.search.running import PARENT
from latentpng.png.files import read_record
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tests.support.tui.seen import shown, words
from tui.app.comparison import Comparison
from tui.app.copies import CopyScreen
from tui.app.screens.info import InfoScreen
from tui.app.screens.search_drafts import DRAFTS_BEGIN, DRAFTS_END, NO_COMMAND, SearchDrafts
from tui.app.screens.viewer import ViewerScreen

DRAFTS = (*PROMPT, "--draft")


async def until_drafted(driver: Driver) -> None:
    """Wait until the parent is finished and every candidate is there as a draft."""
    await driver.until(lambda: driver.app.stage.search is not None and driver.app.stage.search.search is not None)
    await driver.until(lambda: all(driver.screen.rendered(index) for index in range(driver.search.size)))
    await driver.until(lambda: not driver.search.progress.running)
    assert driver.search.finished(PARENT) is not None
    assert [index for index in range(driver.search.size) if driver.screen.is_draft(index)] == list(range(1, 9))


def caption(driver: Driver, index: int) -> str:
    """What stands under a picture where there is much room."""
    return driver.screen.caption(index).words(60)


async def test_drafts_are_marked_and_a_pick_is_finished_in_full(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *DRAFTS)) as driver:
        await until_drafted(driver)
        assert [caption(driver, index) for index in (PARENT, 1, 8)] == ["parent", "1 draft", "8 draft"]
        assert shown(driver, 2) is driver.search.draft(2)
        await driver.until(lambda: "round 1 · drafts · keeps" in driver.text())
        draft = driver.search.draft(2)
        await driver.press("2")
        await until_drafted(driver)
        assert shown(driver, PARENT) is not draft
        await driver.until(lambda: len(saved(tmp_path)) == 2)
    assert [read_record(path).settings["steps"] for path in saved(tmp_path)] == [6, 6]


async def test_a_draft_that_is_finished_shows_how_far_that_is(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *DRAFTS)) as driver:
        await until_drafted(driver)
        for done, words_below in ((0.25, "1 draft ━━──────"), (1.0, "1 draft")):
            driver.search.progress.steps_done[1] = done
            assert caption(driver, 1) == words_below
        del driver.search.progress.steps_done[1]
        assert caption(driver, 1) == "1 draft", "it was a draft before the job that runs now"


async def test_the_key_makes_the_next_grids_drafts_and_finishes_those_on_the_screen(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("D")
        assert driver.screen.notice == DRAFTS_BEGIN
        await driver.until(lambda: "round 1 · drafts" in driver.text())
        assert caption(driver, 1) == "1"
        await driver.press("r")
        await until_drafted(driver)
        await driver.press("D")
        assert driver.screen.notice == DRAFTS_END
        await driver.until_done()
        assert caption(driver, 1) == "1"
        assert "drafts ·" not in driver.text()


async def test_where_drafts_save_nothing_the_key_says_so(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--steps", "4")) as driver:
        await driver.until_done()
        await driver.press("D")
        assert driver.screen.notice == (
            "pictures of 4 steps are rendered in full: drafts would save nothing; they begin with more steps"
        )
        assert not driver.screen.are_drafts
        await driver.press("D")
        assert driver.screen.notice == DRAFTS_END


async def test_a_draft_is_saved_once_it_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    renderer = FakeRenderer()
    async with running(make_app(tmp_path / "app", *DRAFTS, renderer=renderer)) as driver:
        await until_drafted(driver)
        renderer.hold()
        await driver.press("right", "s")
        assert driver.screen.notice == (
            "candidate 1 is a draft; it is finished in full first, then you are asked for a name"
        )
        await driver.press("v")
        renderer.release()
        await driver.until(lambda: driver.search.finished(1) is not None)
        assert isinstance(driver.app.screen, ViewerScreen), "nothing opens over a screen that was opened meanwhile"
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, CopyScreen))
        await driver.press("enter")
        await driver.until(lambda: (tmp_path / "round1.png").exists())
    assert read_record(tmp_path / "round1.png").settings["steps"] == 6


async def test_who_goes_on_before_a_draft_is_finished_is_told_that_it_was_not_saved(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *DRAFTS, renderer=renderer)) as driver:
        await until_drafted(driver)
        renderer.hold()
        await driver.press("right", "s", "2")
        assert driver.screen.notice == "candidate 1 was not saved: you went on before it was finished"
        renderer.release()
        await until_drafted(driver)
        assert driver.app.screen is driver.screen


async def test_a_star_on_a_draft_saves_it_in_full(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *DRAFTS)) as driver:
        await until_drafted(driver)
        await driver.press("right", "asterisk")
        assert driver.screen.notice == (
            "candidate 1 is kept, with a star; it is a draft, and is saved when it is finished in full"
        )
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        await driver.press("asterisk")
        assert driver.screen.notice == "candidate 1 has no star any more"
    assert [read_record(path).settings["steps"] for path in saved(tmp_path)] == [6, 6]


async def test_drafts_are_viewed_compared_and_described_as_drafts(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *DRAFTS), size=(120, 40)) as driver:
        await until_drafted(driver)
        await driver.press("right", "tab")
        assert driver.screen.comparison == Comparison(is_flipped=True)
        assert shown(driver, PARENT) is driver.search.draft(1)
        assert (
            words_of_status(driver)
            == "candidate 1 (draft) in place of the parent; Tab flips back, d shows the difference"
        )
        await driver.press("d")
        assert driver.screen.difference_of(1) is not None
        assert "candidate 1 (draft)" in words_of_status(driver)
        await driver.press("v")
        await driver.until(lambda: "candidate 1 (draft) · " in words(driver))
        await driver.press("escape", "i")
        await driver.until(lambda: isinstance(driver.app.screen, InfoScreen))
        rows = dict(cast("InfoScreen", driver.app.screen)._rows)
        assert rows["picture"] == "a candidate of round 1, a draft that is not rendered in full yet"
        assert rows["steps"] == "6"


async def test_a_draft_has_neither_a_command_line_nor_a_path(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *DRAFTS)) as driver:
        await until_drafted(driver)
        await driver.press("right", "y")
        assert driver.screen.notice == NO_COMMAND
        await driver.press("Y")
        assert driver.screen.notice == (
            "this picture is not saved yet; pick it or star it with * first, then Y copies its path"
        )


async def test_drafts_can_be_picked_by_region_and_the_film_shows_the_finished_pick(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *DRAFTS, renderer=renderer)) as driver:
        await until_drafted(driver)
        await driver.press("x", "1", "2")
        patchwork = shown(driver, PARENT)
        renderer.hold()
        await driver.press("enter")
        assert driver.screen.own_picture(PARENT) == (patchwork, False)
        renderer.release()
        await until_drafted(driver)
        assert shown(driver, PARENT) != patchwork
        await driver.press("E")
        await driver.until(lambda: type(driver.app.screen).__name__ == "FilmScreen")


def words_of_status(driver: Driver) -> str:
    return cast("SearchDrafts", driver.screen).status()
