"""Drive the app by keys, with the fake renderer; wait for conditions and never for time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from engine.fake import FakeRenderer
from engine.options import Options
from engine.rendering.renderer import Renderer
from engine.search.running import Search
from tui.app.app import WarmerApp
from tui.app.launch import opening_at_start
from tui.app.screens.search import SearchScreen
from tui.arguments import AppArguments, parse
from tui.cli import app_parser
from tui.graphics.terminal.capabilities import Terminal

TIMEOUT_SECONDS = 20.0
PROMPT = ("--prompt", "a red sun over a lake", "--seed", "7")
"""The words of a command line that begins a search."""


def make_app(
    folder: Path,
    *words: str,
    renderer: Renderer | None = None,
    key_grace_seconds: float = 0.0,
    options: Options | None = None,
    theme: str = "",
    is_first_start: bool = False,
    terminal: Terminal | None = None,
) -> WarmerApp:
    """Return the app as `warmer WORDS` starts it, with its files under `folder` and no model.

    Args:
        folder: For pictures and the journal.
        words: The command line.
        renderer: Instead of a fresh FakeRenderer.
        key_grace_seconds: How long digits are ignored at the start.
        options: Instead of those that the words ask for.
        theme: The theme that the configuration file names.
        is_first_start: The app runs for the first time on this machine, so that it tells a newcomer about the keys.
        terminal: What the terminal can do; the plainest one if it is None.
    """
    if not is_first_start:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hints.json").write_text(json.dumps({"grids": 99}), encoding="utf-8")
    typed, arguments = parse(app_parser(), words, AppArguments)
    options, arguments = options or typed, replace(arguments, theme=theme)
    opening = opening_at_start(options, arguments) if words else None
    return WarmerApp(
        make_renderer=lambda: renderer or FakeRenderer(),
        terminal=terminal or Terminal(),
        options=options,
        arguments=arguments,
        sessions=folder / "pictures",
        journal_path=folder / "journal.json",
        cache=folder / "cache",
        opening=opening,
        key_grace_seconds=key_grace_seconds,
    )


class Driver:
    """The running app and its keys."""

    def __init__(self, app: WarmerApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self._last: Search | None = None

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def paste(self, text: str) -> None:
        """Paste text in place of what the focused input holds; single keys would take a tenth of a second each."""
        await self.press("ctrl+u")
        self.app.post_message(events.Paste(text))
        await self.until(lambda: isinstance(self.app.focused, Input) and self.app.focused.value == text)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition is true.

        Raises:
            AssertionError: It does not become true in time; the message shows the screen.
        """
        end = time.monotonic() + TIMEOUT_SECONDS
        while not condition():
            assert time.monotonic() < end, f"the condition did not become true; the screen shows:\n{self.text()}"
            await self.pilot.pause()
            await asyncio.sleep(0.01)

    async def until_done(self) -> None:
        """Wait until every picture of the grid is finished."""
        await self.until(lambda: self.app.stage.search is not None and self.app.stage.search.search is not None)
        await self.until(lambda: all(self.search.finished(index) for index in range(self.search.size)))

    async def until_keys_count(self) -> None:
        """Wait until the search takes keys again, after a dialog was closed that has a text to type in."""
        await self.until(lambda: self.app.screen is self.screen and not self.screen.ignores_keys)

    @property
    def screen(self) -> SearchScreen:
        """The search screen."""
        screen = self.app.stage.search
        assert screen is not None
        return screen

    @property
    def search(self) -> Search:
        """The running search, or the one that ran last."""
        screen = self.app.stage.search
        if screen is not None and screen.search is not None:
            self._last = screen.search
        assert self._last is not None
        return self._last

    def text(self) -> str:
        """Return what the screen shows, as text."""
        return "\n".join(
            "".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips()
        )


@asynccontextmanager
async def running(app: WarmerApp, size: tuple[int, int] = (100, 40)) -> AsyncIterator[Driver]:
    """Run the app on a terminal of `size` columns and rows."""
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Driver(app, pilot)


def saved(folder: Path) -> list[Path]:
    """Return the pictures that an app saved under `folder`."""
    return sorted(folder.glob("pictures/*/*.png"))
