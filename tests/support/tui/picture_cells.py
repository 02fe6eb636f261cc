"""Two picture cells in an app that notes what goes past Textual, and pictures for them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from rich.style import Style
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Static

from engine.rendering.events import Picture
from tui.app.widgets.picture import PictureCell
from tui.graphics.service import ASK_CURSOR, Graphics
from tui.graphics.terminal.capabilities import Protocol, Terminal

RED, BLUE = (255, 0, 0), (0, 0, 255)
GRAIN = random.Random(1).randbytes(3 * 200 * 200)
GRADIENT = Picture(
    width=200,
    height=200,
    rgb=bytes((place // 600 + place % 600 // 5 + grain % 8) % 256 for place, grain in enumerate(GRAIN)),
)
TRANSMIT = re.compile(r"\x1b_Ga=t,f=100,q=2,i=(\d+),")


def plain(colour: tuple[int, int, int], width: int = 32, height: int = 32) -> Picture:
    return Picture(width=width, height=height, rgb=bytes(colour) * (width * height))


class Gallery(App[None]):
    """Two cells of 20 x 10 cells of 10 x 20 pixels, captions under them; `written` is what went past Textual."""

    CSS = "PictureCell { width: 20; height: 10; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, protocol: Protocol, *, paced: bool = False, over_tmux: bool = False) -> None:
        super().__init__()
        self.written: list[str] = []
        terminal = Terminal(protocol=protocol, paced=paced, in_tmux=over_tmux, remote=over_tmux)
        self.graphics = Graphics(terminal, write=self.written.append)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield PictureCell("one")
            yield Static("one", id="caption", markup=False)
            yield PictureCell("two")
        yield Static("the last line", markup=False)

    def on_unmount(self) -> None:
        self.graphics.close()

    def cell(self, name: str = "one") -> PictureCell:
        return self.screen_stack[0].query_one(f"#{name}", PictureCell)

    def text(self, row: int) -> str:
        """A # for each cell of a row that has the colour of a picture, and a space for each other."""
        return text(self.cell(), row)


def text(cell: PictureCell, row: int) -> str:
    def is_picture(style: Style | None) -> bool:
        return style is not None and style.bgcolor not in (None, cell.rich_style.bgcolor)

    strip = cell.render_line(row)
    return "".join(("#" if is_picture(segment.style) else " ") * len(segment.text) for segment in strip)


def fine_pictures(app: Gallery) -> list[str]:
    """Return those that took clearly more than the smallest one: they have all colours."""
    found = pictures(app)
    return [picture for picture in found if len(picture) > 1.5 * min(map(len, found))]


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came true")


def drawn_at(written: list[str]) -> list[str]:
    """The places of the sixels written, row;column, one for each drawing."""
    return [place for text in written for place in re.findall(r"\x1b7\x1b\[(\d+;\d+)H\x1bP", text)]


def pictures(app: Gallery) -> list[str]:
    return [written for written in app.written if written != ASK_CURSOR]
