"""Questions over a screen, by keys: open a picture, save a copy, a new prompt.  Errors stay in them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PIL import Image
from textual import events
from textual.widgets import OptionList

from latentpng.png.files import read_record
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.completion import names_in
from tui.app.copies import CopyScreen
from tui.app.gallery.preview import Preview
from tui.app.screens.ask import OpenScreen
from tui.app.screens.new_prompt import QUESTION, SAME, NewPromptScreen
from tui.app.screens.start import StartScreen
from tui.app.widgets.path_line import PathLine
from tui.app.widgets.picture import PictureCell
from tui.app.widgets.prompt_area import PromptArea


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with pictures and a folder in it."""
    folder = tmp_path / "here"
    (folder / "deep").mkdir(parents=True)
    for name in ("beach-1.png", "beach-2.png", "deep/cat.png", ".hidden.png"):
        Image.new("RGB", (64, 64), (200, 120, 60)).save(folder / name)
    (folder / "notes.txt").touch()
    monkeypatch.chdir(folder)
    return folder


def words(driver: Driver) -> str:
    return " ".join(driver.text().split())


def typed(driver: Driver) -> str:
    return driver.app.screen.query_one(PathLine).value


def listed(driver: Driver) -> list[str]:
    options = driver.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]


async def open_question(driver: Driver) -> None:
    await driver.press("ctrl+o")
    await driver.until(lambda: isinstance(driver.app.screen, OpenScreen) and bool(listed(driver)))


async def test_tab_completes_and_then_goes_through_what_fits(tmp_path: Path, folder: Path) -> None:  # noqa: ARG001
    async with running(make_app(tmp_path)) as driver:
        await open_question(driver)
        assert listed(driver) == ["deep/", "beach-1.png", "beach-2.png"]
        await driver.press("b", "tab")
        await driver.until(lambda: typed(driver) == "beach-")
        for key, expected in (("tab", "beach-1.png"), ("tab", "beach-2.png"), ("tab", "beach-1.png"),
                              ("shift+tab", "beach-2.png")):  # fmt: skip
            await driver.press(key)
            await driver.until(lambda expected=expected: typed(driver) == expected)  # type: ignore[misc]
            assert listed(driver) == ["beach-1.png", "beach-2.png"]
        await driver.press("ctrl+u", "d", "tab")
        await driver.until(lambda: typed(driver) == "deep/")
        await driver.until(lambda: listed(driver) == ["cat.png"])
        await driver.press("ctrl+u", ".")
        await driver.until(lambda: listed(driver) == [".hidden.png"])


async def test_the_list_leads_into_folders_and_shows_pictures(tmp_path: Path, folder: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await open_question(driver)
        await driver.press("down", "down")
        large = driver.app.screen.query_one(Preview).query_one(PictureCell)
        await driver.until(lambda: large._picture is not None)
        await driver.press("up", "up")
        assert isinstance(driver.app.focused, PathLine)
        await driver.press("down", "enter")
        await driver.until(lambda: typed(driver) == "deep/" and listed(driver) == ["cat.png"])
        await driver.until(lambda: large._picture is not None)
        await driver.press("down", "enter")
        await driver.until(lambda: driver.app.stage.photo is not None)
        assert "Start from this photograph: cat.png" in driver.text()
        assert folder.exists()


async def test_a_folder_that_is_entered_is_listed(tmp_path: Path, folder: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await open_question(driver)
        await driver.paste(str(folder / "deep"))
        await driver.press("enter")
        await driver.until(lambda: typed(driver) == f"{folder}/deep/" and listed(driver) == ["cat.png"])


async def test_what_cannot_be_opened_is_said_in_the_question(tmp_path: Path, folder: Path) -> None:  # noqa: ARG001
    (tmp_path / "broken.png").write_bytes(b"none")
    async with running(make_app(tmp_path), size=(120, 40)) as driver:
        await open_question(driver)
        await driver.paste("none.png")
        await driver.press("enter")
        await driver.until(lambda: "none.png: No such file or directory" in words(driver))
        broken = str(tmp_path / "broken.png")
        await driver.paste(broken)
        await driver.press("enter")
        await driver.until(lambda: "it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM" in words(driver))
        assert isinstance(driver.app.screen, OpenScreen)
        assert typed(driver) == broken
        await driver.press("escape")
        assert isinstance(driver.app.screen, StartScreen)


async def test_a_slow_folder_stops_no_key(
    tmp_path: Path,
    folder: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def slow(name: str, suffixes: tuple[str, ...]) -> object:
        if name:
            release.wait(20.0)
        return names_in(name, suffixes)

    async with running(make_app(tmp_path)) as driver:
        await open_question(driver)
        monkeypatch.setattr("tui.app.screens.path.names_in", slow)
        await driver.press(*"deep/", "tab", "c")
        assert typed(driver) == "deep/c"
        await driver.until(lambda: "reading deep/" in driver.text())
        release.set()
        await driver.until(lambda: typed(driver) == "deep/cat.png")
        assert "reading deep/" not in driver.text()


@pytest.mark.slow
async def test_saving_suggests_a_free_name_and_asks_before_it_replaces(tmp_path: Path, folder: Path) -> None:
    (folder / "round0.png").write_bytes(b"earlier")
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("s")
        await driver.until(lambda: isinstance(driver.app.screen, CopyScreen))
        assert typed(driver) == "round0-2.png"
        await driver.until(lambda: driver.app.screen.query_one(Preview).query_one(PictureCell)._picture is not None)
        await driver.paste("/proc/none.png")
        await driver.press("enter")
        await driver.until(lambda: "/proc/none.png: it cannot be written" in words(driver))
        assert (isinstance(driver.app.screen, CopyScreen), typed(driver)) == (True, "/proc/none.png")
        await driver.paste("round0.png")
        await driver.press("enter")
        await driver.until(lambda: "round0.png already exists; press Enter again to replace it" in words(driver))
        assert (folder / "round0.png").read_bytes() == b"earlier"
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.app.stage.search)
        await driver.until(lambda: f"saved a copy as {folder / 'round0.png'}" in words(driver))
        assert read_record(folder / "round0.png").settings["prompt"] == "a red sun over a lake"


async def ask_for_prompt(driver: Driver) -> PromptArea:
    await driver.press("p")
    await driver.until(lambda: isinstance(driver.app.screen, NewPromptScreen))
    return driver.app.screen.query_one(PromptArea)


@pytest.mark.slow
async def test_a_new_prompt_is_asked_for_over_the_search_which_goes_on(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        first, before = driver.search, driver.search.session
        area = await ask_for_prompt(driver)
        assert area.text == "a red sun over a lake"
        assert " ".join(QUESTION.split()) in words(driver)
        await driver.press(*"123n")
        await driver.press("escape")
        await driver.until_keys_count()
        assert driver.search is first
        assert driver.search.session is before, "no key that was typed into the question acts on the grid"
        area = await ask_for_prompt(driver)
        area.text = ""
        await driver.press("enter")
        assert isinstance(driver.app.screen, NewPromptScreen), "an empty prompt starts nothing"
        driver.app.post_message(events.Paste("the sea"))
        await driver.until(lambda: area.text == "the sea")
        await driver.press("enter")
        await driver.until(lambda: driver.app.stage.search is not None and driver.search is not first)
        await driver.until_done()
        assert driver.search.settings.prompt == "the sea"
        assert driver.search.session.lineage.root == before.lineage.root, "the seed that was asked for"


@pytest.mark.slow
async def test_an_unchanged_prompt_starts_from_a_fresh_seed(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        first, before = driver.search, driver.search.session
        area = await ask_for_prompt(driver)
        await driver.until(lambda: SAME in words(driver))
        await driver.press("x")
        await driver.until(lambda: SAME not in words(driver))
        await driver.press("backspace")
        await driver.until(lambda: area.text == "a red sun over a lake" and SAME in words(driver))
        await driver.press("enter")
        await driver.until(lambda: driver.app.stage.search is not None and driver.search is not first)
        await driver.until_done()
        assert driver.search.settings.prompt == "a red sun over a lake"
        assert driver.search.session.lineage.root != before.lineage.root


@pytest.mark.slow
async def test_the_search_that_was_left_is_the_last_one_in_the_gallery(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await ask_for_prompt(driver)
        await driver.press("ctrl+g")
        await driver.until(lambda: "last search · today" in driver.text())
        await driver.until(lambda: "the model 'embedded' is ready on cpu" in driver.text())
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.settings.prompt == "a red sun over a lake"
