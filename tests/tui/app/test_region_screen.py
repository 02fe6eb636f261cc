"""Varying a part of the picture: choosing it, the frame on the pictures, and what stands against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.rendering.events import Picture
from engine.search.axis import Axis
from engine.search.regions import NO_SIDES
from engine.search.running import PARENT
from latentpng.png.files import read_picture, read_record
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.phrases import ONLY_PROMPT
from tui.app.region_drawing import marked
from tui.app.screens.region import RegionScreen
from tui.app.screens.viewer import ViewerScreen
from tui.app.widgets.grid import GridCell
from tui.app.widgets.picture import PictureCell
from tui.graphics.geometry import whole_cells

SIZE = (120, 40)


def cell_of(driver: Driver, index: int) -> PictureCell:
    return next(cell.picture for cell in driver.screen.query(GridCell) if cell.index == index)


def picture(driver: Driver, index: int) -> Picture:
    finished = driver.search.finished(index)
    assert finished is not None
    return finished.picture


def is_marked(driver: Driver, index: int, region: str) -> bool:
    """Whether the cell of a picture shows it with this region marked."""
    cell = cell_of(driver, index)
    shown = marked(picture(driver, index), region, cell.graphics.box(cell.content_region), has_pixels=False)
    return cell.picture == shown


def region_screen(driver: Driver) -> RegionScreen:
    screen = driver.app.screen
    assert isinstance(screen, RegionScreen)
    return screen


async def choose(driver: Driver, *keys: str) -> None:
    """Open the screen of the region, and press keys on it."""
    await driver.until_done()
    await driver.press("m")
    await driver.until(lambda: isinstance(driver.app.screen, RegionScreen))
    await driver.press(*keys)


async def test_a_region_is_taken_and_framed_on_every_picture(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=SIZE) as driver:
        await choose(driver, "1", "2")
        await driver.until(
            lambda: "only the inside of the frame varies, 22% of the picture; the rest stays" in driver.text()
        )
        before = driver.search.session
        await driver.press("enter")
        await driver.until(lambda: driver.search.session is not before)
        region = driver.search.session.region
        assert region == "110/000/000"
        assert driver.search.session.template.seed == before.template.seed, "the same directions"
        await driver.until_done()
        assert all(is_marked(driver, index, region) for index in range(9))
        await driver.until(lambda: "only a region of 22% varies" in driver.text())
        await driver.press("i")
        await driver.until(
            lambda: "only a region of 22% varies" in driver.text() and driver.app.screen is not driver.screen
        )
        await driver.press("escape", "2")
        await driver.until(lambda: bool(driver.search.session.lineage.rounds))
        await driver.until_done()
        assert (driver.search.session.lineage.rounds[-1].region, driver.search.session.region) == (region, region)
        await driver.press("M")
        await driver.until(lambda: driver.search.session.region == "")
        await driver.until_done()
        await driver.until(lambda: cell_of(driver, 1).picture == picture(driver, 1))
        await driver.press("M")
        await driver.until(lambda: "the whole picture varies already; m chooses a part of it" in driver.text())
        await driver.press("u")
        await driver.until(lambda: driver.search.session.region == region)


async def test_neither_the_viewer_nor_a_file_has_the_frame(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--region", "tl"), size=SIZE) as driver:
        await driver.until_done()
        assert driver.search.session.region == "10/00"
        await driver.until(lambda: "only the top left quarter varies" in driver.text())
        await driver.press("right", "v")
        await driver.until(lambda: isinstance(driver.app.screen, ViewerScreen))
        shown = driver.app.screen.query_one(PictureCell)
        await driver.until(lambda: shown.picture == picture(driver, 1))
        await driver.press("enter")
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        await driver.until_done()
        own = picture(driver, PARENT)
    assert read_picture(saved(tmp_path)[1]) == (own.width, own.height, own.rgb)
    assert read_record(saved(tmp_path)[1]).lineage.rounds[-1].region == "10/00"


async def test_the_difference_and_the_flipped_stage_are_framed_too(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--region", "left"), size=SIZE) as driver:
        await driver.until_done()
        await driver.press("tab")
        stage = cell_of(driver, PARENT)
        box = stage.graphics.box(stage.content_region)
        assert stage.picture == marked(picture(driver, 1), "10", box, has_pixels=False)
        await driver.press("d")
        found = driver.screen.difference_of(1)
        assert found is not None
        assert stage.picture == marked(found.picture, "10", box, has_pixels=False)


async def test_the_outside_moves_and_the_region_is_kept(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(80, 24)) as driver:
        await choose(driver, "o", "enter")
        await driver.until(lambda: driver.search.session.region == "1111/1001/1001/1111")
        await driver.until(lambda: "everything but a region of 25% varies" in driver.text())
        await choose(driver)
        assert region_screen(driver).drawing.is_outside
        await driver.press("c")
        await driver.until(lambda: driver.search.session.region == "")


async def test_nothing_is_taken_where_nothing_varies(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=SIZE) as driver:
        await choose(driver, "1", "1", "enter")
        assert region_screen(driver).drawing.moves_nothing
        await driver.until(lambda: "nothing varies: draw a box, or choose cells with 1 to 9" in driver.text())
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.search.session.past == ()


async def test_taking_what_is_in_force_is_no_step(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--region", "3x3:5"), size=SIZE) as driver:
        await choose(driver, "enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert (driver.search.session.region, driver.search.session.past) == ("000/010/000", ())


async def test_the_mouse_draws_a_box(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=SIZE) as driver:
        await choose(driver)
        cell, screen = driver.app.screen.query_one(PictureCell), region_screen(driver)
        own = picture(driver, PARENT)
        area = whole_cells(own.width, own.height, cell.graphics.box(cell.content_region))
        left, top, before = area.left, area.top, screen.drawing
        assert left > 0
        await driver.pilot.mouse_down(cell, offset=(0, 0))
        await driver.pilot.mouse_up(cell, offset=(0, 0))
        assert screen.drawing == before, "beside the picture"
        await driver.pilot.mouse_down(cell, offset=(left, top))
        await driver.pilot.hover(cell, offset=(left + area.columns // 2 - 1, top + area.rows // 2 - 1))
        await driver.pilot.mouse_up(cell, offset=(left + area.columns // 2 - 1, top + area.rows // 2 - 1))
        assert screen.drawing.mask == "10/00"
        await driver.until(lambda: "only the top left quarter varies, 25% of the picture" in driver.text())
        await driver.pilot.hover(cell, offset=(left + area.columns - 1, top + area.rows - 1))
        assert screen.drawing.mask == "10/00", "the button was released"


async def test_the_prompt_alone_has_no_region(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--axis", "prompt", "--region", "tl"), size=SIZE) as driver:
        await driver.until(lambda: ONLY_PROMPT in driver.text())
        await driver.until_done()
        assert cell_of(driver, 1).picture == picture(driver, 1), "no frame"
        await driver.press("m")
        await driver.until(lambda: ONLY_PROMPT in driver.text())
        assert driver.app.screen is driver.screen
        await driver.press("a")
        await driver.until(lambda: driver.search.session.axis is Axis.BOTH)
        await driver.until(lambda: "only the top left quarter varies, and the prompt" in driver.text())


@pytest.mark.parametrize("words", [(), ("--region", "tl")])
async def test_noise_without_sides_has_no_region(tmp_path: Path, words: tuple[str, ...]) -> None:
    renderer = FakeRenderer(noise_shape=(64, 16), axes="LC")
    async with running(make_app(tmp_path, *PROMPT, *words, renderer=renderer), size=SIZE) as driver:
        if not words:
            await driver.until_done()
            await driver.press("m")
        await driver.until(lambda: NO_SIDES in driver.text())
        assert driver.app.screen is driver.screen
        assert driver.search.session.region == ""


async def test_a_resumed_search_keeps_its_region(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--region", "outside:br"), size=SIZE) as driver:
        await driver.until_done()
        await driver.press("2")
        await driver.until_done()
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        place = driver.search.session.place
    async with running(make_app(tmp_path), size=SIZE) as driver:
        await driver.until(lambda: "resume" in driver.text())
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.session.place == place
        assert driver.search.session.region == "11/10"
        await driver.until(lambda: is_marked(driver, 1, "11/10"))


async def test_an_edit_keeps_the_region(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=SIZE) as driver:
        await choose(driver, "right", "enter")
        await driver.until_done()
        region = driver.search.session.region
        await driver.press("e")
        await driver.until(lambda: driver.app.screen is not driver.screen)
        await driver.press("tab", "tab", "ctrl+u", "7", "ctrl+s")
        await driver.until(lambda: len(driver.search.session.lineage.rounds) == 1)
        assert driver.search.session.region == region
