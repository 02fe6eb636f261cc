"""The start screen by keys: the line, the gallery below it, and how they work together."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from textual.widgets import Input

from engine.fake import FakeRenderer
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.gallery.list import GalleryList
from tui.app.gallery.preview import Preview
from tui.app.gallery.rows import ExampleRow, PictureRow, SessionRow
from tui.app.model_load import ModelLoad
from tui.app.screens.start import StartScreen
from tui.app.widgets.picture import PictureCell
from tui.app.widgets.prompt_line import PromptLine

HOSTILE = "[@click=app.quit]a [/b] trap\x1b[2J"


async def search_once(folder: Path, prompt: str) -> None:
    """Leave a session with two pictures on the disk."""
    async with running(make_app(folder, "--prompt", prompt, "--seed", "7")) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()


def line_of(driver: Driver) -> PromptLine:
    return driver.app.screen.query_one(PromptLine)


def list_of(driver: Driver) -> GalleryList:
    return driver.app.screen.query_one(GalleryList)


def kinds_of(driver: Driver) -> str:
    """The rows by the first letters of their kinds."""
    letters = {SessionRow: "S", PictureRow: "P", ExampleRow: "E"}
    return "".join(letters[type(row)] for row in list_of(driver).rows) if driver.app.screen.query(GalleryList) else ""


async def until_read(driver: Driver, kinds: str) -> None:
    """Wait until the gallery is complete, without the examples."""
    await driver.until(lambda: kinds_of(driver).rstrip("E") == kinds and "still to be read" not in driver.text())


@pytest.mark.slow
async def test_an_earlier_search_is_resumed_and_its_pictures_are_listed(tmp_path: Path) -> None:
    await search_once(tmp_path, "a red sun over a lake")
    await search_once(tmp_path, "the sea at night")
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "SSPPPP")
        assert "2 searches and 4 pictures" in driver.text()
        assert "last search · today" in driver.text()
        await driver.press("down", "down")
        assert driver.app.focused is list_of(driver)
        row = list_of(driver).row
        assert isinstance(row, SessionRow)
        assert row.prompt == "a red sun over a lake"
        await driver.until(lambda: "Enter resumes this search where it was left; → shows its" in driver.text())
        await driver.press("right")
        await until_read(driver, "PP")
        await driver.until(lambda: "2 pictures of" in driver.text())
        await driver.press("down", "left")
        await until_read(driver, "SSPPPP")
        assert list_of(driver).row == row
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.settings.prompt == "a red sun over a lake"
        assert len(driver.search.session.lineage.rounds) == 1
        await driver.press("u")
        assert len(driver.search.session.lineage.rounds) == 0


@pytest.mark.slow
async def test_a_picture_is_continued_from_the_gallery(tmp_path: Path) -> None:
    await search_once(tmp_path, "a red sun over a lake")
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "SPP")
        await driver.press("down")
        await driver.until(lambda: list_of(driver).has_focus)
        await driver.press("down", "down")
        row = list_of(driver).row
        assert isinstance(row, PictureRow)
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.settings.prompt == "a red sun over a lake"


@pytest.mark.slow
async def test_what_is_typed_filters_and_enter_starts_a_new_search(tmp_path: Path) -> None:
    await search_once(tmp_path, "a red sun over a lake")
    await search_once(tmp_path, "the sea at night")
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "SSPPPP")
        await driver.press(*"red")
        await until_read(driver, "SPP")
        await driver.until(lambda: "3 of 6 searches and pictures match" in driver.text())
        await driver.press("down", "down", "e")
        assert driver.app.focused is line_of(driver)
        assert line_of(driver).value == "rede"
        await driver.until(lambda: "0 of 6 searches and pictures match" in driver.text())
        await driver.press("down")
        assert driver.app.focused is line_of(driver), "there is nothing to go to"
        await driver.press("backspace", "down", "backspace")
        assert (driver.app.focused, line_of(driver).value) == (line_of(driver), "re")
        await driver.press("escape")
        await until_read(driver, "SSPPPP")
        await driver.press(*"a sea", "enter")
        await driver.until_done()
        assert driver.search.settings.prompt == "a sea"


async def test_up_from_the_first_row_and_escape_lead_back_to_the_line(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "E" in kinds_of(driver))
        for key in ("up", "escape"):
            await driver.press("down")
            assert driver.app.focused is list_of(driver)
            await driver.press(key)
            await driver.until(lambda: driver.app.focused is line_of(driver))


async def test_the_ends_of_the_list_are_reached_by_one_key(tmp_path: Path) -> None:
    async with running(make_app(tmp_path), size=(80, 24)) as driver:
        await driver.until(lambda: kinds_of(driver).count("E") > 4)
        last = len(list_of(driver).rows) - 1
        await driver.press("down", "end")
        assert list_of(driver).cursor == last
        await driver.until(lambda: list_of(driver).rows[last].searched[:20] in driver.text())
        await driver.press("down")
        assert list_of(driver).cursor == last
        await driver.press("pageup")
        assert 0 < list_of(driver).cursor < last
        await driver.press("home", "pagedown")
        assert list_of(driver).cursor == len(list_of(driver).places) - 1


async def test_examples_start_a_search_and_tab_walks_through_them(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "nothing was saved yet; try an example" in driver.text())
        await driver.until(lambda: bool(line_of(driver).examples))
        examples = line_of(driver).examples
        await driver.press("tab")
        assert line_of(driver).value == examples[0]
        await driver.press("tab")
        assert line_of(driver).value == examples[1]
        await driver.press("x")
        await driver.until(lambda: driver.app.screen.query_one(GalleryList).rows == ())  # filtered: Tab leads nowhere
        await driver.press("tab")
        assert line_of(driver).value == f"{examples[1]}x", "a prompt that was typed is not lost"
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen.query_one(GalleryList).rows != ())
        await driver.press("down", "enter")
        await driver.until_done()
        assert driver.search.settings.prompt == examples[0]


async def test_up_walks_through_earlier_prompts(tmp_path: Path) -> None:
    for prompt in ("a lake", "the sea"):
        async with running(make_app(tmp_path, "--prompt", prompt)) as driver:
            await driver.until_done()
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: line_of(driver).prompts == ("the sea", "a lake"))
        await driver.press("d", "up")
        assert line_of(driver).value == "the sea"
        await driver.press("up")
        assert line_of(driver).value == "a lake"
        await driver.press("up")
        assert line_of(driver).value == "a lake"
        await driver.press("down", "down")
        assert line_of(driver).value == "d"


async def test_the_model_in_force_is_always_in_view(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, renderer=renderer), size=(80, 24)) as driver:
        await driver.until(lambda: "the model 'embedded' is ready on cpu" in driver.text())
        await driver.press(*"a lake", "down")
        assert "the model 'embedded' is ready on cpu" in driver.text()


async def test_a_failure_stays_until_the_next_key_and_the_prompt_stays(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    (tmp_path / "pictures" / "a" / "broken.png").write_bytes(b"none")
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "P")
        await driver.press(*"brok", "down", "enter")
        await driver.until(
            lambda: (
                "broken.png: it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM"
                in " ".join(driver.text().split())
            )
        )
        assert line_of(driver).value == "brok"
        await driver.press("up")
        await driver.until(
            lambda: (
                "broken.png: it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM"
                not in " ".join(driver.text().split())
            )
        )


async def test_pictures_are_shown_small_and_large(tmp_path: Path) -> None:
    folder = tmp_path / "pictures" / "a"
    folder.mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (64, 64), (80 * number, 0, 0)).save(folder / f"{number}.png")
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "PPP")
        large = driver.app.screen.query_one(Preview).query_one(PictureCell)
        await driver.until(lambda: large._picture is not None)
        small = [place.query_one(PictureCell) for place in list_of(driver).places[:3]]
        await driver.until(lambda: all(cell._picture is not None for cell in small))
        assert len(list((tmp_path / "cache" / "thumbnails").iterdir())) == 3
        before = large._picture
        await driver.press("down", "down")
        await driver.until(lambda: large._picture not in (None, before))
        await driver.press(*"nothing like it")
        await driver.until(lambda: large._picture is None and all(cell._picture is None for cell in small))


async def test_ten_thousand_rows_need_no_more_cells_than_are_seen(tmp_path: Path) -> None:
    async with running(make_app(tmp_path), size=(80, 24)) as driver:
        await driver.until(lambda: "E" in kinds_of(driver))
        places = len(list_of(driver).places)
        list_of(driver).rows = tuple(ExampleRow(prompt=f"number {number}") for number in range(10_000))
        await driver.press("down", "end")
        await driver.until(lambda: "number 9999" in driver.text())
        assert len(list_of(driver).places) == places < 24, (
            "a row of the terminal is the least that a row of the list needs"
        )
        assert len(driver.app.screen.query(PictureCell)) == places + 1


async def test_a_resized_window_holds_other_numbers_of_rows(tmp_path: Path) -> None:
    async with running(make_app(tmp_path), size=(80, 24)) as driver:
        await driver.until(lambda: kinds_of(driver).count("E") > 4)
        few = len(list_of(driver).places)
        await driver.pilot.resize_terminal(120, 40)
        await driver.until(lambda: len(list_of(driver).places) > few)
        await driver.pilot.resize_terminal(50, 16)
        await driver.until(lambda: len(list_of(driver).places) < few)
        assert not driver.app.screen.query_one(Preview).display


async def test_prompts_from_files_are_no_markup(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, "--prompt", HOSTILE, "--seed", "7")) as driver:
        await driver.until(lambda: len(saved(tmp_path)) == 1)
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "SP")
        await driver.until(lambda: "[@click=app.quit]a [/b] trap[2J" in driver.text())


async def test_a_session_that_is_gone_says_so(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until(lambda: len(saved(tmp_path)) == 1)
    async with running(make_app(tmp_path)) as driver:
        await until_read(driver, "SP")
        (journal,) = tmp_path.glob("pictures/*/session.json")
        journal.write_text("damaged")
        await driver.press("enter")
        await driver.until(lambda: "session.json" in driver.text())
        assert isinstance(driver.app.screen, StartScreen)
        assert isinstance(driver.app.focused, Input)


async def test_news_that_comes_while_the_screen_is_closed_is_no_error(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "is ready on" in driver.text() and "nothing was saved yet" in driver.text())
        screen = driver.app.stage.start
        assert screen is not None
        await screen.query("*").remove()  # as when it is closed: its widgets go first
        screen.examples, screen.notice = ("a lake",), "the model cannot be used"
        screen.model_load = ModelLoad(failure="the model cannot be used")
        await driver.pilot.pause()
