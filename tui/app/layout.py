"""How many pictures fit, and which stands where: pure arithmetic in terminal cells."""

from __future__ import annotations

import math

from engine.search.running import PARENT

MIN_PICTURE = (16, 6)
"""Columns and rows that a picture needs to be worth looking at, its caption included."""


def side_that_fits(columns: int, rows: int, most: int = 3) -> int:
    """Return the pictures along a side of the largest square grid whose pictures are worth looking at; at least 2."""
    for side in range(most, 2, -1):
        if columns >= side * MIN_PICTURE[0] and rows >= side * MIN_PICTURE[1]:
            return side
    return 2


def side_for(count: int) -> int:
    """Return the pictures along a side of the smallest square grid that holds so many."""
    return max(1, math.isqrt(count - 1) + 1) if count > 1 else 1


def reading_order(count: int) -> tuple[int, ...]:
    """Return the index of the picture at each position, row by row.

    The parent stands in the middle of an odd grid, with its variations around it; else it comes first.
    """
    side = side_for(count)
    middle = side * side // 2 if side % 2 and count > side * side // 2 else 0
    candidates = [index for index in range(count) if index != PARENT]
    return (*candidates[:middle], PARENT, *candidates[middle:])
