"""The app of picture_demo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.containers import Grid, Vertical
from textual.screen import Screen
from textual.widgets import Static

from engine.rendering.events import Picture
from tui.app.widgets.picture import PictureCell
from tui.graphics.output.seams import TerminalDriver
from tui.graphics.service import Graphics
from tui.graphics.terminal.capabilities import Terminal

PREVIEW_SECONDS = 0.25
ALL_DRAWN = "\x1b]2;all drawn {}\x07"
"""The answer to the key w: it sets the window's title, which changes nothing on the screen."""


class Page(Screen[None]):
    """A screen over the pictures."""

    BINDINGS: ClassVar = [("escape", "app.pop_screen", "close")]

    def compose(self) -> ComposeResult:
        yield Static("an opaque screen; escape closes it", markup=False)


class PictureDemo(App[None]):
    """Pictures with captions; see picture_demo for the keys."""

    CSS = """
    Screen { color: $foreground; }
    Grid { grid-gutter: 0 1; height: 1fr; }
    .caption { height: 1; width: 100%; color: $text-muted; }
    .caption.selected { background: $accent; color: $text; text-style: bold; }
    #status { height: 1; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [
        ("a", "all", "all"),
        ("u", "one", "one"),
        ("f", "select", "select"),
        ("m", "page", "page"),
        ("p", "previews", "previews"),
        ("c", "clear", "clear"),
        ("t", "toast", "toast"),
        ("w", "announce", "say when all is drawn"),
        ("q", "quit", "quit"),
    ]

    def __init__(self, terminal: Terminal, side: int, picture: Callable[[int, int], Picture], *, refines: bool) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.graphics = Graphics(terminal, refines=refines)
        self.side, self.picture = side, picture
        self.version = self.selected = 0
        self.announced = 0

    def compose(self) -> ComposeResult:
        with Grid() as grid:
            grid.styles.grid_size_columns = grid.styles.grid_size_rows = self.side
            for number in range(self.side**2):
                with Vertical():
                    yield PictureCell(f"picture-{number}")
                    yield Static(f" {number + 1}", id=f"caption-{number}", classes="caption", markup=False)
        terminal = self.graphics.terminal
        yield Static(
            f"{terminal.protocol} {terminal.cell_width}x{terminal.cell_height} tmux {terminal.in_tmux}"
            f" truecolor {terminal.truecolor} paced {terminal.paced}",
            id="status",
            markup=False,
        )

    def on_mount(self) -> None:
        self.query_one("#caption-0").add_class("selected")
        self.action_all()
        self.previews = self.set_interval(PREVIEW_SECONDS, lambda: self.action_all(preview=True), pause=True)
        self.previewing = False

    def on_cursor_position(self) -> None:
        self.graphics.on_cursor_position()

    def on_unmount(self) -> None:
        self.graphics.close()

    def show(self, number: int, *, preview: bool = False) -> None:
        """Show the current version of a picture."""
        cell = self.screen_stack[0].query_one(f"#picture-{number}", PictureCell)
        cell.show(self.picture(number, self.version), preview=preview)

    def action_all(self, preview: bool = False) -> None:
        self.version += 1
        for number in range(self.side**2):
            self.show(number, preview=preview)

    def action_one(self) -> None:
        self.version += 1
        self.show(0)

    def action_select(self) -> None:
        self.query_one(f"#caption-{self.selected}").remove_class("selected")
        self.selected = (self.selected + 1) % self.side**2
        self.query_one(f"#caption-{self.selected}").add_class("selected")

    def action_page(self) -> None:
        self.push_screen(Page())

    def action_previews(self) -> None:
        """Start or stop a stream of previews; the pictures are sent in full when it stops."""
        self.previewing = not self.previewing
        if self.previewing:
            self.previews.resume()
        else:
            self.previews.pause()
            self.action_all()

    def action_clear(self) -> None:
        for cell in self.query(PictureCell):
            cell.clear()

    def action_toast(self) -> None:
        self.notify("a toast over a picture", timeout=2)

    async def action_announce(self) -> None:
        """Write a marker as soon as every picture asked for so far is encoded, painted and sent."""
        self.run_worker(self._announce(), group="announce")

    async def _announce(self) -> None:
        while not self.graphics.is_idle:
            await asyncio.sleep(0.01)
        self.announced += 1
        self.call_after_refresh(self.graphics.write, ALL_DRAWN.format(self.announced))
