"""Logarithm, sine and cosine in float32, bit for bit as glibc computes them for torch's generic path.

Source: glibc since 2.28 (sysdeps/ieee754/flt-32: e_logf.c, s_sincosf.h), first published as Arm's optimized routines.
A table or a reduction by pi/2 is followed by a short polynomial in double, which is rounded once. Only additions and
multiplications of doubles are used, so every machine gives the same bits. The functions accept only the arguments that
uniform variables lead to: no zeros, subnormals, infinities or NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]

# 1/c and ln(c) for a c near the middle of each of 16 intervals of [0.699, 1.398)
_INVERSES = tuple(map(float.fromhex, (
    "0x1.661ec79f8f3bep+0", "0x1.571ed4aaf883dp+0", "0x1.49539f0f010bp+0", "0x1.3c995b0b80385p+0",
    "0x1.30d190c8864a5p+0", "0x1.25e227b0b8eap+0", "0x1.1bb4a4a1a343fp+0", "0x1.12358f08ae5bap+0",
    "0x1.0953f419900a7p+0", "0x1p+0", "0x1.e608cfd9a47acp-1", "0x1.ca4b31f026aap-1",
    "0x1.b2036576afce6p-1", "0x1.9c2d163a1aa2dp-1", "0x1.886e6037841edp-1", "0x1.767dcf5534862p-1",
)))  # fmt: skip
_LOGARITHMS = tuple(map(float.fromhex, (
    "-0x1.57bf7808caadep-2", "-0x1.2bef0a7c06ddbp-2", "-0x1.01eae7f513a67p-2", "-0x1.b31d8a68224e9p-3",
    "-0x1.6574f0ac07758p-3", "-0x1.1aa2bc79c81p-3", "-0x1.a4e76ce8c0e5ep-4", "-0x1.1973c5a611cccp-4",
    "-0x1.252f438e10c1ep-5", "0x0p+0", "0x1.aa5aa5df25984p-5", "0x1.c5e53aa362eb4p-4",
    "0x1.526e57720db08p-3", "0x1.bc2860d22477p-3", "0x1.1058bc8a07ee1p-2", "0x1.4043057b6ee09p-2",
)))  # fmt: skip
_LOG_START = np.int32(0x3F330000)  # the bits of 0.699
_LN_2 = float.fromhex("0x1.62e42fefa39efp-1")
_LOG = tuple(map(float.fromhex, ("-0x1.00ea348b88334p-2", "0x1.5575b0be00b6ap-2", "-0x1.ffffef20a4123p-2")))

_HALF_PI = float.fromhex("0x1.921fb54442d18p+0")
_PER_HALF_PI = float.fromhex("0x1.45f306dc9c883p-1")
_SMALL = np.float32(_HALF_PI / 2).view(np.int32) >> 20
_SINE = tuple(map(float.fromhex, ("-0x1.555545995a603p-3", "0x1.1107605230bc4p-7", "-0x1.994eb3774cf24p-13")))
_COSINE = (1.0, *map(float.fromhex, (
    "-0x1.ffffffd0c621cp-2", "0x1.55553e1068f19p-5", "-0x1.6c087e89a359dp-10", "0x1.99343027bf8c3p-16",
)))  # fmt: skip


def log32(x: Singles) -> Singles:
    """Return the natural logarithm (`logf`).

    Args:
        x: Normal numbers above 0, float32, any shape.

    Returns:
        ln x, float32, of the same shape.
    """
    # x = z * 2^exponent with z in [0.699, 1.398). The table holds a c near z, so r = z/c - 1 is small, and
    # ln x = exponent * ln 2 + ln c + ln(1 + r), where a polynomial in r gives the last term.
    bits = x.view(np.int32)
    offset = bits - _LOG_START
    entry = (offset >> 19) & 15
    exponent = offset >> 23
    z = (bits - (exponent << 23)).view(np.float32).astype(np.float64)
    r = z * np.array(_INVERSES)[entry] - 1.0
    y = np.array(_LOGARITHMS)[entry] + exponent * _LN_2
    square = r * r
    series = _LOG[0] * square + (_LOG[1] * r + _LOG[2])
    result: Singles = (series * square + (y + r)).astype(np.float32)
    return result


def sin_cos32(angle: Singles) -> tuple[Singles, Singles]:
    """Return the sine and the cosine (`sinf`, `cosf`).

    Args:
        angle: Angles in radians from 0 to 2 pi, float32, any shape.

    Returns:
        Sine and cosine, float32, each of the shape of `angle`.
    """
    # The nearest multiple of pi/2 is taken away, which leaves -pi/4 to pi/4 for the two polynomials.
    # Which quadrant it was decides whether sine and cosine change places, and their signs.
    x = angle.astype(np.float64)
    quadrant = np.floor(x * _PER_HALF_PI + 0.5).astype(np.int64)
    quadrant[angle.view(np.int32) >> 20 < _SMALL] = 0  # glibc compares only the high bits with pi/4
    x -= quadrant * _HALF_PI
    square = x * x
    cube, fourth = x * square, square * square
    s = (x + cube * _SINE[0]) + (cube * square) * (_SINE[1] + square * _SINE[2])
    c = (_COSINE[0] + square * _COSINE[1]) + fourth * _COSINE[2]
    c += (fourth * square) * (_COSINE[3] + square * _COSINE[4])
    odd = (quadrant & 1).astype(np.bool_)
    sine, cosine = np.where(odd, c, s), np.where(odd, s, c)
    sine = np.where(quadrant & 2, -sine, sine)
    cosine = np.where((quadrant + 1) & 2, -cosine, cosine)
    return sine.astype(np.float32), cosine.astype(np.float32)
