"""The command palette: our commands with what they do, those of the screen alone, and none of Textual's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.app import SystemCommand
from textual.binding import Binding
from textual.command import CommandList, CommandPalette, Hit
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from tests.support.photos.making import photo_file
from tests.support.tui.driving import PROMPT, Driver, make_app, running
from tui.app.palette_commands import COMMANDS, words_of
from tui.app.screens.edit import EditScreen
from tui.app.screens.history import HistoryScreen
from tui.app.screens.info import InfoScreen
from tui.app.screens.new_prompt import NewPromptScreen
from tui.app.screens.photo import PhotoScreen
from tui.app.screens.search import SearchScreen
from tui.app.screens.start import StartScreen
from tui.app.screens.viewer import ViewerScreen

KEYS_ALONE = ("pick(", "move(", "arrow(", "go(", "app.focus", "apply(")
"""Actions that make no sense away from their keys: the cursor, the digits, the focus."""


def commands(driver: Driver) -> dict[str, SystemCommand]:
    return {command.title: command for command in driver.app.get_system_commands(driver.app.screen)}


def check(found: dict[str, SystemCommand]) -> None:
    """Every command says what it does in a sentence, and none is Textual's own."""
    assert found["Theme"].help == "Choose other colours; they stay for the next start."
    for title, command in found.items():
        assert command.help.endswith("."), title
        assert command.help[0].isupper(), title
        assert title == "Theme" or title.endswith(")"), title
        assert len(title) <= 76, title
        assert len(command.help) <= 76, title
    foreign = ("Maximize", "Screenshot", "Keys", "Minimize", "Delete", "Cursor", "Move", "Cut", "Paste", "Select")
    assert not [title for title in found if title.startswith(foreign) or "to clipboard" in title]


@pytest.mark.parametrize(
    "screen", [EditScreen, HistoryScreen, NewPromptScreen, PhotoScreen, SearchScreen, StartScreen, ViewerScreen]
)
def test_every_key_of_a_screen_has_words_or_is_for_keys_alone(screen: type[Screen[object]]) -> None:
    bindings = [key for key in Binding.make_bindings(screen.BINDINGS) if not key.action.startswith(KEYS_ALONE)]
    nodes = [(binding, object.__new__(screen)) for binding in bindings]
    missing = [binding.action for binding, node in nodes if words_of(binding, node) is None]
    assert missing == []


def test_every_sentence_is_short_enough_for_80_columns() -> None:
    for words in COMMANDS.values():
        assert len(words.does) <= 76, words
        assert words.does.endswith("."), words


async def test_the_search_has_its_commands_with_their_keys(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        found = commands(driver)
        check(found)
        assert found["None is better (n)"].help == "Keep the parent and halve the scale."
        for title in ("Reroll (r)", "Undo (u)", "Save a copy (s)", "Open a picture (o)", "Help (?)", "Quit (q)"):
            assert title in found
        assert not [title for title in found if title.startswith(("Choose a model", "Begin"))]


async def test_start_and_panel_have_theirs(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "is ready on" in driver.text())
        found = commands(driver)
        check(found)
        assert {title.partition(" (")[0] for title in found} >= {"Choose a model", "Open a picture", "Help", "Quit"}
        assert not [title for title in found if title.startswith(("Undo", "Reroll", "Mark"))]
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, EditScreen))
        check(commands(driver))
        assert {title.partition(" (")[0] for title in commands(driver)} == {"Apply", "Back", "Help", "Quit", "Theme"}


async def test_a_photograph_has_its_own(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, str(photo_file(tmp_path / "beach.png")))) as driver:
        await driver.until(lambda: driver.app.stage.photo is not None)
        found = commands(driver)
        check(found)
        assert {"Way to the noise (F2)", "What of the photograph stays (F3)", "Fit of the photograph (F4)"} <= set(
            found
        )


async def test_a_command_is_found_by_typing_and_runs(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(80, 24)) as driver:
        await driver.until_done()
        await driver.press("ctrl+p")
        await driver.until(lambda: "Show where the candidate differs from the parent." in driver.text())
        await driver.press(*"none is")
        await driver.until(lambda: "None is better (n)" in driver.text() and "Compare" not in driver.text())
        await driver.press("down", "enter")
        await driver.until(lambda: driver.search.session.scale == 0.35)


async def test_a_command_of_a_screen_that_was_left_does_nothing(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        left, command = driver.search, commands(driver)["Farther (])"]
        scale = left.session.scale
        await driver.app.action_gallery()
        await command.callback()
        assert driver.app.stage.start is not None
        assert left.session.scale == scale


async def test_the_palette_may_be_closed_while_it_looks_for_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []

    async def search(provider: SystemCommandsProvider, query: str) -> AsyncIterator[Hit]:
        searched.append(query)
        palette = provider.app.screen
        while palette.query(CommandList):  # until the palette is being removed
            await asyncio.sleep(0)
        hits: tuple[Hit, ...] = ()
        for hit in hits:  # none: it is a generator all the same
            yield hit

    monkeypatch.setattr(SystemCommandsProvider, "search", search)
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("ctrl+p")
        await driver.until(lambda: "Show where the candidate differs from the parent." in driver.text())
        await driver.press("x")
        await driver.until(lambda: searched == ["x"])
        await driver.app.action_gallery()
        await driver.until(lambda: driver.app.screen is driver.app.stage.start)


async def test_there_is_one_palette_at_a_time(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("ctrl+p")
        await driver.until(lambda: isinstance(driver.app.screen, CommandPalette))
        driver.app.action_open()  # as an opening that fails because of its model asks over everything
        await driver.press("ctrl+p")
        assert sum(isinstance(screen, CommandPalette) for screen in driver.app.screen_stack) == 1
        await driver.press("escape")
        await driver.until(lambda: "Show where the candidate differs from the parent." in driver.text())
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.screen)


async def test_a_dialog_that_is_asked_for_does_not_cover_the_next_one(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        for key in ("E", "s"):
            driver.app.simulate_key(key)
            driver.app.simulate_key("i")
            await driver.until(lambda: isinstance(driver.app.screen, InfoScreen))
            await driver.pilot.pause()
            assert [type(screen).__name__ for screen in driver.app.screen_stack[2:]] == ["InfoScreen"]
            await driver.press("escape")


async def test_of_two_keys_that_end_a_dialog_the_first_counts(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        await driver.press("h")
        await driver.until(lambda: isinstance(driver.app.screen, HistoryScreen))
        history = driver.app.screen
        assert isinstance(history, HistoryScreen)
        history.dismiss(None)
        history.dismiss(0)
        await driver.until(lambda: driver.app.screen is driver.screen)
        await driver.pilot.pause()
        assert driver.search.session.place.node == 1
