"""Shapes and axes of noise: which ones the format has, and how many octaves of detail they hold."""

from __future__ import annotations

import math

from latentpng.errors import InvalidValueError
from latentpng.text import brief

MAX_AXES = 4
MAX_ELEMENTS = 2**23
MAX_STORED = 2**21  # values that a file may store; noise of more values is computed from a seed again
COARSEST_SIDE = 4

_DEFAULT_AXES = {1: "L", 2: "LC", 3: "CHW", 4: "NCHW"}
_AXIS_LETTERS = "1ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def spatial_shape(shape: tuple[int, ...], axes: str) -> tuple[int, int]:
    """Return (H, W) of a tensor with these axes, or (0, 0) if it has no spatial axes."""
    return (shape[axes.index("H")], shape[axes.index("W")]) if "H" in axes else (0, 0)


def octaves(shape: tuple[int, ...], axes: str) -> int:
    """Return how many octaves of detail noise has, which is the number of bands of a round.

    Args:
        shape: The shape of the noise.
        axes: One letter per axis; H and W are the spatial ones.

    Returns:
        One octave for each halving of H x W until the shorter side is at most 4, and one for the rest; 0 if there
        are no spatial axes.
    """
    height, width = spatial_shape(shape, axes)
    if not height:
        return 0
    count = 1
    while min(height, width) > COARSEST_SIDE:
        height, width, count = (height + 1) // 2, (width + 1) // 2, count + 1
    return count


def default_axes(dimensions: int) -> str:
    """Return the axes of noise that does not name them: the last two are spatial from three dimensions on."""
    return _DEFAULT_AXES[dimensions]


def check_dims(shape: tuple[int, ...], most: int = MAX_ELEMENTS) -> None:
    """Raise InvalidValueError unless noise may have this shape; most: MAX_STORED for noise that a file stores."""
    if not 1 <= len(shape) <= MAX_AXES:
        raise InvalidValueError(f"1 to {MAX_AXES} dimensions needed, found {len(shape)}")
    if min(shape) < 1 or math.prod(shape) > most:
        raise InvalidValueError(f"1 to {most} elements needed, found dimensions {list(shape)}")


def is_large(shape: tuple[int, ...]) -> bool:
    """Return whether noise of this shape has more values than a file may store."""
    return math.prod(shape) > MAX_STORED


def check_shape(shape: tuple[int, ...], axes: str) -> None:
    """Raise InvalidValueError unless noise may have this shape and these axes."""
    check_dims(shape)
    if len(axes) != len(shape) or not set(axes) <= set(_AXIS_LETTERS):
        raise InvalidValueError(
            f"axes name each of the {len(shape)} dimensions by a capital letter or 1, found {brief(axes)}"
        )
    if (axes.count("H"), axes.count("W")) not in ((0, 0), (1, 1)) or axes.find("H") > axes.find("W"):
        raise InvalidValueError(f"axes have one H before one W, or neither, found {axes!r}")
