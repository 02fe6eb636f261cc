"""How tools mix two draws: variations of a seed, and the noise of one size placed within that of another size.

The tools compute the sums in float32 on their device. Here they are computed in double from the float32 draws and
rounded once, so the results agree with the tools' up to that rounding. "slerp" is spherical linear interpolation:
sin((1 - t) a) / sin(a) * x + sin(t a) / sin(a) * y, where a is the angle between x and y.
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
_SDNEXT_PARALLEL, _SDNEXT_ORTHOGONAL = 0.9999, 0.0001
_INVOKEAI_PARALLEL = 0.9995
_MIN_SINE = 1e-6  # the tools divide by the sine in float32; below this, the quotient has no correct digits


def web_ui_variation(strength: float, noise: Singles, other: Singles) -> Singles:
    """Mix a variation as Stable Diffusion web UI, Forge and SwarmUI do: one slerp for each column of each channel.

    Where the columns are parallel on average, the tools mix linearly with the weights swapped: they keep `strength` of
    `noise`, and so does this function. Source: `slerp` in modules/rng.py of the web UI.

    Args:
        strength: The share of `other`, 0 to 1.
        noise: The noise of the seed, (C, H, W), float32, unit variance.
        other: The noise of the variation's seed, of the same shape.

    Returns:
        The mixed noise, (C, H, W), float32.

    Raises:
        InvalidValueError: Some pair of columns is parallel, so their slerp is undefined.
    """
    low, high = noise.astype(np.float64), other.astype(np.float64)
    dots = _column_dots(low, high)
    if dots.mean() > _WEB_UI_PARALLEL:
        return (low * strength + high * (1.0 - strength)).astype(np.float32)
    return _column_slerp(strength, low, high, dots)


def sdnext_variation(strength: float, noise: Singles, other: Singles) -> Singles:
    """Mix a variation as SD.Next does: like `web_ui_variation`, with other limits and a third case.

    Where the mean cosine of the columns is below 0.0001, SD.Next mixes linearly. Independent noise is orthogonal on
    average, so this happens to about half of all pairs of seeds. Source: `slerp` in modules/processing_helpers.py.

    Args:
        strength: The share of `other`, 0 to 1.
        noise: The noise of the seed, (C, H, W), float32, unit variance.
        other: The noise of the variation's seed, of the same shape.

    Returns:
        The mixed noise, (C, H, W), float32.

    Raises:
        InvalidValueError: Some pair of columns is parallel, so their slerp is undefined.
    """
    low, high = noise.astype(np.float64), other.astype(np.float64)
    dots = _column_dots(low, high)
    if dots.mean() > _SDNEXT_PARALLEL:
        return (low * strength + high * (1.0 - strength)).astype(np.float32)
    if dots.mean() < _SDNEXT_ORTHOGONAL:
        return (low * (1.0 - strength) + high * strength).astype(np.float32)
    return _column_slerp(strength, low, high, dots)


def invokeai_variation(strength: float, noise: Singles, other: Singles) -> Singles:
    """Mix a variation as InvokeAI 2 does: one slerp of the whole tensor, or a linear mix of parallel noise.

    Source: `Generator.slerp` in ldm/invoke/generator/base.py.

    Args:
        strength: The share of `other`, 0 to 1.
        noise: The noise of the seed, (C, H, W), float32, unit variance.
        other: The noise of the variation's seed, of the same shape.

    Returns:
        The mixed noise, (C, H, W), float32.
    """
    low, high = noise.astype(np.float64), other.astype(np.float64)
    dot = float((low * high).sum() / math.sqrt(float((low * low).sum()) * float((high * high).sum())))
    if abs(dot) > _INVOKEAI_PARALLEL:
        return ((1.0 - strength) * low + strength * high).astype(np.float32)
    angle = math.acos(dot)
    first, second = math.sin(angle - angle * strength) / math.sin(angle), math.sin(angle * strength) / math.sin(angle)
    return (first * low + second * high).astype(np.float32)


def centred(inner: Singles, outer: Singles) -> Singles:
    """Return `outer` with the centre of `inner` copied into its centre ("Seed resize from").

    Source: `ImageRNG.first` in modules/rng.py of the web UI.

    Args:
        inner: Noise of shape (C, h, w), float32.
        outer: Noise of shape (C, H, W), float32; each side may be larger or smaller than that of `inner`.

    Returns:
        Noise of the shape of `outer`, float32.
    """
    result = outer.copy()
    rows, columns = _overlap(inner.shape[1], outer.shape[1]), _overlap(inner.shape[2], outer.shape[2])
    result[:, rows[1], columns[1]] = inner[:, rows[0], columns[0]]
    return result


def _overlap(inner: int, outer: int) -> tuple[slice, slice]:
    """Return which indices of the inner side go to which of the outer side; halves are rounded down, below 0 too."""
    shift = (outer - inner) // 2
    length = inner if shift >= 0 else inner + 2 * shift
    return slice(max(-shift, 0), max(-shift, 0) + length), slice(max(shift, 0), max(shift, 0) + length)


def _column_dots(low: Doubles, high: Doubles) -> Doubles:
    """Return the cosines of the angles between columns: (C, W)."""
    lengths = np.sqrt((low * low).sum(axis=1) * (high * high).sum(axis=1))
    cosines: Doubles = (low * high).sum(axis=1) / lengths
    return cosines


def _column_slerp(strength: float, low: Doubles, high: Doubles, dots: Doubles) -> Singles:
    angle = np.arccos(dots.clip(-1.0, 1.0))
    sine = np.sin(angle)
    if sine.min() < _MIN_SINE:
        raise InvalidValueError("the noise of the two seeds has parallel columns, so their slerp is undefined")
    first: Doubles = np.sin((1.0 - strength) * angle) / sine
    second: Doubles = np.sin(strength * angle) / sine
    return (first[:, None, :] * low + second[:, None, :] * high).astype(np.float32)
