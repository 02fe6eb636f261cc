"""Dimming what is out of date: few bytes for sixels, a small dark copy for the rest."""

from __future__ import annotations

from textual.geometry import Offset

from engine.rendering.events import Picture
from tui.graphics.dimming import darkened, scanlines
from tui.graphics.frame import Frame
from tui.graphics.geometry import Area, Box
from tui.graphics.painters import SixelPainter

BOX = Box(columns=20, rows=10, cell_width=10, cell_height=20)
AREA = Area(left=0, top=0, columns=20, rows=10)
FRAME = Frame(box=BOX, area=AREA, data="THE PICTURE", size=11)


def test_every_second_row_is_drawn_over() -> None:
    data = scanlines(AREA, BOX, (18, 18, 18))
    bands = "-".join(["#0!200i"] * 33)  # "i" is 63 + 0b101010: the second, fourth and sixth row of a band
    assert data == f'\x1bP0;1;0q"1;1;200;198#0;2;7;7;7{bands}\x1b\\'  # P2=1: what is not drawn stays
    assert len(data) < 500


def test_a_painter_dims_once_and_until_the_next_frame() -> None:
    painter, origin = SixelPainter(), Offset(3, 4)
    assert painter.dim(origin, (0, 0, 0)) == ""
    painter.take(FRAME, origin)
    assert painter.painted(origin) == "\x1b7\x1b[5;4HTHE PICTURE\x1b8"
    dim = painter.dim(origin, (0, 0, 0))
    assert dim == f"\x1b7\x1b[5;4H{scanlines(AREA, BOX, (0, 0, 0))}\x1b8"
    assert painter.dim(origin, (0, 0, 0)) == ""
    assert painter.painted(origin) == "\x1b7\x1b[5;4HTHE PICTURE\x1b8" + dim  # Textual painted over it
    assert painter.take(FRAME, origin).write == "\x1b7\x1b[5;4HTHE PICTURE\x1b8"


def test_a_dark_copy_is_small_and_of_the_same_shape() -> None:
    bright = Picture(width=400, height=200, rgb=bytes((200, 100, 50)) * (400 * 200))
    dark = darkened(bright)
    assert (dark.width, dark.height) == (64, 32)
    assert dark.rgb[:3] == bytes((80, 40, 20))
