"""Sixels, read back by a decoder that knows nothing of the encoder."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.support.terminal.sixel_decoder import decode
from tui.graphics.frame import Quality
from tui.graphics.geometry import Area, Box
from tui.graphics.protocols.seams import image_to_sixels
from tui.graphics.protocols.sixel import encode

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


@pytest.mark.parametrize("size", [(1, 6), (7, 6), (64, 60), (33, 66)])
@pytest.mark.parametrize("colours", [1, 2, 17, 256])
def test_noise_comes_back(size: tuple[int, int], colours: int) -> None:
    image = Image.effect_noise(size, 120).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    assert near(list(map(list, decode(image_to_sixels(image)))), as_rows(image))


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


def test_a_preview_fills_its_box_smoothly_for_less() -> None:
    preview = encode(gradient(16, 16), BOX, "preview")
    assert (len(decode(preview.data)), len(decode(preview.data)[0])) == (396, 400)
    noise = Image.effect_noise((512, 512), 80).convert("RGB")
    assert encode(noise, BOX, "preview").size * 1.5 < encode(noise, BOX, "full").size
    image = Image.new("RGB", (400, 400), "black")
    image.paste("white", (0, 0, 200, 400))
    edge = decode(encode(image, BOX, "preview").data)[100][190:210]
    assert len(set(edge)) > 3


def test_the_best_is_dithered() -> None:
    sky = Image.merge("RGB", [Image.linear_gradient("L").point(lambda v: 100 + v // 12)] * 3).resize((400, 396))
    rows = decode(encode(sky, BOX, "best", registers=8).data)
    assert len({pixel for row in rows for pixel in row}) <= 8
    for y in (50, 150, 250, 350):  # the mean of a few lines is between two of eight colours
        shown = sum(pixel[0] for row in rows[y : y + 12] for pixel in row) / (12 * 400)
        wanted = sum(sky.getpixel((0, line))[0] for line in range(y, y + 12)) / 12  # type: ignore[index, misc]
        assert abs(shown - wanted) < 2


@pytest.mark.parametrize("quality", ["preview", "full", "best"])
def test_a_terminal_has_as_many_colours_as_it_says(quality: Quality) -> None:
    noise = Image.effect_noise((256, 256), 90).convert("RGB")
    for registers in (2, 16, 100):
        rows = decode(encode(noise, BOX, quality, registers=registers).data)
        assert len({pixel for row in rows for pixel in row}) <= registers
