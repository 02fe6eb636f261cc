"""How different two pictures look: the root of the mean squared difference of their reduced colours.

Pictures are reduced to about 128 pixels a side first, so finer differences, which nobody sees in a cell of a grid, do
not count.  A picture of 1024 x 1024 takes less than a millisecond, so this needs no thread of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from engine.rendering.events import Picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Reduced: TypeAlias = "NDArray[np.float32]"

SIDE = 128
_SAMPLES = 4
"""Rows and columns of a cell that its mean is taken of: all of them say no more, and take five times as long."""


def reduced(picture: Picture) -> Reduced:
    """Return the means of square cells of a picture, at most `SIDE` along its longer side.

    Args:
        picture: The picture; rows and columns at the edge that fill no cell are left out.

    Returns:
        Colours, (rows, columns, 3), float32, 0 to 1.
    """
    import numpy as np  # not before it is needed

    cell = max(1, min(math.ceil(max(picture.width, picture.height) / SIDE), picture.width, picture.height))
    rows, columns = picture.height // cell, picture.width // cell
    pixels = np.frombuffer(picture.rgb, dtype=np.uint8).reshape(picture.height, picture.width, 3)
    pixels = pixels[: rows * cell, : columns * cell]
    sampled = range(0, cell, math.ceil(cell / _SAMPLES))
    across = np.zeros((rows, columns * cell, 3), dtype=np.uint16)
    for row in sampled:
        across += pixels[row::cell]
    means = np.zeros((rows, columns, 3), dtype=np.float32)
    for column in sampled:
        means += across[:, column::cell]
    means /= 255.0 * len(sampled) ** 2
    return means


def difference(one: Reduced, other: Reduced, part: float = 1.0) -> float:
    """Return how different two pictures look, from 0 to 1.

    Args:
        one: A reduced picture.
        other: A reduced picture of the same size.
        part: The part of the picture that was allowed to change: what differs is taken to lie in it.

    Returns:
        The root of the mean squared difference of their colour values.
    """
    import numpy as np

    apart = one - other
    return min(1.0, math.sqrt(float(np.mean(apart * apart)) / part))


def distances(parent: Picture, candidates: Sequence[Picture]) -> tuple[float, ...]:
    """Return how different candidates look from their parent, from 0 to 1; 0 for one of another size.

    Args:
        parent: The parent.
        candidates: The candidates.
    """
    start = reduced(parent)
    ends = map(reduced, candidates)
    return tuple(difference(start, end) if end.shape == start.shape else 0.0 for end in ends)
