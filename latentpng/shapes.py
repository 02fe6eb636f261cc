"""Which shapes noise may have, and which rounds fit a shape: the rules that need both a tensor and a lineage.

Computes nothing but counts; `record.py` and the readers ask here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from latentpng.errors import InvalidValueError
from latentpng.text import brief

if TYPE_CHECKING:
    from latentpng.record import Lineage, Round

MAX_AXES = 4
MAX_ELEMENTS = 2**21
COARSEST_SIDE = 4
MAX_WORK = 2**31  # elements times candidates, over all rounds: a minute or two of replay, not days
LEAST_CANDIDATES = 8  # a round of fewer costs as much: moving octaves takes longer than drawing noise

_AXIS_LETTERS = "1ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def spatial_shape(shape: tuple[int, ...], axes: str) -> tuple[int, int]:
    """(H, W) of a tensor with these axes; (0, 0) when it has no spatial axes."""
    return (shape[axes.index("H")], shape[axes.index("W")]) if "H" in axes else (0, 0)


def octaves(shape: tuple[int, ...], axes: str) -> int:
    """How many bands a round may name: each halving of H x W until the shorter side is at most 4, and the rest.

    0 without spatial axes.
    """
    height, width = spatial_shape(shape, axes)
    if not height:
        return 0
    count = 1
    while min(height, width) > COARSEST_SIDE:
        height, width, count = (height + 1) // 2, (width + 1) // 2, count + 1
    return count


def check_dims(shape: tuple[int, ...]) -> None:
    """InvalidValueError unless a noise tensor may have this shape."""
    if not 1 <= len(shape) <= MAX_AXES:
        raise InvalidValueError(f"1 to {MAX_AXES} dimensions needed, found {len(shape)}")
    if min(shape) < 1 or math.prod(shape) > MAX_ELEMENTS:
        raise InvalidValueError(f"1 to {MAX_ELEMENTS} elements needed, found dimensions {list(shape)}")


def check_shape(shape: tuple[int, ...], axes: str) -> None:
    """InvalidValueError unless a noise tensor may have this shape and these axes."""
    check_dims(shape)
    if len(axes) != len(shape) or not set(axes) <= set(_AXIS_LETTERS):
        raise InvalidValueError(
            f"axes name each of the {len(shape)} dimensions by a capital letter or 1, found {brief(axes)}"
        )
    if (axes.count("H"), axes.count("W")) not in ((0, 0), (1, 1)) or axes.find("H") > axes.find("W"):
        raise InvalidValueError(f"axes have one H before one W, or neither, found {axes!r}")


def check_rounds(lineage: Lineage, shape: tuple[int, ...], axes: str) -> None:
    """InvalidValueError unless every round can be applied to noise of this shape, and all of them in bearable time."""
    for round_ in lineage.rounds:
        check_round(round_, shape, axes)
    work = math.prod(shape) * sum(max(LEAST_CANDIDATES, round_.of) for round_ in lineage.rounds)
    if work > MAX_WORK:
        raise InvalidValueError(f"at most {MAX_WORK} noise values in all rounds, found {work}")


def check_round(round_: Round, shape: tuple[int, ...], axes: str) -> None:
    """InvalidValueError unless the bands and the region of this round fit noise of this shape."""
    height, width = spatial_shape(shape, axes)
    if round_.bands and len(round_.bands) != octaves(shape, axes):
        raise InvalidValueError(
            f"{octaves(shape, axes)} bands needed for {list(shape)} {axes}, found {len(round_.bands)}"
        )
    rows = round_.region.split("/") if round_.region else []
    if rows and (len(rows) > height or len(rows[0]) > width):
        found = f"{len(rows)} x {len(rows[0])}"
        raise InvalidValueError(
            f"a region has at most {height} x {width} cells for {list(shape)} {axes}, found {found}"
        )
