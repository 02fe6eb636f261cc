"""Logarithm, sine and cosine in float32, bit for bit as torch's AVX2 path computes them.

Source: ATen/native/cpu/avx_mathfun.h, which uses the polynomials of the Cephes library (S. Moshier). The order of
operations is that of gcc's build, which fuses a product with the sum that follows it (one rounding). The functions
accept only the arguments that uniform variables lead to: no zeros, subnormals, infinities or NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]

_SQRT_HALF = np.float32(0.707106781186547524)
_LN_2_HIGH, _LN_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_LOG = tuple(map(np.float32, (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)))  # fmt: skip
_EXPONENT_BITS, _HALF_BITS = np.int32(0x7F800000), np.int32(0x3F000000)

_PER_QUARTER_PI = np.float32(1.27323954473516)
_QUARTER_PI = tuple(
    map(np.float32, (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8))
)  # pi / 4 as the sum of three numbers, so that no digits are lost in the reduction
_SINE = tuple(map(np.float32, (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)))
_COSINE = tuple(map(np.float32, (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)))
_ONE, _HALF = np.float32(1), np.float32(0.5)


def log32(x: Singles) -> Singles:
    """Return the natural logarithm (`log256_ps`).

    Args:
        x: Normal numbers above 0, float32, any shape.

    Returns:
        ln x, float32, of the same shape.
    """
    # x = m * 2^exponent with sqrt(1/2) <= m < sqrt(2), so that m - 1 is small enough for a short polynomial.
    # ln 2 is added in two parts: exponent * high is exact, and low carries the remaining digits.
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(np.float32)
    m = ((bits & ~_EXPONENT_BITS) | _HALF_BITS).view(np.float32)
    small = m < _SQRT_HALF
    exponent -= small
    m = (m - _ONE) + np.where(small, m, np.float32(0))
    square = m * m
    series = _horner(_LOG, m) * m
    tail = _fused(series, square, exponent * _LN_2_LOW)
    tail = _fused(-square, _HALF, tail)
    return _fused(exponent, _LN_2_HIGH, m + tail)


def sin_cos32(angle: Singles) -> tuple[Singles, Singles]:
    """Return the sine and the cosine (`sincos256_ps`).

    Args:
        angle: Angles in radians from 0 to 2 pi, float32, any shape.

    Returns:
        Sine and cosine, float32, each of the shape of `angle`.
    """
    # The nearest even multiple of pi/4 is taken away, which leaves -pi/4 to pi/4 for the two polynomials.
    # Which multiple it was decides whether sine and cosine change places, and their signs.
    octant = ((angle * _PER_QUARTER_PI).astype(np.int32) + 1) & ~1
    x, steps = angle, octant.astype(np.float32)
    for part in _QUARTER_PI:
        x = _fused(steps, part, x)
    square = x * x
    c = _fused(_horner(_COSINE, square) * square, square, -(square * _HALF)) + _ONE
    s = _fused(_horner(_SINE, square) * square, x, x)
    swapped = (octant & 2) != 0
    sine, cosine = np.where(swapped, c, s), np.where(swapped, s, c)
    return np.where(octant & 4, -sine, sine), np.where((octant - 2) & 4, cosine, -cosine)


def _horner(coefficients: tuple[np.float32, ...], x: Singles) -> Singles:
    """Evaluate a polynomial, highest coefficient first."""
    result = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        result = _fused(result, x, coefficient)
    return result


def _fused(a: Singles, b: Singles | np.float32, c: Singles | np.float32) -> Singles:
    """Return a * b + c with one rounding.

    The product of two float32 is exact in double. The sum is rounded to double first, which changes the final result
    only when it falls on the middle between two float32.
    """
    product = a.astype(np.float64) * np.float64(b) if isinstance(b, np.float32) else a.astype(np.float64) * b
    return (product + c).astype(np.float32)
