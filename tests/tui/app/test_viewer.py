"""The viewer: compare, enlarge, walk."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rendering.events import Picture
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.difference import difference
from tui.app.screens.viewer import ViewerScreen
from tui.app.widgets.picture import PictureCell
from tui.app.zoom import Crop, Room, Zoom, cropped


def shown(driver: Driver) -> Picture | None:
    return driver.app.screen.query_one(PictureCell).picture


def picture(driver: Driver, index: int) -> Picture:
    finished = driver.search.finished(index)
    assert finished is not None
    return finished.picture


async def open_viewer(driver: Driver, *keys: str) -> ViewerScreen:
    await driver.until_done()
    await driver.press(*keys, "v")
    screen = driver.app.screen
    assert isinstance(screen, ViewerScreen)
    await driver.until(lambda: shown(driver) is not None)
    return screen


async def test_tab_and_d_compare_in_place(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await open_viewer(driver, "right", "right")
        assert shown(driver) == picture(driver, 2)
        await driver.press("tab")
        assert shown(driver) == picture(driver, 0)
        await driver.until(lambda: "the parent, in place of candidate 2" in driver.text())
        await driver.press("d")
        found = difference(picture(driver, 0), picture(driver, 2))
        assert shown(driver) == found.picture
        await driver.until(lambda: "where candidate 2 differs from the parent: " in driver.text())
        await driver.press("d", "tab")
        assert shown(driver) == picture(driver, 2)


async def test_the_parent_is_compared_with_the_candidate_that_was_shown_last(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await open_viewer(driver, "right", "right")
        await driver.press("8", "n", "tab")
        assert shown(driver) == picture(driver, 8)
        await driver.until(lambda: "candidate 8, in place of the parent" in driver.text())


async def test_zoom_stays_while_pictures_change(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        screen = await open_viewer(driver, "right")
        await driver.press("plus", "plus", "right", "down")
        zoom = screen.zoom
        assert zoom.factor == pytest.approx(2.25)
        assert zoom.x > 0.5
        first = shown(driver)
        assert first is not None
        assert first.width < picture(driver, 1).width
        await driver.press("tab")
        other = shown(driver)
        assert other is not None
        assert (other.width, other.height) == (first.width, first.height)
        assert screen.zoom == zoom
        await driver.press("n")
        assert (screen.index, screen.zoom) == (2, zoom)
        await driver.press("shift+left", "minus", "minus")
        assert screen.index == 1
        assert shown(driver) == picture(driver, 1)


async def test_arrows_walk_while_the_whole_picture_is_shown(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        screen = await open_viewer(driver)
        await driver.press("right", "right", "down")
        assert screen.index == 2
        await driver.press("p", "p", "p")
        assert screen.index == 8
        await driver.press("3", "escape")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.screen.grid.selected_index == 3
        assert driver.search.session.lineage.rounds == ()


WIDE = Room(width=2000, height=1000, across=500, down=500)


def test_a_picture_that_fits_is_whole() -> None:
    assert Zoom().crop(WIDE) == Crop()
    assert WIDE.fit == 0.25


def test_a_pixel_for_each_pixel() -> None:
    zoom = Zoom().pixels(WIDE)
    assert zoom.factor == 4.0
    assert zoom.crop(WIDE) == Crop(left=0.375, top=0.25, right=0.625, bottom=0.75)
    assert Zoom().pixels(Room(width=64, height=64, across=500, down=500)).factor == 1.0


def test_the_middle_stays_inside() -> None:
    zoom = Zoom().pixels(WIDE)
    for _ in range(20):
        zoom = zoom.moved(1, -1, WIDE)
    assert zoom.crop(WIDE) == Crop(left=0.75, top=0.0, right=1.0, bottom=0.5)
    assert zoom.moved(-1, 0, WIDE).crop(WIDE).left < 0.75
    back = zoom.times(0.1, WIDE)
    assert (back.factor, back.crop(WIDE)) == (1.0, Crop())


def test_enlarging_ends_where_single_pixels_fill_the_room() -> None:
    zoom = Zoom()
    for _ in range(60):
        zoom = zoom.times(1.5, WIDE)
    crop = zoom.crop(WIDE)
    assert (crop.right - crop.left) * WIDE.width == pytest.approx(16.0)


def test_a_part_of_a_picture() -> None:
    rows = b"".join(bytes((x, y, 0)) for y in range(4) for x in range(8))
    whole = Picture(width=8, height=4, rgb=rows)
    assert cropped(whole, Crop()) is whole
    part = cropped(whole, Crop(left=0.25, top=0.5, right=0.5, bottom=1.0))
    assert (part.width, part.height) == (2, 2)
    assert part.rgb == bytes((2, 2, 0, 3, 2, 0, 2, 3, 0, 3, 3, 0))
    tiny = cropped(whole, Crop(left=0.99, top=0.99, right=1.0, bottom=1.0))
    assert (tiny.width, tiny.height) == (1, 1)
