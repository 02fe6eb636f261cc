"""`torch.randn` on CUDA, and its NumPy copy in Stable Diffusion web UI ("NV"): Philox4x32-10 with the seed as key.

CUDA: T threads share the values. Value i comes from thread i % T with the counter (call, 0, thread, 0), where
call = i // 4T; it is component i // T % 4 of the four that a call gives. T is limited by the GPU (gpus.py), so noise of
more values depends on the GPU. The GPU computes sine and cosine with its fast unit, whose error of up to 2^-21.4 is not
documented bit by bit; the values here are the exact ones, rounded. Sources: ATen/native/cuda/DistributionTemplates.h,
curand_normal.h, and the CUDA C++ Programming Guide for the error.

NV: each value has a thread of its own, and the computation is in double. Source: modules/rng_philox.py of the web UI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentpng.foreign.noise.mersenne import wrapped_seed
from latentpng.noise.gauss1 import philox

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Singles = NDArray[np.float32]
    Words = NDArray[np.uint64]

THREADS_OF_BLOCK = 256
_AT_ONCE = 2**14  # threads
_PER_WORD = 2.0**-32
_ANGLE_PER_WORD = float(np.float32(np.float32(2.3283064e-10) * np.float32(6.2831855)))


def nv_normal(seed: int, count: int, first: int = 0) -> Singles:
    """Return noise as the web UI's "NV" generator draws it.

    Args:
        seed: From -2^63 to 2^64 - 1.
        count: The number of values.
        first: The index of the first value in the stream of the seed.

    Returns:
        The values, (count,), float32, zero mean, unit variance.

    Raises:
        InvalidValueError: The seed is out of range.
    """
    key, values = wrapped_seed(seed), np.empty(count, np.float32)
    for start in range(0, count, _AT_ONCE):
        threads = np.arange(first + start, first + min(start + _AT_ONCE, count), dtype=np.uint64)
        w0, w1, _, _ = philox(key, threads, np.zeros_like(threads))
        u = w0.astype(np.float64) * _PER_WORD + _PER_WORD / 2
        angle = w1.astype(np.float64) * _ANGLE_PER_WORD + _ANGLE_PER_WORD / 2
        values[start : start + len(threads)] = np.sqrt(-2.0 * np.log(u)) * np.sin(angle)
    return values


def cuda_normal(seed: int, count: int, capacity: int) -> Singles:
    """Return the first values of a seed as CUDA draws them.

    Args:
        seed: From -2^63 to 2^64 - 1.
        count: The number of values.
        capacity: The number of threads that the GPU holds at once, a multiple of 256; see `gpus.capacity_of`.

    Returns:
        The values, (count,), float32, zero mean, unit variance.

    Raises:
        InvalidValueError: The seed is out of range.
    """
    # A call of Philox gives four values to each thread, so the values form rows of one value per thread, and every four
    # rows share a call. Threads are processed in groups, because the words of all of them would need too much memory.
    key, threads = wrapped_seed(seed), threads_of(count, capacity)
    values = np.empty((-(-count // threads), threads), np.float32)  # one row per component of each call
    for first in range(0, threads, _AT_ONCE):
        last = min(first + _AT_ONCE, threads)
        for row in range(0, len(values), 4):
            thread = np.arange(first, last, dtype=np.uint64)
            words = philox(key, thread, np.full_like(thread, row // 4))
            values[row : row + 2, first:last] = _pair(words[0], words[1])[: len(values) - row]
            if row + 2 < len(values):
                values[row + 2 : row + 4, first:last] = _pair(words[2], words[3])[: len(values) - row - 2]
    return values.reshape(-1)[:count]


def threads_of(count: int, capacity: int) -> int:
    """Return how many threads share `count` values: whole blocks of 256, at most `capacity`."""
    return min(capacity, -(-count // THREADS_OF_BLOCK) * THREADS_OF_BLOCK)


def _pair(x: Words, y: Words) -> Singles:
    """Return curand's Box-Muller transform in float32, sine first: (2, n). nvcc fuses each product with its sum."""
    u = (x.astype(np.float32) * np.float64(_PER_WORD) + _PER_WORD / 2).astype(np.float32)
    angle = (y.astype(np.float32) * np.float64(_ANGLE_PER_WORD) + _ANGLE_PER_WORD / 2).astype(np.float32)
    log = np.log(u.astype(np.float64)).astype(np.float32)
    radius = np.sqrt(np.float32(-2) * log)
    wide = angle.astype(np.float64)
    pair: Singles = np.stack((np.sin(wide), np.cos(wide))).astype(np.float32) * radius
    return pair
