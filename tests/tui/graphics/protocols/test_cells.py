"""Plain cells, read back character by character: what each fills is told by its name in Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw
from rich.color import Color, ColorSystem, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Area, Box
from tui.graphics.protocols.cells import encode, encode_in_256
from tui.graphics.terminal.known import Blocks

BLACK, WHITE, RED = (0, 0, 0), (255, 255, 255), (255, 0, 0)
BOX = Box(columns=40, rows=20, cell_width=10, cell_height=20)
ALL: tuple[Blocks, ...] = ("halfcell", "quadrant", "sextant", "octant")


def scene(width: int = 256, height: int = 256) -> Image.Image:
    """A picture with smooth and sharp parts."""
    red = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (red, red.rotate(90), Image.radial_gradient("L").resize((width, height))))
    for x in range(0, width, width // 5):
        ImageDraw.Draw(image).ellipse(
            [x, height // 3 + x // 9, x + width // 7, height // 2 + x // 5], fill=(250, 240, 20)
        )
    return image


def shape(character: str) -> npt.NDArray[np.bool_]:
    """What a character fills: 24 rows of 8."""
    filled = np.zeros((24, 8), dtype=bool)
    if character in " █":
        filled[:] = character == "█"
        return filled
    if "\U0001cd00" <= character <= "\U0001cde5":
        pytest.skip("this Python does not know the names of octants")
    words = unicodedata.name(character).split()
    eighths = {"ONE": 1, "THREE": 3, "FIVE": 5, "SEVEN": 7}
    match words:
        case ["BLOCK", sextants]:
            for digit in sextants.removeprefix("SEXTANT-"):
                row, column = divmod(int(digit) - 1, 2)
                filled[8 * row : 8 * row + 8, 4 * column : 4 * column + 4] = True
        case ["QUADRANT", *parts]:
            for vertical, horizontal in _quadrants(parts):
                top, left = 12 * (vertical == "LOWER"), 4 * (horizontal == "RIGHT")
                filled[top : top + 12, left : left + 4] = True
        case [side, *share, "BLOCK"]:
            sizes: dict[tuple[str, ...], int] = {
                ("HALF",): 4,
                ("ONE", "QUARTER"): 2,
                ("THREE", "QUARTERS"): 6,
                **{(number, "EIGHTH" if count == 1 else "EIGHTHS"): count for number, count in eighths.items()},
            }
            size = sizes[tuple(share)]
            {
                "UPPER": filled[: 3 * size],
                "LOWER": filled[24 - 3 * size :],
                "LEFT": filled[:, :size],
                "RIGHT": filled[:, 8 - size :],
            }[side][:] = True
        case _:
            raise AssertionError(words)
    return filled


def _quadrants(words: list[str]) -> Iterator[tuple[str, str]]:
    for part in " ".join(words).split(" AND "):
        vertical, horizontal = part.split()
        yield vertical, horizontal


def drawn(frame: Frame) -> npt.NDArray[np.float64]:
    """What a terminal shows: 24 x 8 points for each cell."""
    rows = []
    for strip in frame.strips:
        cells = []
        for segment in strip:
            assert segment.style is not None
            back = rgb(segment.style.bgcolor)
            fore = rgb(segment.style.color) if segment.style.color else back
            cells += [np.where(shape(character)[..., None], fore, back) for character in segment.text]
        rows.append(np.concatenate(cells, axis=1))
    return np.concatenate(rows)


def rgb(color: Color | None) -> npt.NDArray[np.float64]:
    assert color is not None
    assert color.triplet is not None
    return np.array(color.triplet, dtype=float)


def error(image: Image.Image, frame: Frame, blur: int = 1) -> float:
    """The root of the mean squared error, after an average over squares of `blur` points."""
    shown = drawn(frame)
    wanted = np.asarray(image.resize((shown.shape[1], shown.shape[0]), Image.Resampling.BICUBIC), dtype=float)
    difference = shown - wanted
    height, width = difference.shape[0] // blur * blur, difference.shape[1] // blur * blur
    squares = difference[:height, :width].reshape(height // blur, blur, width // blur, blur, 3).mean(axis=(1, 3))
    return float(np.sqrt(np.square(squares).mean()))


def style(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))


def test_two_halves_strip_by_strip() -> None:
    image = Image.new("RGB", (80, 80), BLACK)
    image.paste(RED, (0, 0, 80, 20))
    image.paste(WHITE, (0, 40, 80, 80))
    frame = encode(image, Box(columns=8, rows=4, cell_width=10, cell_height=20), "full", blocks="halfcell")
    assert frame.area == Area(left=0, top=0, columns=8, rows=4)
    white = Style(bgcolor=Color.from_rgb(*WHITE))
    assert [list(strip) for strip in frame.strips[2:]] == [[Segment(" " * 8, white)]] * 2
    assert [len(list(strip)) for strip in frame.strips] == [1] * 4


@pytest.mark.parametrize("blocks", ALL)
def test_a_plain_picture_is_one_sequence_a_row(blocks: Blocks) -> None:
    frame = encode(
        Image.new("RGB", (200, 100), RED), Box(columns=8, rows=6, cell_width=10, cell_height=20), "full", blocks=blocks
    )
    assert frame.area == Area(left=0, top=2, columns=8, rows=2)
    assert [list(strip) for strip in frame.strips] == [[Segment(" " * 8, Style(bgcolor=Color.from_rgb(*RED)))]] * 2


def test_finer_characters_come_nearer() -> None:
    half, quadrant, sextant = (error(scene(), encode(scene(), BOX, "full", blocks=blocks)) for blocks in ALL[:3])
    assert half > 1.15 * quadrant
    assert quadrant > sextant


def test_an_edge_between_quadrants_is_followed_by_eighths() -> None:
    image = Image.new("RGB", (80, 240), WHITE)
    image.paste(BLACK, (0, 120 + 15, 80, 240))  # five eighths of the sixth cell from the top of the lower half
    frame = encode(image, Box(columns=8, rows=10, cell_width=10, cell_height=24), "full", blocks="quadrant")
    assert frame.strips[5].text == "▃" * 8


def test_a_picture_of_gradients_keeps_to_its_bytes() -> None:
    ramp = Image.linear_gradient("L")
    image = Image.merge("RGB", (ramp, ramp.rotate(90), Image.radial_gradient("L")))
    for quality in get_args(Quality):
        assert encode(image, BOX, quality, blocks="sextant").size <= 27 * 40 * 20


def test_previews_send_fewer_bytes_and_neither_sends_more_than_a_pair_for_each_cell() -> None:
    noise = Image.effect_noise((128, 128), 80).convert("RGB")
    for image in (scene(), noise):
        preview, full = (encode(image, BOX, quality, blocks="sextant").size for quality in ("preview", "full"))
        assert preview <= full <= 40 * 20 * 42


@pytest.mark.parametrize("blocks", ALL)
@pytest.mark.parametrize("encoder", [encode, encode_in_256])
def test_the_size_is_what_is_sent(blocks: Blocks, encoder: object) -> None:
    system = ColorSystem.TRUECOLOR if encoder is encode else ColorSystem.EIGHT_BIT
    frame = (encode if encoder is encode else encode_in_256)(scene(), BOX, "full", blocks=blocks)
    sent = sum(
        len(Strip.render_style(segment.style, segment.text, system).encode())
        for strip in frame.strips
        for segment in strip
        if segment.style is not None
    )
    assert frame.size == pytest.approx(sent, rel=0.1)
    assert all(strip.cell_length == 40 for strip in frame.strips)
    assert all(len(strip.text) == 40 for strip in frame.strips)


@pytest.mark.parametrize("blocks", ALL[:3])
def test_256_colours_are_dithered(blocks: Blocks) -> None:
    frame = encode_in_256(scene(), BOX, "full", blocks=blocks)
    colours = {
        color
        for strip in frame.strips
        for part in strip
        if part.style
        for color in (part.style.color, part.style.bgcolor)
    } - {None}
    assert all(color is not None and color.type is ColorType.EIGHT_BIT for color in colours)
    assert all(color is not None and color.downgrade(ColorSystem.EIGHT_BIT) == color for color in colours)
    flat = Image.new("RGB", (64, 64), (110, 160, 190))  # between the levels of the palette
    assert np.abs(drawn(encode_in_256(flat, BOX, "full", blocks=blocks)).mean(axis=(0, 1)) - (110, 160, 190)).max() < 3
    assert error(scene(), frame, blur=24) < 12


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 3000), (16, 16)])
def test_every_shape_of_picture(size: tuple[int, int]) -> None:
    for encoder in (encode, encode_in_256):
        frame = encoder(Image.new("RGB", size, RED), BOX, "full", blocks="sextant")
        assert len(frame.strips) == frame.area.rows >= 1
