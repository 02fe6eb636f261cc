"""Half-cells: two pixels a cell, equal neighbours in one run."""

from __future__ import annotations

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui.graphics.geometry import Area, Box
from tui.graphics.protocols.halfcell import encode

BLACK, WHITE, RED = (0, 0, 0), (255, 255, 255), (255, 0, 0)


def style(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))


def test_a_tiny_picture_strip_by_strip() -> None:
    image = Image.new("RGB", (4, 4), BLACK)
    image.putpixel((3, 0), WHITE)
    image.paste(RED, (0, 2, 4, 3))
    frame = encode(image, Box(columns=4, rows=2, cell_width=10, cell_height=20), "full")
    assert frame.area == Area(left=0, top=0, columns=4, rows=2)
    assert [list(strip) for strip in frame.strips] == [
        [Segment("▀▀▀", style(BLACK, BLACK)), Segment("▀", style(WHITE, BLACK))],
        [Segment("▀▀▀▀", style(RED, BLACK))],
    ]


def test_a_wide_picture_leaves_rows_above_and_below() -> None:
    frame = encode(Image.new("RGB", (200, 100), RED), Box(columns=8, rows=6, cell_width=10, cell_height=20), "full")
    assert frame.area == Area(left=0, top=2, columns=8, rows=2)
    assert [strip.cell_length for strip in frame.strips] == [8, 8]


def test_a_small_preview_fills_its_box() -> None:
    frame = encode(Image.new("RGB", (16, 16), RED), Box(columns=40, rows=20, cell_width=10, cell_height=20), "preview")
    assert frame.area == Area(left=0, top=0, columns=40, rows=20)
    assert [strip.text for strip in frame.strips] == ["▀" * 40] * 20


def test_previews_send_fewer_bytes() -> None:
    noise = Image.effect_noise((128, 128), 80).convert("RGB")
    box = Box(columns=40, rows=20, cell_width=10, cell_height=20)
    gradient = Image.merge("RGB", (Image.linear_gradient("L"),) * 3)
    assert encode(gradient, box, "preview").size <= encode(gradient, box, "full").size
    assert encode(noise, box, "preview").size <= encode(noise, box, "full").size
