"""`torch.randn` on the CPU, without torch (ATen/native/cpu/DistributionTemplates.h is the source of the method).

Words become uniforms, and blocks of sixteen uniforms become normals by Box and Muller, the first eight giving the
radius and the last eight the angle.  When the size is no multiple of sixteen, the last sixteen values are drawn again,
from the words behind (rounded dtypes: behind the last whole block).  Fewer than sixteen values are drawn one by one, in
double.

torch has two code paths for this, which differ in the last bit of some values.  "avx2" is what x86 processors with AVX2
run, those with AVX-512 included: `normal_stub` is not registered for AVX-512 (ATen/native/cpu/DistributionKernels.cpp),
so torch falls back to AVX2 there, although `torch.backends.cpu.get_cpu_capability()` says "AVX512".  "generic" is what
other processors run (ARM, Apple silicon, old x86; POWER has a third path, which is not reproduced), and any x86
processor under ATEN_CPU_CAPABILITY=default.  Its logarithm, sine and cosine come from the C library: those of glibc are
reproduced, and another library (Apple's) may differ in the last bit.  Both paths are reproduced bit for bit as the
Linux builds of torch for x86 draw them.

Noise of 16 bits was coarse in torch 2.1 to 2.7 and some releases after: uniforms of 11 bits (float16) or 8 (bfloat16),
each operation rounded.  In 2.13 it is the float32 noise, rounded once.
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
MAX_DRAWN = 2**28  # a second or two of words

BLOCK = 16
_TWO_PI = 2.0 * math.pi


@dataclass(frozen=True, kw_only=True, slots=True)
class CpuDraw:
    """One call of randn.  total: values in the whole call.  first, count: those that are wanted.

    dtype: one of DTYPES.  arithmetic: one of ARITHMETICS; the coarse dtypes look at neither processor nor it.
    """

    seed: int
    total: int
    first: int
    count: int
    dtype: str = FLOAT32
    arithmetic: str = DEFAULT_ARITHMETIC

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InvalidValueError(f"noise is drawn as {', '.join(DTYPES)}, found {self.dtype!r}")
        if self.arithmetic not in ARITHMETICS:
            raise InvalidValueError(f"the arithmetic is {' or '.join(ARITHMETICS)}, found {self.arithmetic!r}")
        if not 0 <= self.first <= self.first + self.count <= self.total <= MAX_DRAWN:
            wanted = f"{self.first} to {self.first + self.count} of {self.total}"
            raise InvalidValueError(f"values of a draw of at most {MAX_DRAWN} needed, found {wanted}")


def cpu_normal(draw: CpuDraw) -> Singles:
    """The wanted values: (count,), float32, zero mean, unit variance."""
    words = Words(draw.seed)
    if draw.total < BLOCK:
        return _rounding(draw.dtype)(_one_by_one(words, draw.total))[draw.first : draw.first + draw.count]
    end = draw.total - draw.total % BLOCK  # of the blocks; what stands behind is drawn again
    start = min(draw.first // BLOCK * BLOCK, end)
    stop = min(-(-(draw.first + draw.count) // BLOCK) * BLOCK, end)
    values = np.empty(draw.total - start, np.float32)
    words.skip(start)
    values[: stop - start] = _normals(words.take(stop - start), draw)
    if draw.total > end and draw.first + draw.count > draw.total - BLOCK:
        words.skip((end if draw.dtype in _ROUNDED else draw.total) - stop)
        again = _normals(words.take(BLOCK), draw)
        kept = min(BLOCK, len(values))
        values[len(values) - kept :] = again[BLOCK - kept :]
    return values[draw.first - start : draw.first - start + draw.count]


def rounded(values: Singles, dtype: str) -> Singles:
    """float32 noise as a device draws it in another dtype, still as float32.  InvalidValueError for the coarse ones."""
    if dtype not in (FLOAT32, *_ROUNDED):
        raise InvalidValueError(
            f"{', '.join(_COARSE)} are drawn by the CPU alone, found another randomness and {dtype!r}"
        )
    return _rounding(dtype)(values)


def _normals(words: NDArray[np.uint32], draw: CpuDraw) -> Singles:
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
    """The same with each intermediate value in 16 bits."""
    uniforms = (words & np.uint32(2**bits - 1)).astype(np.float32) * np.float32(2.0**-bits)
    pairs = uniforms.reshape(-1, 2, BLOCK // 2)
    log = to_dtype(glibc_math.log32(np.ascontiguousarray(to_dtype(np.float32(1) - pairs[:, 0]))))
    radius = to_dtype(np.sqrt(to_dtype(np.float32(-2) * log)))
    angle = to_dtype((_TWO_PI * pairs[:, 1].astype(np.float64)).astype(np.float32))
    sine, cosine = map(to_dtype, glibc_math.sin_cos32(angle))
    return np.stack((to_dtype(radius * cosine), to_dtype(radius * sine)), axis=1).reshape(-1)


def _one_by_one(words: Words, count: int) -> Singles:
    """Pairs of doubles from 53-bit uniforms: u gives the angle, v the radius; the sine is kept for the next value."""
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
