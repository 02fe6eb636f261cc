"""What a search shows between two grids: old pictures dimmed, a model that is loaded, the history, clicks on keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.rendering.events import Picture
from engine.search.running import PARENT, Variant
from latentpng.record import Round
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.widgets.grid import GridCell
from tui.app.widgets.history_strip import HistoryStrip
from tui.app.widgets.keys import KeyLine
from tui.app.widgets.picture import PictureCell


def shown(driver: Driver, index: int) -> Picture | None:
    return next(cell for cell in driver.screen.query(GridCell) if cell.index == index).picture.picture


def picture(driver: Driver, index: int) -> Picture:
    finished = driver.search.finished(index)
    assert finished is not None
    return finished.picture


def edit_with_a_load(driver: Driver) -> None:
    """Edit the parent so that the search needs a model which is not loaded."""
    load = replace(driver.search.variant.load, dtype="float64")
    driver.search.edit(Round(seed=0, scale=0.0, settings={"prompt": "a blue moon"}), Variant(load=load), 8)


async def test_old_pictures_stay_dimmed_until_there_are_new_ones(tmp_path: Path) -> None:
    renderer = FakeRenderer(micro_batch=1)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=(120, 40)) as driver:
        await driver.until_done()
        old = {index: picture(driver, index) for index in range(1, 9)}
        renderer.hold()
        await driver.press("3")
        assert shown(driver, PARENT) == old[3]
        dark = shown(driver, 5)
        assert dark is not None
        assert dark != old[5]
        assert max(dark.rgb) <= 0.4 * max(old[5].rgb) + 1
        await driver.press("4")  # before anything new came: what is dark is not made darker
        assert shown(driver, 5) == dark
        renderer.release()
        await driver.until_done()
        assert [shown(driver, index) == picture(driver, index) for index in range(9)] == [True] * 9


async def test_keys_wait_for_the_model_of_an_edit(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until_done()
        before = driver.search.plan
        renderer.fail_loading("the model cannot be used")
        edit_with_a_load(driver)
        await driver.screen.show_round()
        await driver.press("2")
        assert driver.search.is_loading
        await driver.until(lambda: "the model cannot be used; press r to try again" in " ".join(driver.text().split()))
        await driver.until(lambda: "r try again" in driver.text().splitlines()[-1])
        await driver.press("u")
        assert driver.search.plan == before
        await driver.until_done()


async def test_while_a_model_is_loaded_only_keys_that_leave_it_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until_done()
        before = driver.search.plan
        monkeypatch.setattr(renderer, "load", renderer.loads.append)  # it never answers
        edit_with_a_load(driver)
        await driver.screen.show_round()
        await driver.until(lambda: "the picture is rendered again as soon as the model is ready" in driver.text())
        await driver.until(lambda: "u undo" in driver.text().splitlines()[-1])
        for key in ("3", "n", "r", "right_square_bracket", "b", "a", "space", "enter"):
            await driver.press(key)
            assert driver.search.is_loading
        await driver.until(lambda: "the model is still loading; u goes back to the picture before" in driver.text())
        await driver.press("u")
        assert driver.search.plan == before


async def test_the_history_follows_the_search(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(120, 40)) as driver:
        await driver.until_done()
        assert driver.screen.query_one(HistoryStrip).size.height == 5
        await driver.press("3")
        await driver.until_done()
        await driver.press("5")
        await driver.until_done()
        strip = driver.screen.query_one(HistoryStrip)
        await driver.until(lambda: len(strip.query(PictureCell)) == 3)
        await driver.pilot.click(strip.query(PictureCell).first())
        await driver.until(lambda: driver.search.session.place.node == 0)
        await driver.press("u")
        assert driver.search.session.place.node == 2


async def test_the_history_of_a_small_window_is_a_line(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(80, 24)) as driver:
        await driver.until_done()
        await driver.press("3")
        await driver.until_done()
        assert driver.screen.query_one(HistoryStrip).size.height == 1
        await driver.until(lambda: "[start]─[1]●" in driver.text())


async def test_a_click_on_a_key_does_what_the_key_does(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.until(lambda: "n none better" in driver.text())
        await driver.pilot.click(KeyLine, offset=(driver.text().splitlines()[-1].index("n none") + 1, 0))
        await driver.until(lambda: driver.search.session.scale == pytest.approx(0.35))


async def test_a_status_of_two_lines_moves_no_picture(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(80, 24)) as driver:
        await driver.until_done()
        before = [cell.region for cell in driver.screen.query(PictureCell)]
        driver.screen.notice = "a sentence " * 10
        await driver.until(lambda: driver.text().count("a sentence") > 7)
        assert "far " not in driver.text()
        assert [cell.region for cell in driver.screen.query(PictureCell)] == before
        driver.screen.notice = ""
        await driver.until(lambda: "far " in driver.text())


async def test_another_shape_of_pictures_gets_another_arrangement(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--size", "128x256"), size=(120, 40)) as driver:
        await driver.until_done()
        way = driver.screen.grid.arrangement
        assert way is not None
        assert abs(way.width - way.height) <= 1  # cells are twice as high as wide


async def test_a_model_with_different_noise_is_noticed_and_going_back_is_not(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer), size=(200, 40)) as driver:
        await driver.until_done()
        renderer._model = replace(renderer._model, noise_shape=(16, 16, 16))
        edit_with_a_load(driver)
        await driver.screen.show_round()
        await driver.until(lambda: not driver.search.is_loading)
        assert driver.screen.notice == (
            "this model starts from noise of 16 x 16 x 16 values and the picture from 4 x 16 x 16: the noise is drawn "
            "anew from the same seeds, so expect a different picture"
        )
        await driver.until_done()
        renderer._model = replace(renderer._model, noise_shape=(4, 16, 16))
        await driver.press("u")
        await driver.until_done()
        assert driver.screen.notice == ""
