"""Frames onto the screen: each picture cell has one painter for its life; there is a class for each protocol.

A painter decides what is written to the terminal and what text stands in the cell; the widget and Textual do both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from textual.geometry import Offset
from textual.strip import Strip

from tui.graphics.dimming import scanlines
from tui.graphics.frame import Frame
from tui.graphics.geometry import Area
from tui.graphics.protocols import kitty
from tui.graphics.terminal.capabilities import Terminal

Origin: TypeAlias = Offset | None
"""The screen position of a cell that is wholly visible; None while pixels must not be drawn there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a new frame needs.

    Attributes:
        write: To be written to the terminal at once.
        repaint: Whether Textual has to paint the text of the cell, because it has changed.
    """

    write: str = ""
    repaint: bool = False


class Painter(Protocol):
    """Draws the frames of one cell.

    Attributes:
        transparent: Whether the background of the cell shows under its text.
    """

    @property
    def transparent(self) -> bool: ...

    def take(self, frame: Frame, origin: Origin) -> Change:
        """Take a new frame, and return what showing it needs."""

    def line(self, row: int) -> tuple[int, Strip] | None:
        """Return the first column and the text of one row; None for a blank row."""

    def painted(self, origin: Origin) -> str:
        """Return what has to be written again after Textual has painted over the cell."""

    def again(self) -> str:
        """Return what has to be written again after the terminal has forgotten everything (a suspended program)."""

    def free(self) -> str:
        """Forget the frame, and return what has to be written to clear the cell."""


class CellsPainter:
    """Draws plain cells: they are text, and Textual does everything."""

    transparent = False

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def take(self, frame: Frame, origin: Origin) -> Change:  # noqa: ARG002 (text needs no position)
        self._frame = frame
        return Change(repaint=True)

    def line(self, row: int) -> tuple[int, Strip] | None:
        if self._frame is None or not 0 <= row - self._frame.area.top < self._frame.area.rows:
            return None
        return self._frame.area.left, self._frame.strips[row - self._frame.area.top]

    def painted(self, origin: Origin) -> str:  # noqa: ARG002
        return ""

    def again(self) -> str:
        return ""

    def free(self) -> str:
        self._frame = None
        return ""


class KittyPainter:
    """Draws by kitty's protocol, with one image id for life: a new picture of the same size repaints no text."""

    transparent = True

    def __init__(self, *, image_id: int, in_tmux: bool) -> None:
        self._id = image_id
        self._in_tmux = in_tmux
        self._frame: Frame | None = None

    def take(self, frame: Frame, origin: Origin) -> Change:  # noqa: ARG002 (the terminal knows the position)
        before, self._frame = self._frame, frame
        return Change(
            write=kitty.transmit(frame, self._id, in_tmux=self._in_tmux),
            repaint=before is None or before.area != frame.area,
        )

    def line(self, row: int) -> tuple[int, Strip] | None:
        if self._frame is None or not 0 <= row - self._frame.area.top < self._frame.area.rows:
            return None
        area = self._frame.area
        return area.left, kitty.placeholders(area, row - area.top, self._id)

    def painted(self, origin: Origin) -> str:  # noqa: ARG002
        return ""

    def again(self) -> str:
        return kitty.transmit(self._frame, self._id, in_tmux=self._in_tmux) if self._frame else ""

    def free(self) -> str:
        if self._frame is None:
            return ""
        self._frame = None
        return kitty.delete(self._id, in_tmux=self._in_tmux)


class SixelPainter:
    """Draws sixels: pixels over blank text.  They are lost when Textual paints that text, and then drawn again."""

    transparent = True

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._drawn: Area | None = None
        self._dim = ""

    def take(self, frame: Frame, origin: Origin) -> Change:
        self._frame, self._dim = frame, ""
        if origin is None or self._drawn != frame.area:
            return Change(repaint=True)  # painting wipes what is there, and painted() then draws
        return Change(write=self._draw(frame, origin))

    def line(self, row: int) -> tuple[int, Strip] | None:  # noqa: ARG002
        return None

    def painted(self, origin: Origin) -> str:
        self._drawn = None
        return self._draw(self._frame, origin) if self._frame is not None and origin is not None else ""

    def again(self) -> str:
        return ""  # Textual paints everything again, and painted() follows

    def free(self) -> str:
        self._frame = self._drawn = None
        return ""

    def dim(self, origin: Origin, colour: tuple[int, int, int]) -> str:
        """Darken what is drawn until the next frame comes, and return what has to be written for it."""
        if self._frame is None or self._dim:
            return ""
        self._dim = scanlines(self._frame.area, self._frame.box, colour)
        return self._at(self._frame, origin, self._dim) if origin is not None and self._drawn is not None else ""

    def _draw(self, frame: Frame, origin: Offset) -> str:
        self._drawn = frame.area
        return self._at(frame, origin, frame.data) + (self._at(frame, origin, self._dim) if self._dim else "")

    def _at(self, frame: Frame, origin: Offset, data: str) -> str:
        """Return the sequence that saves the cursor, moves it, draws, and restores it."""
        return f"\x1b7\x1b[{origin.y + frame.area.top + 1};{origin.x + frame.area.left + 1}H{data}\x1b8"


def painter_for(terminal: Terminal, *, image_id: int) -> Painter:
    """Return the painter of a new cell.

    Args:
        terminal: What the terminal can do.
        image_id: A number from 1 to 2**24 - 1 that no other cell has.
    """
    if terminal.protocol == "kitty":
        return KittyPainter(image_id=image_id, in_tmux=terminal.in_tmux)
    return SixelPainter() if terminal.protocol == "sixel" else CellsPainter()
