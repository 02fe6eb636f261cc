"""Frames onto the screen: one painter for one cell for its life, a class for each protocol.

A painter says what to write and what text stands in the cell; the widget and Textual do both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from textual.geometry import Offset
from textual.strip import Strip

from tui.graphics.frame import Frame
from tui.graphics.geometry import Area
from tui.graphics.protocols import kitty
from tui.graphics.terminal.capabilities import Terminal

Place: TypeAlias = Offset | None
"""Where a wholly visible cell stands on the screen; None when pixels must not be drawn there now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """write: to the terminal, now.  repaint: the cell's text is another one, Textual must paint it."""

    write: str = ""
    repaint: bool = False


class Painter(Protocol):
    def take(self, frame: Frame, place: Place) -> Change:
        """A new frame is to be shown."""

    def line(self, row: int) -> tuple[int, Strip] | None:
        """The text of one row, and the column where it begins; None for a blank row."""

    def painted(self, place: Place) -> str:
        """Textual has painted over the cell: what has to be written again."""

    def again(self) -> str:
        """The terminal has forgotten everything (the program was suspended): what has to be written again."""

    def free(self) -> str:
        """Nothing is to be shown any more."""


class HalfcellPainter:
    """All text: Textual does everything."""

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def take(self, frame: Frame, place: Place) -> Change:  # noqa: ARG002 (text needs no place)
        self._frame = frame
        return Change(repaint=True)

    def line(self, row: int) -> tuple[int, Strip] | None:
        if self._frame is None or not 0 <= row - self._frame.area.top < self._frame.area.rows:
            return None
        return self._frame.area.left, self._frame.strips[row - self._frame.area.top]

    def painted(self, place: Place) -> str:  # noqa: ARG002
        return ""

    def again(self) -> str:
        return ""

    def free(self) -> str:
        self._frame = None
        return ""


class KittyPainter:
    """One image id for life: a new picture sends pixels and repaints no text."""

    def __init__(self, *, image_id: int, in_tmux: bool) -> None:
        self._id = image_id
        self._in_tmux = in_tmux
        self._frame: Frame | None = None

    def take(self, frame: Frame, place: Place) -> Change:  # noqa: ARG002 (the terminal knows the place)
        before, self._frame = self._frame, frame
        return Change(
            write=kitty.transmit(frame, self._id, in_tmux=self._in_tmux),
            repaint=before is None or before.area != frame.area,
        )

    def line(self, row: int) -> tuple[int, Strip] | None:
        if self._frame is None or row >= self._frame.area.rows:
            return None
        return 0, kitty.placeholders(self._frame.area, row, self._id)

    def painted(self, place: Place) -> str:  # noqa: ARG002
        return ""

    def again(self) -> str:
        return kitty.transmit(self._frame, self._id, in_tmux=self._in_tmux) if self._frame else ""

    def free(self) -> str:
        if self._frame is None:
            return ""
        self._frame = None
        return kitty.delete(self._id, in_tmux=self._in_tmux)


class SixelPainter:
    """Pixels lie over blank text and are gone when Textual paints that text: then they are drawn once more."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._drawn: Area | None = None

    def take(self, frame: Frame, place: Place) -> Change:
        self._frame = frame
        if place is None or self._drawn != frame.area:
            return Change(repaint=True)  # wipes what is there; painted() then draws
        return Change(write=self._draw(frame, place))

    def line(self, row: int) -> tuple[int, Strip] | None:  # noqa: ARG002
        return None

    def painted(self, place: Place) -> str:
        self._drawn = None
        return self._draw(self._frame, place) if self._frame is not None and place is not None else ""

    def again(self) -> str:
        return ""  # Textual paints everything again, and painted() follows

    def free(self) -> str:
        self._frame = self._drawn = None
        return ""

    def _draw(self, frame: Frame, place: Offset) -> str:
        """Save the cursor, go there, draw, restore."""
        self._drawn = frame.area
        return f"\x1b7\x1b[{place.y + frame.area.top + 1};{place.x + frame.area.left + 1}H{frame.data}\x1b8"


def painter_for(terminal: Terminal, *, image_id: int) -> Painter:
    """The painter of one cell; image_id: 1 to 2**24 - 1, of no other cell."""
    if terminal.protocol == "kitty":
        return KittyPainter(image_id=image_id, in_tmux=terminal.in_tmux)
    return SixelPainter() if terminal.protocol == "sixel" else HalfcellPainter()
