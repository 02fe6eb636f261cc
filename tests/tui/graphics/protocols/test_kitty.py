"""kitty's protocol, byte for byte."""

from __future__ import annotations

import base64
import io
import unicodedata
from typing import get_args

import pytest
from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui.graphics.frame import Frame, Quality
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


@pytest.mark.parametrize(
    ("size", "quality", "sent"),
    [
        ((1024, 768), "preview", (256, 192)),
        ((1024, 768), "full", (400, 300)),
        ((1024, 768), "best", (400, 300)),
        ((300, 400), "full", (300, 400)),
        ((320, 240), "full", (320, 240)),
        ((128, 96), "full", (256, 192)),
        ((128, 96), "best", (400, 300)),
        ((16, 16), "preview", (256, 256)),
        ((2000, 1), "best", (400, 1)),
    ],
)
def test_how_many_pixels_are_sent(size: tuple[int, int], quality: Quality, sent: tuple[int, int]) -> None:
    picture = decoded(encode(Image.new("RGB", size, (9, 8, 7)), BOX, quality))
    assert (picture.size, picture.mode) == (sent, "RGB" if quality == "best" else "P")
    assert picture.convert("RGB").getpixel((0, 0)) == (9, 8, 7)


def test_the_best_has_every_colour() -> None:
    image = Image.merge(
        "RGB", (Image.linear_gradient("L"), Image.linear_gradient("L").rotate(90), Image.new("L", (256, 256)))
    )
    box = Box(columns=32, rows=16, cell_width=8, cell_height=16)
    assert decoded(encode(image, box, "best")).tobytes() == image.tobytes()
    assert len(decoded(encode(image, box, "full")).getcolors() or []) == 256


def test_a_preview_is_smooth() -> None:
    image = Image.new("RGB", (400, 400), "black")
    image.paste("white", (0, 0, 200, 400))
    shades = decoded(encode(image, BOX, "preview")).convert("L")
    assert len({shades.getpixel((x, 100)) for x in range(120, 136)}) > 3


@pytest.mark.parametrize(
    ("size", "area"), [((1024, 512), (0, 5, 40, 10)), ((512, 1024), (10, 0, 20, 20)), ((100, 1), (0, 9, 40, 1))]
)
def test_placeholders_cover_the_picture_and_no_more(size: tuple[int, int], area: tuple[int, int, int, int]) -> None:
    left, top, columns, rows = area
    for quality in get_args(Quality):
        found = encode(Image.new("RGB", size), BOX, quality).area
        assert found == Area(left=left, top=top, columns=columns, rows=rows)


def test_a_box_wider_than_placeholders_can_count() -> None:
    frame = encode(Image.new("RGB", (16, 16)), Box(columns=400, rows=20, cell_width=5, cell_height=10), "full")
    assert frame.area == Area(left=128, top=0, columns=40, rows=20)
    wide = encode(Image.new("RGB", (400, 10)), Box(columns=400, rows=20, cell_width=5, cell_height=10), "full")
    assert wide.area == Area(left=0, top=8, columns=297, rows=4)
