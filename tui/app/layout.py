"""How many pictures fit, and which stands where: pure arithmetic over terminal cells."""

from __future__ import annotations

import math

from engine.search.running import PARENT

MIN_PICTURE = (16, 6)
"""Columns and rows that a picture needs to be worth looking at, its caption included."""


def side_that_fits(columns: int, rows: int, most: int = 3) -> int:
    """Pictures a side of the largest grid whose pictures are worth looking at; at least 2."""
    for side in range(most, 2, -1):
        if columns >= side * MIN_PICTURE[0] and rows >= side * MIN_PICTURE[1]:
            return side
    return 2


def side_for(places: int) -> int:
    """Pictures a side of the smallest square grid that holds so many."""
    return max(1, math.isqrt(places - 1) + 1) if places > 1 else 1


def reading_order(places: int) -> tuple[int, ...]:
    """The place shown at each position, row by row: the parent in the middle of an odd grid, else first."""
    side = side_for(places)
    middle = side * side // 2 if side % 2 and places > side * side // 2 else 0
    candidates = [place for place in range(places) if place != PARENT]
    return (*candidates[:middle], PARENT, *candidates[middle:])
