"""Pictures as text, for every terminal: each cell is an upper half block, and its two colours are two pixels."""

from __future__ import annotations

from itertools import groupby
from typing import Final, TypeAlias

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Area, Box, whole_cells
from tui.graphics.protocols.palette import reduce

_UPPER_HALF: Final = "▀"
_COLOURS: Final[dict[Quality, int]] = {"full": 256, "preview": 64}
_BYTES_PER_RUN: Final = 38  # ESC[38;2;r;g;b;48;2;r;g;bm at the start of a run of equal cells, ESC[0m at its end
_BYTES_PER_CELL: Final = len(_UPPER_HALF.encode())

_Colour: TypeAlias = tuple[int, int, int]


def encode(image: Image.Image, box: Box, quality: Quality) -> Frame:
    """Encode a picture as lines of text.

    Args:
        image: The picture, mode RGB.
        box: The room for it.
        quality: "preview" has fewer colours.

    Returns:
        The frame.  It has so few colours that neighbours are often equal and share one colour sequence: that sequence
        is most of what a half-cell sends.
    """
    area = whole_cells(image.width, image.height, box)
    pixels = _pixels(image, area, quality)
    rows = [list(zip(pixels[2 * row], pixels[2 * row + 1], strict=True)) for row in range(area.rows)]
    runs = [[(pair, len(list(group))) for pair, group in groupby(row)] for row in rows]
    return Frame(
        box=box,
        area=area,
        strips=tuple(_strip(row, area.columns) for row in runs),
        size=sum(map(len, runs)) * _BYTES_PER_RUN + area.rows * area.columns * _BYTES_PER_CELL,
    )


def _pixels(image: Image.Image, area: Area, quality: Quality) -> list[list[_Colour]]:
    """Return 2 * rows lines of `columns` colours."""
    size = (area.columns, 2 * area.rows)
    shrinking = image.width > size[0] or image.height > size[1]
    small = image.resize(size, Image.Resampling.BOX if shrinking else Image.Resampling.BICUBIC)
    few = reduce(small, _COLOURS[quality]).convert("RGB")
    values = few.tobytes()
    line = 3 * area.columns
    return [
        [(values[i], values[i + 1], values[i + 2]) for i in range(start, start + line, 3)]
        for start in range(0, len(values), line)
    ]


def _strip(runs: list[tuple[tuple[_Colour, _Colour], int]], columns: int) -> Strip:
    return Strip(
        [
            Segment(_UPPER_HALF * count, Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))
            for (upper, lower), count in runs
        ],
        columns,
    )
