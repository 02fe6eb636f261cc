"""The private members of Textual that tui/app/seams.py uses: one test for each assumption."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.css.query import NoMatches
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from tui.app.seams import exit_at_once, forgive_what_is_gone, keep_to_newest_size


class Late(Screen[None]):
    """A screen whose handler misses a widget, as soon as it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Static("here")

    async def on_key(self) -> None:
        self.begun.set()
        await self.goes_on.wait()
        self.miss()

    def miss(self) -> None:
        self.query_one("#missing")


class Question(Screen[None]):
    """A screen that looks for a widget of its own as soon as it is mounted."""

    def compose(self) -> ComposeResult:
        yield Static("a question", id="question")

    def on_mount(self) -> None:
        self.query_one("#question")


class Page(App[None]):
    """An app that forgives."""

    def on_load(self) -> None:
        forgive_what_is_gone(self)


@pytest.mark.parametrize("is_closed", [True, False])
async def test_only_a_closed_screen_may_miss_its_widgets(is_closed: bool) -> None:
    async def miss() -> None:
        app, screen = Page(), Late()
        async with app.run_test() as pilot:
            await app.push_screen(screen)
            app.post_message(events.Key("x", "x"))
            await screen.begun.wait()
            closing = app.pop_screen() if is_closed else None
            screen.goes_on.set()
            if closing is not None:
                await closing
            await pilot.pause()

    if is_closed:
        await miss()
    else:
        with pytest.raises(NoMatches):
            await miss()


async def test_what_a_closed_screen_was_to_do_after_a_refresh_may_miss_its_widgets() -> None:
    app, screen = Page(), Late()
    async with app.run_test() as pilot:
        await app.push_screen(screen)
        await app.pop_screen()
        app.screen._invoke_later(screen.miss, screen)
        await pilot.pause()
        await pilot.pause()


async def test_a_screen_that_is_opened_while_the_app_ends_is_no_error() -> None:
    app = Page()
    async with app.run_test():
        app.exit()
        app.push_screen(Question())
    assert app.return_code == 0


class Resized(Screen[None]):
    """A screen that keeps the sizes for which it was laid out."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[Size] = []

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        self.sizes += [] if size is None else [size]
        super()._refresh_layout(size, scroll)


async def resize_twice(app: App[None]) -> list[Size]:
    """Tell a screen two sizes, apart from each other, and return those for which it was laid out."""
    old, new, other = Size(60, 20), Size(50, 10), events.Key("x", "x")
    screen = Resized()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(screen)
        await pilot.pause()
        screen.sizes.clear()
        app._size = new
        for size in (old, new):
            screen.post_message(events.Resize(size, size))
            screen.post_message(other)
        await pilot.pause()
        for _ in range(20):
            screen.post_message(other)
            await pilot.pause()
        return screen.sizes


async def test_a_screen_is_laid_out_for_the_newest_size_alone() -> None:
    class KeepsToIt(Page):
        def on_load(self) -> None:
            keep_to_newest_size(self)

    assert set(await resize_twice(KeepsToIt())) == {Size(50, 10)}
    assert len(set(await resize_twice(Page()))) == 2, "Screen._screen_resized does it by itself: the seam can go"


async def test_what_was_typed_ahead_does_not_come_before_the_end() -> None:
    pressed: list[str] = []

    class Typed(Page):
        def on_key(self, event: events.Key) -> None:
            pressed.append(event.key)

    app = Typed()
    async with app.run_test():
        for _ in range(100):
            app.post_message(events.Key("x", "x"))
        exit_at_once(app, return_code=3)
    assert app.return_code == 3, "App._message_queue.values holds the messages that wait"
    assert len(pressed) < 5
