"""kitty's protocol, byte for byte."""

from __future__ import annotations

import base64
import io
import unicodedata

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui.graphics.frame import Frame
from tui.graphics.geometry import Area, Box
from tui.graphics.protocols.diacritics import DIACRITICS
from tui.graphics.protocols.kitty import delete, encode, placeholders, transmit

BOX = Box(columns=40, rows=20, cell_width=10, cell_height=20)
AREA = Area(left=0, top=0, columns=40, rows=20)


def test_one_short_picture() -> None:
    assert transmit(Frame(box=BOX, area=AREA, data="QUJD"), 7, in_tmux=False) == (
        "\x1b_Ga=t,f=100,q=2,i=7,m=0;QUJD\x1b\\\x1b_Ga=p,U=1,q=2,i=7,c=40,r=20\x1b\\"
    )


def test_a_long_picture_in_pieces_of_4096() -> None:
    data = "A" * 4096 + "B" * 4096 + "C"
    assert transmit(Frame(box=BOX, area=AREA, data=data), 7, in_tmux=False) == (
        f"\x1b_Ga=t,f=100,q=2,i=7,m=1;{'A' * 4096}\x1b\\"
        f"\x1b_Gq=2,m=1;{'B' * 4096}\x1b\\"
        "\x1b_Gq=2,m=0;C\x1b\\"
        "\x1b_Ga=p,U=1,q=2,i=7,c=40,r=20\x1b\\"
    )


def test_past_tmux() -> None:
    assert delete(7, in_tmux=False) == "\x1b_Ga=d,d=I,q=2,i=7\x1b\\"
    assert delete(7, in_tmux=True) == "\x1bPtmux;\x1b\x1b_Ga=d,d=I,q=2,i=7\x1b\x1b\\\x1b\\"
    assert transmit(Frame(box=BOX, area=AREA, data="QUJD"), 7, in_tmux=True) == (
        "\x1bPtmux;\x1b\x1b_Ga=t,f=100,q=2,i=7,m=0;QUJD\x1b\x1b\\\x1b\\"
        "\x1bPtmux;\x1b\x1b_Ga=p,U=1,q=2,i=7,c=40,r=20\x1b\x1b\\\x1b\\"
    )


def test_placeholders_tell_row_and_column_and_carry_the_id_in_their_colour() -> None:
    area = Area(left=0, top=0, columns=3, rows=2)
    holder = "\U0010eeee"
    assert list(placeholders(area, 1, 0x010203)) == [
        Segment(f"{holder}\u030d\u0305{holder}\u030d\u030d{holder}\u030d\u030e", Style(color=Color.from_rgb(1, 2, 3)))
    ]
    assert placeholders(area, 1, 0x010203).cell_length == 3


def test_diacritics_are_those_of_the_protocol() -> None:
    assert len(DIACRITICS) == 297
    assert [f"{ord(mark):04X}" for mark in (*DIACRITICS[:6], *DIACRITICS[-2:])] == (
        ["0305", "030D", "030E", "0310", "0312", "033D", "1D243", "1D244"]
    )
    assert sorted(set(DIACRITICS)) == list(DIACRITICS)
    assert {unicodedata.combining(mark) for mark in DIACRITICS} == {230}


def decoded(frame: Frame) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(frame.data)))


def test_pictures_are_palettised_and_only_ever_scaled_down() -> None:
    small = decoded(encode(Image.new("RGB", (128, 96), (9, 8, 7)), BOX, "full"))
    assert (small.mode, small.size, small.convert("RGB").getpixel((0, 0))) == ("P", (128, 96), (9, 8, 7))
    assert decoded(encode(Image.new("RGB", (1024, 768)), BOX, "full")).size == (400, 300)
    assert decoded(encode(Image.new("RGB", (1024, 768)), BOX, "preview")).size == (128, 96)
    assert decoded(encode(Image.new("RGB", (16, 16)), BOX, "preview")).size == (16, 16)


def test_a_box_wider_than_placeholders_can_count() -> None:
    frame = encode(Image.new("RGB", (16, 16)), Box(columns=400, rows=20, cell_width=5, cell_height=10), "full")
    assert frame.area == Area(left=128, top=0, columns=40, rows=20)
    wide = encode(Image.new("RGB", (400, 10)), Box(columns=400, rows=20, cell_width=5, cell_height=10), "full")
    assert wide.area == Area(left=0, top=8, columns=297, rows=4)
