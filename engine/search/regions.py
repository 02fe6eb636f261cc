"""Regions of a picture: masks over the initial noise, as a round records them, and names for the usual ones.

A mask is rows of "0" and "1" joined by "/", a coarse grid over height x width (latentpng/SPEC.md, section 6): "1" may
move.  "" is the whole picture.  Pure functions; everything is cut into at most 64 x 64 cells, the limit of the format.
What the reports of `latentpng` need as well stands in `latentpng.regions`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from engine.errors import InvalidRequestError
from latentpng.regions import WHOLE, WORDS, are_disjoint, coverage, reduced, region_words
from latentpng.rules import MAX_REGION_SIDE

__all__ = [
    "NAMED",
    "NO_SIDES",
    "SHORT_NAMES",
    "UNKNOWN_SIDES",
    "WHOLE",
    "WORDS",
    "Split",
    "are_disjoint",
    "box",
    "box_side",
    "coverage",
    "intersection",
    "inverted",
    "parse_region",
    "reduced",
    "refitted",
    "region_asked_for",
    "region_words",
    "regions_of",
    "union",
]

NAMED = {
    "left": "10",
    "right": "01",
    "top": "1/0",
    "bottom": "0/1",
    "tl": "10/00",
    "tr": "01/00",
    "bl": "00/10",
    "br": "00/01",
}
"""The masks of the halves and the quarters, by the names that scripts use."""
SHORT_NAMES = {mask: name for name, mask in NAMED.items()}
"""The same, the other way round."""
NO_SIDES = "the noise of this model has no height and width, so that no part of the picture can vary alone"
UNKNOWN_SIDES = (0, 0)
"""Height and width of noise that has neither, or whose shape is not known yet."""
_THIRDS = re.compile(r"3x3:([1-9](?:\+[1-9])*)")
_MASK = re.compile(r"[01]+(?:/[01]+)*")
_OUTSIDE = "outside:"
_BOX_SIDES = (24, 12, 8, 6, 4, 3, 2, 1)
"""Cells along a side of the grid that boxes snap to; the first that fits the noise.  Most hold thirds and quarters."""
_FORM = (
    "a region is left, right, top, bottom, tl, tr, bl, br, several of them joined by +, 3x3:1+5, a box X,Y,W,H in "
    "percent, or rows of 0 and 1 such as 10/01; outside: before it means all the rest"
)
_SHOWN = 160
"""The characters of a text that is no region which a message repeats."""


class Split(StrEnum):
    """The regions that a pick asks about one after the other."""

    WHOLE = "whole"
    HALVES = "halves"
    QUARTERS = "quarters"


def regions_of(split: Split, *, width: int, height: int) -> tuple[str, ...]:
    """Return the masks of the regions, in reading order.

    Args:
        split: Into what the picture is divided; HALVES lie side by side unless the picture is higher than wide.
        width: Of the picture, in any unit.
        height: Likewise.
    """
    if split is Split.WHOLE:
        return (WHOLE,)
    halves = ("top", "bottom") if height > width else ("left", "right")
    names = halves if split is Split.HALVES else ("tl", "tr", "bl", "br")
    return tuple(NAMED[name] for name in names)


def box_side(noise_side: int) -> int:
    """Return the number of cells that a side of the noise is divided into for boxes; noise_side: its length."""
    return next(side for side in _BOX_SIDES if side <= max(1, noise_side))


def parse_region(text: str, height: int, width: int) -> str:
    """Return the mask of a region as scripts write it.

    Args:
        text: The region: a name, names joined by "+", "3x3:1+5" for cells of three by three in reading order, a box
            "X,Y,W,H" in percent of the picture from its top left corner, or a mask; "outside:" before it inverts it.
        height: Of the noise; a mask has at most as many rows.
        width: Of the noise; likewise.

    Raises:
        InvalidRequestError: The text is no region, one in which nothing or everything moves, or one with more cells
            than the noise.
    """
    plain = text.strip().lower()
    is_outside = plain.startswith(_OUTSIDE)
    mask = _parsed(plain.removeprefix(_OUTSIDE).strip(), height, width)
    if mask is None:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        raise InvalidRequestError(f"{_FORM}; found {shown!r}")
    mask = reduced(inverted(mask) if is_outside else mask)
    if "0" not in mask or "1" not in mask:
        what = "nothing" if "0" in mask else "the whole picture"
        raise InvalidRequestError(f"the region {text!r} is {what}; give one that is a part of the picture")
    rows, columns = _size(mask)
    if rows > height or columns > width:
        raise InvalidRequestError(
            f"the region {text!r} has {rows} x {columns} cells, and the noise {height} x {width}; give one with fewer"
        )
    return mask


def region_asked_for(text: str, sides: tuple[int, int]) -> str:
    """Return the mask of a region for noise whose shape is known.

    Args:
        text: As for `parse_region`; "" for the whole picture.
        sides: Height and width of the noise; (0, 0) when it has no spatial axes.

    Raises:
        InvalidRequestError: As `parse_region`, or the noise has no spatial axes.
    """
    if not text:
        return WHOLE
    if not all(sides):
        raise InvalidRequestError(NO_SIDES)
    return parse_region(text, *sides)


def box(left: int, top: int, right: int, bottom: int, *, columns: int, rows: int) -> str:
    """Return the mask of a box of cells.

    Args:
        left: Its first column.
        top: Its first row.
        right: The column after its last one.
        bottom: The row after its last one.
        columns: Of the whole grid.
        rows: Of the whole grid.
    """
    inside = "".join("1" if left <= column < right else "0" for column in range(columns))
    outside = "0" * columns
    return reduced("/".join(inside if top <= row < bottom else outside for row in range(rows)))


def refitted(mask: str, height: int, width: int) -> str:
    """Return the mask with at most as many cells as noise has; it is returned as it is when it fits.

    A cell moves when at least half of what it covers does.  Where that is no cell, one moves when any part of it does:
    a small region must not vanish.

    Args:
        mask: The mask.
        height: Of the noise.
        width: Of the noise.
    """
    rows, columns = _size(mask) if mask else (0, 0)
    if rows <= height and columns <= width:
        return mask
    rows, columns = min(rows, height), min(columns, width)
    bits = [[int(cell) for cell in row] for row in mask.split("/")]
    upright = [_averaged(list(column), rows) for column in zip(*bits, strict=True)]
    shares = [_averaged(list(row), columns) for row in zip(*upright, strict=True)]
    half = 0.5 - 1e-9
    least = half if max(map(max, shares)) >= half else 0.0
    return reduced("/".join("".join("1" if share > 0.0 and share >= least else "0" for share in row) for row in shares))


def inverted(mask: str) -> str:
    """Return the mask of everything outside a region; that of the whole picture has no cell that moves."""
    return (mask or "1").translate(str.maketrans("01", "10"))


# A value of the noise moves when it lies in both masks, each divided over all of the noise.  So where a grid on which
# both can be written has more cells than the noise, one cell for each row or column of the noise says the same.
def intersection(first: str, second: str, sides: tuple[int, int] = UNKNOWN_SIDES) -> str:
    """Return the mask of what two regions share; it has no "1" when they share nothing.

    Args:
        first: A mask.
        second: A mask.
        sides: Height and width of the noise, so that the result has no more cells than it.
    """
    rows, columns = _common(first or "1", second or "1", sides)
    pairs = zip(_refined(first or "1", rows, columns), _refined(second or "1", rows, columns), strict=True)
    return reduced(
        "/".join("".join("1" if a == b == "1" else "0" for a, b in zip(*pair, strict=True)) for pair in pairs)
    )


def union(masks: Iterable[str]) -> str:
    """Return the mask of everything in one or more regions."""
    result = "0"
    for mask in masks:
        result = inverted(intersection(inverted(result), inverted(mask)))
    return reduced(result)


def _parsed(text: str, height: int, width: int) -> str | None:
    if thirds := _THIRDS.fullmatch(text):
        cells = ["0"] * 9
        for number in thirds[1].split("+"):
            cells[int(number) - 1] = "1"
        return "/".join("".join(cells[row : row + 3]) for row in (0, 3, 6))
    if text.count(",") == 3:
        return _box_of(text, height, width)
    if _MASK.fullmatch(text):
        rows = text.split("/")
        is_mask = len({len(row) for row in rows}) == 1 and max(len(rows), len(rows[0])) <= MAX_REGION_SIDE
        return text if is_mask else None
    names = [name.strip() for name in text.split("+")]
    return union(NAMED[name] for name in names) if all(name in NAMED for name in names) else None


def _box_of(text: str, height: int, width: int) -> str | None:
    try:
        x, y, w, h = (float(part) / 100.0 for part in text.split(","))
    except ValueError:
        return None
    if not (0.0 <= x < 1.0 and 0.0 <= y < 1.0 and 0.0 < w <= 1.0 and 0.0 < h <= 1.0):
        return None
    columns, rows = box_side(width), box_side(height)
    left, top = min(round(x * columns), columns - 1), min(round(y * rows), rows - 1)
    right, bottom = max(left + 1, round((x + w) * columns)), max(top + 1, round((y + h) * rows))
    return box(left, top, right, bottom, columns=columns, rows=rows)


def _size(mask: str) -> tuple[int, int]:
    """Return the rows and the columns of a mask that is not WHOLE."""
    return mask.count("/") + 1, len(mask.partition("/")[0])


def _averaged(values: Sequence[float], count: int) -> list[float]:
    """Return the means of values over `count` parts of equal length."""
    cells = len(values)
    return [
        sum(
            value * max(0, min((at + 1) * cells, (cell + 1) * count) - max(at * cells, cell * count)) / cells
            for cell, value in enumerate(values)
        )
        for at in range(count)
    ]


def _common(first: str, second: str, noise_sides: tuple[int, int]) -> tuple[int, int]:
    """Return the rows and columns of a grid on which both masks can be written, at most those of the noise, or 64."""
    sizes = [_size(mask) for mask in (first, second)]
    rows, columns = (
        min(math.lcm(*counts), side or MAX_REGION_SIDE, MAX_REGION_SIDE)
        for counts, side in zip(zip(*sizes, strict=True), noise_sides, strict=True)
    )
    return rows, columns


def _refined(mask: str, rows: int, columns: int) -> list[str]:
    lines = mask.split("/")
    wide = ["".join(line[at * len(line) // columns] for at in range(columns)) for line in lines]
    return [wide[at * len(lines) // rows] for at in range(rows)]
