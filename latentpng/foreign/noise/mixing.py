"""How tools mix two draws: variations of a seed, and the noise of one size within that of another.

The sums are taken in double over float32 draws and rounded once, where the tools take them in float32 on their device;
so the results agree with the tools' up to that rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from latentpng.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]
    Doubles = NDArray[np.float64]

_WEB_UI_PARALLEL = 0.9995
_SDNEXT_PARALLEL, _SDNEXT_SQUARE = 0.9999, 0.0001
_INVOKEAI_PARALLEL = 0.9995
_NO_ANGLE = 1e-6  # of a sine: the tools divide by it in single precision, and what is left is no noise


def web_ui_variation(strength: float, noise: Singles, other: Singles) -> Singles:
    """Stable Diffusion web UI, Forge and SwarmUI: a slerp of each column of each channel.  (C, H, W) each.

    Where the columns are parallel on average the weights are swapped, as in the tools: they keep `strength` of `noise`.
    """
    low, high = noise.astype(np.float64), other.astype(np.float64)
    dots = _column_dots(low, high)
    if dots.mean() > _WEB_UI_PARALLEL:
        return (low * strength + high * (1.0 - strength)).astype(np.float32)
    return _column_slerp(strength, low, high, dots)


def sdnext_variation(strength: float, noise: Singles, other: Singles) -> Singles:
    """SD.Next: the same with other limits, and a plain sum where the columns are square to each other on average.

    Independent noise is square on average, so about half of all pairs of seeds get the plain sum.
    """
    low, high = noise.astype(np.float64), other.astype(np.float64)
    dots = _column_dots(low, high)
    if dots.mean() > _SDNEXT_PARALLEL:
        return (low * strength + high * (1.0 - strength)).astype(np.float32)
    if dots.mean() < _SDNEXT_SQUARE:
        return (low * (1.0 - strength) + high * strength).astype(np.float32)
    return _column_slerp(strength, low, high, dots)


def invokeai_variation(strength: float, noise: Singles, other: Singles) -> Singles:
    """InvokeAI 2: one slerp of the whole tensor."""
    low, high = noise.astype(np.float64), other.astype(np.float64)
    dot = float((low * high).sum() / math.sqrt(float((low * low).sum()) * float((high * high).sum())))
    if abs(dot) > _INVOKEAI_PARALLEL:
        return ((1.0 - strength) * low + strength * high).astype(np.float32)
    angle = math.acos(dot)
    first, second = math.sin(angle - angle * strength) / math.sin(angle), math.sin(angle * strength) / math.sin(angle)
    return (first * low + second * high).astype(np.float32)


def centred(inner: Singles, outer: Singles) -> Singles:
    """`outer` with the middle of `inner` in its middle: (C, H, W) each, the sides of any sizes."""
    result = outer.copy()
    rows, columns = _overlap(inner.shape[1], outer.shape[1]), _overlap(inner.shape[2], outer.shape[2])
    result[:, rows[1], columns[1]] = inner[:, rows[0], columns[0]]
    return result


def _overlap(inner: int, outer: int) -> tuple[slice, slice]:
    """Which places of the inner side go to which of the outer one; halves are rounded down, below zero too."""
    shift = (outer - inner) // 2
    length = inner if shift >= 0 else inner + 2 * shift
    return slice(max(-shift, 0), max(-shift, 0) + length), slice(max(shift, 0), max(shift, 0) + length)


def _column_dots(low: Doubles, high: Doubles) -> Doubles:
    """The cosine between the columns: (C, W)."""
    lengths = np.sqrt((low * low).sum(axis=1) * (high * high).sum(axis=1))
    cosines: Doubles = (low * high).sum(axis=1) / lengths
    return cosines


def _column_slerp(strength: float, low: Doubles, high: Doubles, dots: Doubles) -> Singles:
    angle = np.arccos(dots.clip(-1.0, 1.0))
    sine = np.sin(angle)
    if sine.min() < _NO_ANGLE:
        raise InvalidValueError("the two noises have columns without an angle between them, so their mix is undefined")
    first: Doubles = np.sin((1.0 - strength) * angle) / sine
    second: Doubles = np.sin(strength * angle) / sine
    return (first[:, None, :] * low + second[:, None, :] * high).astype(np.float32)
