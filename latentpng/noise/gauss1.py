"""`gauss1`: standard normal noise with the same bits on every machine, in every language and for ever.

It is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11) with the Box-Muller transform,
built of 32-bit integers and IEEE double + - * / sqrt alone.  SPEC.md, section 5, is the law.  `log`, `sin`, fused
multiply-add and the generators of NumPy are not used, because all of those may change their last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentpng.errors import InvalidValueError
from latentpng.rules import check_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words: TypeAlias = NDArray[np.uint64]
    Doubles: TypeAlias = NDArray[np.float64]

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_BLOCKS_AT_ONCE = 4096  # of four values each, so that all temporaries stay in the processor's cache

_SQRT_HALF = 0.7071067811865476
_LN_2 = 0.6931471805599453
_HALF_PI = 1.5707963267948966
_ATANH = tuple(1.0 / (2 * k + 1) for k in range(10))
_SINE = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(9))
_COSINE = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(9))


def gauss1(seed: int, stream: int, count: int) -> NDArray[np.float32]:
    """Return the first values of a stream.

    Args:
        seed: 0 to 2^64 - 1.
        stream: The number of the stream, 0 to 2^64 - 1.
        count: How many values.

    Returns:
        (count,), float32, zero mean, unit variance.

    Raises:
        InvalidValueError: If an argument is out of its range.
    """
    check_seed("seed", seed)
    check_seed("stream", stream)
    if count < 0:
        raise InvalidValueError(f"the number of values is at least 0, found {count}")
    blocks = -(-count // 4)
    values = np.empty((blocks, 2, 2), np.float32)
    for first in range(0, blocks, _BLOCKS_AT_ONCE):
        last = min(first + _BLOCKS_AT_ONCE, blocks)
        counter = np.arange(first, last, dtype=np.uint64)
        _box_muller(philox(seed, np.full_like(counter, stream), counter), values[first:last])
    return values.reshape(-1)[:count]


def gauss1_pieces(
    seed: int, streams: int, count: int, first_stream: int = 0
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the first values of several streams in pieces.

    Many short streams cost little more than one long stream, and a piece is small however long the streams are.

    Args:
        seed: 0 to 2^64 - 1.
        streams: How many streams.
        count: How many values of each.
        first_stream: The number of the first stream.

    Yields:
        The columns of the piece, and the piece itself: (streams, columns), float32.
    """
    blocks, most = -(-count // 4), max(1, _BLOCKS_AT_ONCE // streams)
    for first in range(0, blocks, most):
        last = min(first + most, blocks)
        counter = np.tile(np.arange(first, last, dtype=np.uint64), streams)
        values = np.empty((len(counter), 2, 2), np.float32)
        numbers = np.arange(first_stream, first_stream + streams, dtype=np.uint64)
        _box_muller(philox(seed, np.repeat(numbers, last - first), counter), values)
        columns = slice(4 * first, min(4 * last, count))
        yield columns, values.reshape(streams, -1)[:, : columns.stop - columns.start]


def philox(seed: int, stream: Words, counter: Words) -> tuple[Words, Words, Words, Words]:
    """Return the four words of Philox4x32-10 for each counter.

    Args:
        seed: The key, 0 to 2^64 - 1.
        stream: The upper half of the 128-bit counter, (n,), uint64.
        counter: The lower half of the counter, (n,), uint64.

    Returns:
        Four arrays (n,) of 32-bit words, in the low halves of uint64.
    """
    # Words are kept in 64 bits, because the product of two 32-bit words needs them.  The upper half of each product is
    # the high word of the law, the lower half the low word; `^=` works in place to save passes over memory.
    w0, w1 = counter & _LOW, counter >> _SHIFT
    w2, w3 = stream & _LOW, stream >> _SHIFT
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = w0 * _MULTIPLIERS[0], w2 * _MULTIPLIERS[1]
        w1 ^= b >> _SHIFT
        w1 ^= np.uint64(key[0])
        w3 ^= a >> _SHIFT
        w3 ^= np.uint64(key[1])
        a &= _LOW
        b &= _LOW
        w0, w1, w2, w3 = w1, b, w3, a
        key = [(key[0] + _WEYL[0]) & 0xFFFFFFFF, (key[1] + _WEYL[1]) & 0xFFFFFFFF]
    return w0, w1, w2, w3


def _box_muller(words: tuple[Words, Words, Words, Words], out: NDArray[np.float32]) -> None:
    """Fill out[:, pair, :] with two normal values for each pair of words (Box and Muller, 1958).

    The first word of a pair gives the radius sqrt(-2 ln u), the second one the angle.
    """
    radius_words = np.stack((words[0], words[2]), axis=1)
    angle_words = np.stack((words[1], words[3]), axis=1)
    radius = np.sqrt(-2.0 * _log_uniform(radius_words))
    x, y = _direction(angle_words)
    np.multiply(radius, x, out=out[..., 0], casting="same_kind", dtype=np.float64)
    np.multiply(radius, y, out=out[..., 1], casting="same_kind", dtype=np.float64)


def _log_uniform(words: Words) -> Doubles:
    """Return ln((2 w + 1) / 2^33) of each word w."""
    # ln(m * 2^e) = ln m + e ln 2.  With m in [sqrt(1/2), sqrt(2)), t = (m - 1) / (m + 1) is at most 0.172, and the ten
    # terms of ln m = 2 artanh t = 2 t (1 + t^2/3 + t^4/5 + ...) reach the precision of a double.
    x = words.astype(np.float64)
    x *= 2.0
    x += 1.0
    m, exponent = np.frexp(x)
    small = m < _SQRT_HALF
    m = np.where(small, m + m, m)
    e = exponent.astype(np.float64) - small
    t = (m - 1.0) / (m + 1.0)
    series = _horner(_ATANH, t * t)
    t *= 2.0
    t *= series
    e -= 33.0
    e *= _LN_2
    t += e
    return t


def _direction(words: Words) -> tuple[Doubles, Doubles]:
    """Return x and y of a point on the unit circle for each word."""
    # The low 30 bits are an angle p in (-pi/4, pi/4), where nine terms of the Taylor series of sine and cosine reach
    # the precision of a double.  The high two bits turn the point by 0 to 3 quarters of a circle: an odd number swaps
    # the coordinates and negates the first, and 2 and 3 negate both.
    p = (words & np.uint64(0x3FFFFFFF)).astype(np.float64)
    p += 0.5
    p *= 2.0**-30
    p -= 0.5
    p *= _HALF_PI
    square = p * p
    sine = _horner(_SINE, square)
    sine *= p
    cosine = _horner(_COSINE, square)
    quadrant = words >> np.uint64(30)
    odd = (quadrant & np.uint64(1)).astype(np.bool_)
    sign = np.where(quadrant >= 2, -1.0, 1.0)
    x = np.where(odd, -sine, cosine)
    y = np.where(odd, cosine, sine)
    x *= sign
    y *= sign
    return x, y


def _horner(coefficients: tuple[float, ...], x: Doubles) -> Doubles:
    """Return c0 + x (c1 + x (c2 + ...)), with a rounded product and a rounded sum at each step."""
    result = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result *= x
        result += coefficient
    return result
