"""The screen of the history by keys, on a fake renderer."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import OptionList

from engine.fake import FakeRenderer
from engine.rendering.events import Picture
from engine.search.answers import Jumped, Picked
from latentpng.record import Round
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.screens.history import NOT_HERE, RENDERED_SOON, HistoryScreen
from tui.app.widgets.picture import PictureCell

Ends = list[int | Path | None]


@asynccontextmanager
async def search_of_four(folder: Path, size: tuple[int, int] = (100, 30)) -> AsyncIterator[tuple[Driver, FakeRenderer]]:
    """A search with the way start, 1, 2 and the branch 2, 3 that leaves 1; the current picture is the last 2."""
    renderer = FakeRenderer()
    async with running(make_app(folder, *PROMPT, renderer=renderer), size) as driver:
        for answer in (Picked(marks=(0,)), Picked(marks=(1,)), Picked(marks=(2,)), Jumped(node=1), Picked(marks=(3,))):
            await driver.until_done()
            driver.search.tell(answer, candidates=8)
        await driver.until_done()
        await driver.until(lambda: len(saved(folder)) == 5)
        yield driver, renderer


async def opened(driver: Driver) -> tuple[HistoryScreen, Ends]:
    """Open the screen; the list gets what it ends with."""
    ends: Ends = []
    screen = HistoryScreen(driver.search)
    await driver.app.push_screen(screen, ends.append)
    await settled(driver, screen)
    return screen, ends


async def settled(driver: Driver, screen: HistoryScreen) -> None:
    """Wait until the files of the folder are found and the picture under the cursor is read."""
    await driver.pilot.pause()
    await driver.app.workers.wait_for_complete([worker for worker in driver.app.workers if worker.node is screen])
    await driver.until(lambda: not screen._is_looking)


def rows(screen: HistoryScreen) -> list[str]:
    return [str(option.prompt) for option in screen.query_one(OptionList).options]


def under_cursor(screen: HistoryScreen) -> str:
    highlighted = screen.query_one(OptionList).highlighted_option
    assert highlighted is not None
    return str(highlighted.prompt)


async def test_the_tree_and_the_current_picture(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        screen, _ = await opened(driver)
        assert rows(screen) == [
            "○ start · seed 7  001-round0.png",
            "○ 1 · scale 0.7  002-round1.png",
            "├─○ 2 · scale 0.7  003-round2.png",
            "│ ○ 3 · scale 0.7  004-round3.png",
            "● 2 · scale 0.7  005-round2.png",
        ]
        assert under_cursor(screen) == "● 2 · scale 0.7  005-round2.png"
        assert screen.query_one(PictureCell)._picture == driver.search.picture(4)
        for words in (
            " history: 5 pictures",
            "scale 0.7 keeps 71% of its parent; everything varies",
            "2 picks and 2 rounds from the start",
            "Enter on a picture goes on from there; what came after it stays in the history",
            "enter go on from here s only starred f other files esc back",
        ):
            assert words in driver.text()


async def test_enter_ends_with_the_node_and_the_picture_follows_the_cursor(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        screen, ends = await opened(driver)
        await driver.press("up")
        await settled(driver, screen)
        assert screen.query_one(PictureCell)._picture == driver.search.picture(3)
        await driver.press("up", "enter")
        await driver.until(lambda: ends == [2])


@pytest.mark.parametrize("key", ["escape", "h", "q", "enter"])
async def test_there_are_ways_back_that_change_nothing(tmp_path: Path, key: str) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        _, ends = await opened(driver)
        await driver.press(key)
        await driver.until(lambda: ends == [None])
        assert driver.app.screen is driver.screen


async def test_a_click_goes_on_from_a_row(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        _, ends = await opened(driver)
        await driver.pilot.click(OptionList, offset=(4, 1))
        await driver.until(lambda: ends == [1])


async def test_other_files_are_shown_below_what_they_descend_from_and_can_be_opened(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        folder = driver.search.folder
        shutil.copy(folder / "003-round2.png", folder / "zz copy.png")
        (folder / "broken.png").write_bytes(b"no picture")
        screen, ends = await opened(driver)
        assert rows(screen)[2:] == [
            "├─○ 2 · scale 0.7  003-round2.png",
            "│ ├─· zz copy.png  a copy",
            "│ ○ 3 · scale 0.7  004-round3.png",
            "● 2 · scale 0.7  005-round2.png",
            "other pictures in this folder",
            "· broken.png  it carries no noise that can be read",
        ]
        assert " history: 5 pictures · 2 other files in the folder" in driver.text()
        await driver.press("end")
        await settled(driver, screen)
        assert under_cursor(screen) == "· broken.png  it carries no noise that can be read"
        assert "This file cannot be read as a picture." in " ".join(driver.text().split())
        await driver.press("f")
        assert rows(screen)[2:] == [
            "├─○ 2 · scale 0.7  003-round2.png",
            "│ ○ 3 · scale 0.7  004-round3.png",
            "● 2 · scale 0.7  005-round2.png",
        ]
        assert " other files are hidden; f shows them" in driver.text()
        await driver.press("f", "home", "down", "down", "down")
        await settled(driver, screen)
        assert screen.query_one(PictureCell)._picture == driver.search.picture(2)
        await driver.press("enter")
        await driver.until(lambda: ends == [folder / "zz copy.png"])


async def test_only_starred_pictures(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        screen, _ = await opened(driver)
        await driver.press("s")
        assert rows(screen) == ["● 2 · scale 0.7  005-round2.png"]
        assert " no picture is starred yet: * stars one on the grid; s shows all" in driver.text()
        session = driver.search.session
        driver.search.session = replace(session, tree=session.tree.starred(3, True))
        await driver.press("s", "s")
        assert rows(screen) == ["○ 3 · scale 0.7 *  004-round3.png", "● 2 · scale 0.7  005-round2.png"]
        assert " only starred pictures and the current one; s shows all" in driver.text()
        assert " history: 5 pictures · 1 starred" in driver.text()


async def test_a_picture_that_is_nowhere_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with search_of_four(tmp_path, (80, 24)) as (driver, _):
        monkeypatch.setattr(driver.search, "picture", lambda node: None)  # noqa: ARG005
        for file in saved(tmp_path):
            file.unlink()
        screen, _ = await opened(driver)
        assert not screen.query_one(PictureCell).display
        assert str(screen.query_one("#history-note").render()) == NOT_HERE


async def test_a_picture_that_is_nowhere_is_rendered_while_the_person_looks(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, renderer):
        for file in saved(tmp_path):
            file.unlink()
        pictures = driver.search._pictures
        lost = driver.search.session.tree.nodes[3].key
        pictures._store._pictures._remove(lost)
        pictures.forget_file(lost)
        renderer.hold()
        count = len(renderer.jobs)
        await driver.press("h")
        await driver.until(lambda: driver.screen.history is not None and driver.screen.history.is_mounted)
        screen = driver.screen.history
        assert screen is not None
        await settled(driver, screen)
        await driver.press("up")
        await settled(driver, screen)
        assert str(screen.query_one("#history-note").render()) == RENDERED_SOON
        await driver.until(lambda: len(renderer.jobs) == count + 1)
        renderer.release()
        await driver.until(lambda: screen.query_one(PictureCell)._picture is not None)
        assert screen.query_one(PictureCell)._picture == driver.search.picture(3)
        await driver.press("escape")
        await driver.until(lambda: driver.screen.history is None)
        assert not driver.search._thumbnails.is_by_hand


async def test_a_picture_that_is_no_longer_in_memory_is_read_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        picture = driver.search.picture(4)
        monkeypatch.setattr(driver.search, "picture", lambda node: None)  # noqa: ARG005
        screen, _ = await opened(driver)
        assert screen.query_one(PictureCell)._picture == picture


async def test_what_is_read_while_the_screen_is_left_is_not_shown(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        folder = driver.search.folder
        (folder / "broken.png").write_bytes(b"no picture")
        screen, _ = await opened(driver)
        await screen.query(PictureCell).remove()
        screen._show(screen._rows[0], None)
        screen._show(screen._rows[0], driver.search.picture(0))
        await screen._find_files()
        assert screen._lacking is None


async def test_the_newest_row_wins_when_pictures_are_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        screen, _ = await opened(driver)
        picture = driver.search.picture
        read: list[int] = []

        def noted(node: int) -> Picture | None:
            read.append(node)
            return picture(node)

        monkeypatch.setattr(driver.search, "picture", noted)
        for node_row in (0, 1, 2, 3, 0):
            screen.query_one(OptionList).highlighted = node_row
        await settled(driver, screen)
        assert screen.query_one(PictureCell)._picture == picture(0)
        assert read[-1] == 0


@pytest.mark.parametrize("size", [(44, 16), (80, 24), (120, 40), (220, 60)])
async def test_it_fits_every_terminal(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running(make_app(tmp_path, *PROMPT), size) as driver:
        await driver.until_done()
        screen, ends = await opened(driver)
        assert rows(screen) in (["● start · seed 7"], ["● start · seed 7  001-round0.png"])
        cell = screen.query_one(PictureCell)
        assert (cell.size.width >= 30 and cell.size.height >= 10) or size == (44, 16)
        assert " history: 1 picture" in driver.text()
        assert "● start · seed 7" in driver.text()
        await driver.press("escape")
        await driver.until(lambda: ends == [None])


async def test_two_thousand_pictures_are_listed(tmp_path: Path) -> None:
    async with search_of_four(tmp_path) as (driver, _):
        session = driver.search.session
        tree, node = session.tree, session.place.node
        for number in range(2000):
            tree, _ = tree.with_child(node, tree.nodes[node].lineage.child(Round(seed=number + 1, scale=0.5, of=8)))
            node = len(tree.nodes) - 1 if number % 7 else node
        driver.search.session = replace(session, tree=tree)
        screen, _ = await opened(driver)
        assert len(rows(screen)) == 2005
        assert " history: 2,005 pictures" in driver.text()
        await driver.press("end", "home", "pagedown")
        await settled(driver, screen)
        assert screen.query_one(OptionList).highlighted is not None
