"""`torch.randn` on the CPU, without torch. Source: ATen/native/cpu/DistributionTemplates.h.

Words become uniform variables, and the Box-Muller transform turns each block of 16 of them into normal variables: the
first 8 give the radius and the last 8 the angle. When the size is not a multiple of 16, the last 16 values are drawn
again from the words that follow (rounded dtypes: that follow the last whole block). Fewer than 16 values are drawn one
by one in double.

torch has two code paths for this, which differ in the last bit of some values. "avx2" is what x86 processors with AVX2
run, those with AVX-512 included: `normal_stub` is not registered for AVX-512 (ATen/native/cpu/DistributionKernels.cpp),
so torch falls back to AVX2 there, although `torch.backends.cpu.get_cpu_capability()` says "AVX512". "generic" is what
other processors run (ARM, Apple silicon, old x86; POWER has a third path, which is not reproduced), and any x86
processor under ATEN_CPU_CAPABILITY=default. Its logarithm, sine and cosine come from the C library: those of glibc are
reproduced, and another library (Apple's) may differ in the last bit. Both paths are reproduced bit for bit as the
Linux builds of torch for x86 draw them.

Noise of 16 bits was coarse in torch 2.1 to 2.7 and some releases after: uniforms of 11 bits (float16) or 8 (bfloat16),
each operation rounded. In 2.13 it is the float32 noise, rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise import avx2_math, glibc_math
from latentpng.foreign.noise.mersenne import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles: TypeAlias = NDArray[np.float32]
    Rounding: TypeAlias = Callable[[Singles], Singles]

GENERIC, AVX2 = "generic", "avx2"
ARITHMETICS = (AVX2, GENERIC)
DEFAULT_ARITHMETIC = AVX2  # what most machines run: every x86 processor with AVX2 or AVX-512
FLOAT32 = "float32"
_ROUNDED, _COARSE = ("float16", "bfloat16"), ("coarse-float16", "coarse-bfloat16")
DTYPES = (FLOAT32, *_ROUNDED, *_COARSE)
MAX_DRAWN = 2**28  # values of one draw; generating the words takes a second or two

BLOCK = 16
_TWO_PI = 2.0 * math.pi


@dataclass(frozen=True, kw_only=True, slots=True)
class CpuDraw:
    """Part of one call of `torch.randn`.

    Attributes:
        seed: The seed of the call, from -2^63 to 2^64 - 1.
        total: The number of values of the whole call, at most `MAX_DRAWN`.
        first: The index of the first wanted value.
        count: The number of wanted values.
        dtype: The dtype of the call, one of `DTYPES`.
        arithmetic: The code path of torch, one of `ARITHMETICS`; the coarse dtypes are the same on both.

    Raises:
        InvalidValueError: The dtype or the arithmetic is not known, or the values lie outside the call.
    """

    seed: int
    total: int
    first: int
    count: int
    dtype: str = FLOAT32
    arithmetic: str = DEFAULT_ARITHMETIC

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InvalidValueError(f"dtype must be one of {', '.join(DTYPES)}, found {self.dtype!r}")
        if self.arithmetic not in ARITHMETICS:
            raise InvalidValueError(f"arithmetic must be {' or '.join(ARITHMETICS)}, found {self.arithmetic!r}")
        if not 0 <= self.first <= self.first + self.count <= self.total <= MAX_DRAWN:
            wanted = f"{self.first} to {self.first + self.count} of {self.total}"
            raise InvalidValueError(f"values must lie within a draw of at most {MAX_DRAWN}, found {wanted}")


def cpu_normal(draw: CpuDraw) -> Singles:
    """Return the wanted values of a call of `torch.randn`.

    Args:
        draw: The call, and which of its values are wanted.

    Returns:
        The values, (count,), float32, zero mean, unit variance, rounded to the dtype of the call.

    Raises:
        InvalidValueError: The seed is out of range.
    """
    # Only the blocks that hold wanted values are computed; the words of earlier blocks are discarded. When the size is
    # not a multiple of 16, torch draws the last 16 values again, which overwrites part of the last whole block.
    words = Words(draw.seed)
    if draw.total < BLOCK:
        return _rounding(draw.dtype)(_one_by_one(words, draw.total))[draw.first : draw.first + draw.count]
    end = draw.total - draw.total % BLOCK  # of the whole blocks; the last 16 values are drawn again
    start = min(draw.first // BLOCK * BLOCK, end)
    stop = min(-(-(draw.first + draw.count) // BLOCK) * BLOCK, end)
    values = np.empty(draw.total - start, np.float32)
    words.skip(start)
    values[: stop - start] = _normals(words.take(stop - start), draw)
    if draw.total > end and draw.first + draw.count > draw.total - BLOCK:
        words.skip((end if draw.dtype in _ROUNDED else draw.total) - stop)
        again = _normals(words.take(BLOCK), draw)
        overwritten = min(BLOCK, len(values))
        values[len(values) - overwritten :] = again[BLOCK - overwritten :]
    return values[draw.first - start : draw.first - start + draw.count]


def rounded(values: Singles, dtype: str) -> Singles:
    """Round float32 noise as a device does that draws it in a different dtype.

    Args:
        values: Noise of any shape, float32.
        dtype: "float32", "float16" or "bfloat16".

    Returns:
        The rounded values, still stored as float32.

    Raises:
        InvalidValueError: The dtype is a coarse one, which only torch's CPU generator draws.
    """
    if dtype not in (FLOAT32, *_ROUNDED):
        raise InvalidValueError(f"dtype {dtype} needs randomness cpu, found a different randomness")
    return _rounding(dtype)(values)


def _normals(words: NDArray[np.uint32], draw: CpuDraw) -> Singles:
    """Return the normal values of whole blocks of 16 words."""
    to_dtype = _rounding(draw.dtype)
    if draw.dtype in _COARSE:
        return _coarse(words, to_dtype, 11 if draw.dtype == "coarse-float16" else 8)
    uniforms = (words & np.uint32(2**24 - 1)).astype(np.float32) * np.float32(2.0**-24)
    pairs = uniforms.reshape(-1, 2, BLOCK // 2)
    module = avx2_math if draw.arithmetic == AVX2 else glibc_math
    u = np.ascontiguousarray(np.float32(1) - pairs[:, 0])
    radius = np.sqrt(np.float32(-2) * module.log32(u))
    if draw.arithmetic == AVX2:
        angle = np.float32(_TWO_PI) * pairs[:, 1]
    else:
        angle = (_TWO_PI * pairs[:, 1].astype(np.float64)).astype(np.float32)
    sine, cosine = module.sin_cos32(angle)
    return to_dtype(np.stack((radius * cosine, radius * sine), axis=1).reshape(-1))


def _coarse(words: NDArray[np.uint32], to_dtype: Rounding, bits: int) -> Singles:
    """Return the same with every intermediate value rounded to 16 bits, as older versions of torch computed it."""
    uniforms = (words & np.uint32(2**bits - 1)).astype(np.float32) * np.float32(2.0**-bits)
    pairs = uniforms.reshape(-1, 2, BLOCK // 2)
    log = to_dtype(glibc_math.log32(np.ascontiguousarray(to_dtype(np.float32(1) - pairs[:, 0]))))
    radius = to_dtype(np.sqrt(to_dtype(np.float32(-2) * log)))
    angle = to_dtype((_TWO_PI * pairs[:, 1].astype(np.float64)).astype(np.float32))
    sine, cosine = map(to_dtype, glibc_math.sin_cos32(angle))
    return np.stack((to_dtype(radius * cosine), to_dtype(radius * sine)), axis=1).reshape(-1)


def _one_by_one(words: Words, count: int) -> Singles:
    """Return values from 53-bit uniforms in double: u gives the angle, v the radius, and the sine the next value."""
    raw = words.take(4 * -(-count // 2)).astype(np.uint64)
    uniforms = (((raw[::2] << np.uint64(32)) | raw[1::2]) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53
    values: list[float] = []
    for u, v in uniforms.reshape(-1, 2).tolist():
        radius, angle = math.sqrt(-2.0 * math.log1p(-v)), _TWO_PI * u
        values += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(values[:count], np.float64).astype(np.float32)


def _rounding(dtype: str) -> Rounding:
    if dtype.endswith("bfloat16"):
        return _to_bfloat16
    return _to_float16 if dtype.endswith("float16") else np.asarray


def _to_float16(values: Singles) -> Singles:
    return values.astype(np.float16).astype(np.float32)


def _to_bfloat16(values: Singles) -> Singles:
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
