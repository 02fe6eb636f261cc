"""The strip below the grid: which cells it has, what a pick costs, and where a click leads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.screen import Screen

from engine.fake import FakeRenderer
from engine.rendering.events import Picture
from engine.search.answers import Jumped, Picked, Undone
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.history.thumbnails import Thumbnails
from tui.app.messages import NodeChosen
from tui.app.widgets.film_cell import FilmCell
from tui.app.widgets.history_strip import HistoryLines, HistoryStrip
from tui.app.widgets.picture import PictureCell
from tui.graphics.images import THUMBNAIL_SIDE, scaled


class StripScreen(Screen[None]):
    """A strip alone, over the search."""

    def __init__(self, strip: HistoryStrip) -> None:
        super().__init__()
        self.strip = strip
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.strip

    def on_node_chosen(self, message: NodeChosen) -> None:
        message.stop()
        self.chosen.append(message.node)


@asynccontextmanager
async def strip_below_a_grid(
    folder: Path, height: int, *, size: tuple[int, int] = (100, 40), renderer: FakeRenderer | None = None
) -> AsyncIterator[tuple[Driver, HistoryStrip]]:
    async with running(make_app(folder, *PROMPT, renderer=renderer), size) as driver:
        await driver.until_done()
        strip = HistoryStrip()
        strip.styles.height = height
        await driver.app.push_screen(StripScreen(strip))
        strip.show(driver.search)
        await filled(driver, strip)
        yield driver, strip


async def filled(driver: Driver, strip: HistoryStrip) -> None:
    """Wait until the strip shows the search as it is, with all pictures that it can have."""
    await driver.pilot.pause()
    await driver.until(lambda: strip.size.height > 0 and not strip._is_filling)


async def pick(driver: Driver, strip: HistoryStrip, mark: int = 0) -> None:
    driver.search.tell(Picked(marks=(mark,)), candidates=8)
    await driver.until_done()
    strip.show(driver.search)
    await filled(driver, strip)


def cells(strip: HistoryStrip) -> list[FilmCell]:
    return list(strip.query_one("#film").query(FilmCell))


def captions(strip: HistoryStrip) -> list[str]:
    return [cell._written for cell in cells(strip)]


def written(strip: HistoryStrip) -> list[str]:
    lines = strip.query_one(HistoryLines)
    return ["".join(span.text for span in line) for line in lines._lines]


async def test_one_row_is_text_alone(tmp_path: Path) -> None:
    async with strip_below_a_grid(tmp_path, 1) as (driver, strip):
        assert (cells(strip), written(strip)) == ([], ["[start]●"])
        await pick(driver, strip)
        await pick(driver, strip)
        driver.search.tell(Undone(), candidates=8)
        await pick(driver, strip, 3)
        assert written(strip) == ["[start]─[1]─[2]●  +1 branch"]
        await driver.until(lambda: " [start]─[1]─[2]●  +1 branch" in driver.text())


async def test_a_high_strip_shows_pictures_and_below_them_the_tree(tmp_path: Path) -> None:
    async with strip_below_a_grid(tmp_path, 7) as (driver, strip):
        for mark in (0, 1, 2):
            await pick(driver, strip, mark)
        driver.search.tell(Jumped(node=1), candidates=8)
        await pick(driver, strip, 5)
        assert captions(strip) == ["start", "1 +1", "2 ●"]
        assert all(cell.has_picture for cell in cells(strip))
        assert written(strip) == ["[start]─[1]─┬─[2]●", "            └─[2]─[3]"]


async def test_a_pick_shows_one_new_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with strip_below_a_grid(tmp_path, 6, size=(80, 40)) as (driver, strip):
        shown: list[int] = []
        show = FilmCell.show

        def noted(cell: FilmCell, picture: Picture) -> None:
            shown.append(cell.node)
            show(cell, picture)

        monkeypatch.setattr(FilmCell, "show", noted)
        counts = []
        for _ in range(12):
            before = {cell.node: cell for cell in cells(strip)}
            await pick(driver, strip)
            after = {cell.node: cell for cell in cells(strip)}
            assert all(cell is before[node] for node, cell in after.items() if node in before)
            assert list(after) == sorted(after)
            assert driver.search.session.place.node in after
            counts.append(len(shown))
        assert counts == list(range(1, 13))
        assert captions(strip) == ["6", "7", "8", "9", "10", "11", "12 ●"]


async def test_undo_moves_the_mark_and_shows_no_picture_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with strip_below_a_grid(tmp_path, 6) as (driver, strip):
        await pick(driver, strip)
        await pick(driver, strip)
        shown: list[Picture] = []
        monkeypatch.setattr(PictureCell, "show", lambda cell, picture: shown.append(picture))  # noqa: ARG005
        driver.search.tell(Undone(), candidates=8)
        strip.show(driver.search)
        await filled(driver, strip)
        assert captions(strip) == ["start", "1 ●", "2"]
        assert written(strip) == ["[start]─[1]●─[2]"]
        assert shown == []


async def test_a_star_is_seen_at_once(tmp_path: Path) -> None:
    async with strip_below_a_grid(tmp_path, 6) as (driver, strip):
        await pick(driver, strip)
        assert driver.search.star(0)
        strip.show(driver.search)
        assert captions(strip) == ["start", "1 * ●"]
        assert written(strip) == ["[start]─[1*]●"]


async def test_a_missing_picture_is_a_frame_until_it_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = FakeRenderer()
    async with strip_below_a_grid(tmp_path, 6, renderer=renderer) as (driver, strip):
        await pick(driver, strip)
        hidden, picture, file = {0}, driver.search.picture, driver.search.file
        monkeypatch.setattr(driver.search, "picture", lambda node: None if node in hidden else picture(node))
        monkeypatch.setattr(driver.search, "file", lambda node: None if node in hidden else file(node))
        jobs = len(renderer.jobs)
        strip.clear()
        assert written(strip) == []
        renderer.hold()
        strip.show(driver.search)
        await filled(driver, strip)
        await driver.until(lambda: len(renderer.jobs) == jobs + 1)
        assert [task.lineage for task in renderer.jobs[-1].tasks] == [driver.search.session.tree.nodes[0].lineage]
        first, second = cells(strip)
        assert (first.has_picture, second.has_picture) == (False, True)
        assert first.query_one(".frame").display
        assert not first.query_one(PictureCell).display
        strip.show(driver.search)
        await filled(driver, strip)
        assert len(renderer.jobs) == jobs + 1
        renderer.release()
        hidden.clear()
        strip.show(driver.search)
        await driver.until(lambda: first.has_picture)
        assert not first.query_one(".frame").display


async def test_a_file_that_cannot_be_read_is_not_read_again_at_every_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with strip_below_a_grid(tmp_path, 6) as (driver, strip):
        await pick(driver, strip)
        reads: list[int] = []

        def unreadable(node: int) -> None:
            reads.append(node)

        monkeypatch.setattr(driver.search, "picture", unreadable)
        monkeypatch.setattr(driver.search, "file", lambda node: tmp_path / f"{node}.png")
        strip.clear()
        for _ in range(4):
            strip.show(driver.search)
            await filled(driver, strip)
        assert sorted(set(reads)) == [0, 1]
        assert len(reads) <= 4


async def test_a_click_on_a_picture_or_on_its_name_chooses_the_node(tmp_path: Path) -> None:
    async with strip_below_a_grid(tmp_path, 6) as (driver, strip):
        await pick(driver, strip)
        for column, row in ((4, 2), (11, 2), (3, 5), (7, 5), (9, 5)):  # the padding is one column, a stroke at (7, 5)
            await driver.pilot.click(HistoryStrip, offset=(column + 1, row))
        screen = strip.screen
        assert isinstance(screen, StripScreen)
        await driver.until(lambda: screen.chosen == [0, 1, 0, 1])


async def test_a_strip_that_grows_shows_pictures_too(tmp_path: Path) -> None:
    async with strip_below_a_grid(tmp_path, 1) as (driver, strip):
        await pick(driver, strip)
        assert cells(strip) == []
        strip.styles.height = 6
        await driver.until(lambda: captions(strip) == ["start", "1 ●"])
        await driver.until(lambda: all(cell.has_picture for cell in cells(strip)))
        strip.compact = True
        strip.styles.clear_rule("height")
        await driver.until(lambda: cells(strip) == [] and strip.size.height == 1)


def test_a_thumbnail_keeps_the_shape_of_its_picture() -> None:
    wide = scaled(Picture(width=1024, height=512, rgb=bytes([10, 20, 30]) * (1024 * 512)), THUMBNAIL_SIDE)
    assert (wide.width, wide.height) == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)
    assert wide.rgb == bytes([10, 20, 30]) * (THUMBNAIL_SIDE * THUMBNAIL_SIDE // 2)
    line = scaled(Picture(width=1, height=4096, rgb=bytes(3 * 4096)), THUMBNAIL_SIDE)
    assert (line.width, line.height) == (1, THUMBNAIL_SIDE)
    small = Picture(width=64, height=64, rgb=bytes(3 * 64 * 64))
    assert scaled(small, THUMBNAIL_SIDE) is small


async def test_a_thumbnail_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with strip_below_a_grid(tmp_path, 1) as (driver, _):
        thumbnails = Thumbnails()
        large = replace(
            driver.search.picture(0) or Picture(width=1, height=1, rgb=b"000"), width=400, height=1, rgb=bytes(1200)
        )
        monkeypatch.setattr(driver.search, "picture", lambda node: large if node == 0 else None)
        first = thumbnails.make(driver.search, 0)
        monkeypatch.setattr(driver.search, "picture", lambda node: None)  # noqa: ARG005
        assert first is not None
        assert thumbnails.make(driver.search, 0) is first
