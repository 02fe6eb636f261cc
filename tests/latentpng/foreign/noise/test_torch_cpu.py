"""torch's CPU noise without torch, bit for bit as each code path of torch draws it."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise import glibc_math
from latentpng.foreign.noise.mersenne import Words
from latentpng.foreign.noise.torch_cpu import (
    ARITHMETICS,
    AVX2,
    DEFAULT_ARITHMETIC,
    GENERIC,
    CpuDraw,
    cpu_normal,
    rounded,
)
from tests.support.foreign.torch_paths import CASES, DTYPES, SEEDS, TorchPath, default_path


def drawn(seed: int, total: int, dtype: str = "float32", arithmetic: str = DEFAULT_ARITHMETIC) -> np.ndarray:
    """Return all values of one draw."""
    return cpu_normal(CpuDraw(seed=seed, total=total, first=0, count=total, dtype=dtype, arithmetic=arithmetic))


def mt19937(seed: int) -> Iterator[int]:
    """Yield the words of mt19937, computed as published."""
    state = [seed & 0xFFFFFFFF]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + i) & 0xFFFFFFFF)
    while True:
        for k in range(624):
            y = (state[k] & 0x80000000) | (state[(k + 1) % 624] & 0x7FFFFFFF)
            state[k] = state[(k + 397) % 624] ^ (y >> 1) ^ (0x9908B0DF if y & 1 else 0)
        for y in state:
            y ^= y >> 11
            y ^= (y << 7) & 0x9D2C5680
            y ^= (y << 15) & 0xEFC60000
            yield y ^ (y >> 18)


@pytest.mark.parametrize("seed", SEEDS)
def test_words_are_those_of_the_published_twister(seed: int) -> None:
    twister = mt19937(seed)
    expected = [next(twister) for _ in range(1500)]
    words = Words(seed)
    assert words.take(700).tolist() == expected[:700]
    words.skip(3)
    assert words.take(797).tolist() == expected[703:]


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_seeds_that_torch_refuses_are_refused(seed: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Words(seed)
    assert str(caught.value) == f"a seed of torch must be from -2^63 to 2^64 - 1, found {seed}"
    with pytest.raises((RuntimeError, ValueError, OverflowError)):
        torch.Generator().manual_seed(seed)


def test_noise_is_that_of_torch_bit_for_bit(path: TorchPath) -> None:
    for seed, size, dtype in CASES:
        found = drawn(seed, size, dtype, path.arithmetic)
        expected = path.draws[seed, size, dtype]
        assert np.array_equal(found.view(np.uint32), expected.view(np.uint32)), (seed, size, dtype)


def test_the_default_is_what_this_machine_draws() -> None:
    """On AVX-512 too: torch has no path of its own for this noise there, and takes that of AVX2."""
    own = default_path()
    for seed, size, dtype in CASES:
        found = cpu_normal(CpuDraw(seed=seed, total=size, first=0, count=size, dtype=dtype))
        assert np.array_equal(found.view(np.uint32), own.draws[seed, size, dtype].view(np.uint32)), (seed, size, dtype)


def test_the_paths_differ_in_few_float16_values_and_by_one_step_unless_near_zero() -> None:
    generic, avx2 = (drawn(42, 2**16, "float32", name) for name in (GENERIC, AVX2))
    assert 0 < np.abs(generic - avx2).max() <= 3e-6
    halves = generic.astype(np.float16), avx2.astype(np.float16)
    steps = np.abs(halves[0].view(np.int16).astype(int) - halves[1].view(np.int16))
    assert (steps > 0).sum() == 54  # 0.08%; 39 to 56 with the seeds 0 to 19
    assert np.abs(halves[0][steps > 1]).max() < 0.002


def test_both_paths_are_close_to_what_this_machine_draws() -> None:
    noise = torch.randn(2**16, generator=torch.Generator().manual_seed(7)).numpy()
    for arithmetic in ARITHMETICS:
        found = drawn(7, 2**16, arithmetic=arithmetic)
        np.testing.assert_allclose(found, noise, rtol=2e-5, atol=2e-6)
        assert (found.astype(np.float16) != noise.astype(np.float16)).mean() <= 0.002


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the formulas are those of glibc")
def test_log_sine_and_cosine_have_the_last_bit_of_glibc() -> None:
    libm = ctypes.CDLL("libm.so.6")
    for name in ("logf", "sinf", "cosf"):
        function = getattr(libm, name)
        function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    uniforms = (np.arange(0, 2**24, 499) * 2.0**-24).astype(np.float32)
    u = np.float32(1) - uniforms
    assert glibc_math.log32(u).tolist() == [libm.logf(x) for x in u.tolist()]
    angle = (2 * np.pi * uniforms.astype(np.float64)).astype(np.float32)
    sine, cosine = glibc_math.sin_cos32(angle)
    assert sine.tolist() == [libm.sinf(x) for x in angle.tolist()]
    assert cosine.tolist() == [libm.cosf(x) for x in angle.tolist()]


@pytest.mark.parametrize(("dtype", "bits"), [("float16", 11), ("bfloat16", 8)])
@pytest.mark.parametrize("size", [16, 33, 2**12])
def test_coarse_noise_is_box_muller_with_every_operation_in_16_bits(dtype: str, bits: int, size: int) -> None:
    kind: torch.dtype = getattr(torch, dtype)
    twister = mt19937(5)

    def block() -> torch.Tensor:
        u = torch.tensor([(next(twister) % 2**bits) * 2.0**-bits for _ in range(16)], dtype=kind)
        radius = torch.sqrt(-2 * torch.log(1 - u[:8]))
        angle = (2 * np.pi * u[8:].double()).float().to(kind)
        return torch.cat((radius * torch.cos(angle), radius * torch.sin(angle)))

    expected = torch.cat([block() for _ in range(size // 16)])
    if size % 16:
        for _ in range(size % 16):
            next(twister)
        expected = torch.cat((expected[: size - 16], block()))
    assert drawn(5, size, f"coarse-{dtype}").tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", [*DTYPES, "coarse-float16"])
@pytest.mark.parametrize("total", [10, 16, 40, 48])
def test_a_part_is_the_same_as_in_the_whole(dtype: str, total: int) -> None:
    whole = drawn(9, total, dtype)
    for first in range(total + 1):
        for count in range(total - first + 1):
            part = cpu_normal(CpuDraw(seed=9, total=total, first=first, count=count, dtype=dtype))
            assert np.array_equal(part, whole[first : first + count]), (first, count)


def test_other_generators_round_to_their_dtype() -> None:
    values = drawn(1, 4096)
    for dtype in DTYPES:
        expected = torch.from_numpy(values).to(getattr(torch, dtype)).float()
        assert rounded(values, dtype).tolist() == expected.tolist()
    with pytest.raises(InvalidValueError) as caught:
        rounded(values, "coarse-float16")
    assert str(caught.value) == ("dtype coarse-float16 needs randomness cpu, found a different randomness")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (
            {"dtype": "int8"},
            "dtype must be one of float32, float16, bfloat16, coarse-float16, coarse-bfloat16, found 'int8'",
        ),
        ({"arithmetic": "sse"}, "arithmetic must be avx2 or generic, found 'sse'"),
        ({"count": 5}, "values must lie within a draw of at most 268435456, found 0 to 5 of 4"),
        ({"first": -1}, "values must lie within a draw of at most 268435456, found -1 to 3 of 4"),
        ({"total": 2**28 + 1}, "values must lie within a draw of at most 268435456, found 0 to 4 of 268435457"),
    ],
)
def test_impossible_draws_are_refused(draw: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        CpuDraw(**{"seed": 0, "total": 4, "first": 0, "count": 4, **draw})  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value) == message
