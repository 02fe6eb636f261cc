"""Sixels, read back by a decoder that knows nothing of the encoder."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.support.terminal.sixel_decoder import decode
from tui.graphics.geometry import Area, Box
from tui.graphics.protocols.sixel import encode, to_sixels

BOX = Box(columns=40, rows=20, cell_width=10, cell_height=20)


def gradient(width: int, height: int) -> Image.Image:
    red = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, red.transpose(Image.Transpose.FLIP_TOP_BOTTOM), Image.new("L", red.size, 99)))


def as_rows(image: Image.Image) -> list[list[tuple[int, ...]]]:
    values = image.convert("RGB").tobytes()
    flat = [tuple(values[i : i + 3]) for i in range(0, len(values), 3)]
    return [flat[i : i + image.width] for i in range(0, len(flat), image.width)]


def near(one: list[list[tuple[int, ...]]], other: list[list[tuple[int, ...]]]) -> bool:
    """To the percent in which sixels tell colours."""
    return all(
        abs(a - b) <= 2
        for row, row2 in zip(one, other, strict=True)
        for pixel, pixel2 in zip(row, row2, strict=True)
        for a, b in zip(pixel, pixel2, strict=True)
    )


def test_the_whole_sequence() -> None:
    image = Image.new("P", (5, 12), 0)
    image.putpalette([255, 255, 255, 255, 0, 0, 0, 0, 255])
    image.paste(1, (0, 0, 5, 1))
    image.putpixel((2, 11), 2)
    assert to_sixels(image) == (
        '\x1bP0;1;0q"1;1;5;12#0;2;100;100;100#1;2;100;0;0#2;2;0;0;100#0!5~$#1!5@-#0!5~$??#2_\x1b\\'
    )


@pytest.mark.parametrize("size", [(1, 6), (7, 6), (64, 60), (33, 66)])
@pytest.mark.parametrize("colours", [1, 2, 17, 256])
def test_noise_comes_back(size: tuple[int, int], colours: int) -> None:
    image = Image.effect_noise(size, 120).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    assert near(list(map(list, decode(to_sixels(image)))), as_rows(image))


@pytest.mark.parametrize("size", [(400, 400), (128, 128), (1024, 768), (300, 900), (16, 16)])
def test_a_full_picture_fills_its_box_in_its_shape(size: tuple[int, int]) -> None:
    rows = decode(encode(gradient(*size), BOX, "full").data)
    scale = min(400 / size[0], 400 / size[1])
    assert abs(len(rows[0]) - size[0] * scale) <= 1
    assert 0 <= size[1] * scale - len(rows) < 6.5
    assert len(rows) % 6 == 0


def test_colours_are_near_those_of_the_picture() -> None:
    rows = decode(encode(gradient(400, 396), BOX, "full").data)
    for y in (0, 100, 395):
        expected = gradient(400, 396).getpixel((200, y))
        assert isinstance(expected, tuple)
        assert all(abs(a - b) <= 4 for a, b in zip(rows[y][200], expected, strict=True))


def test_a_picture_stays_within_its_box() -> None:
    assert encode(gradient(1000, 500), BOX, "full").area == Area(left=0, top=5, columns=40, rows=10)


def test_a_preview_fills_its_box_for_less() -> None:
    preview = encode(gradient(16, 16), BOX, "preview")
    assert (len(decode(preview.data)), len(decode(preview.data)[0])) == (396, 400)
    noise = Image.effect_noise((512, 512), 80).convert("RGB")
    assert encode(noise, BOX, "preview").size * 4 < encode(noise, BOX, "full").size
