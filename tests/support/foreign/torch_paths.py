"""Noise as torch itself draws it on the CPU, by each code path that it can take on this machine.

torch chooses its code path once per process, from the processor or from ATEN_CPU_CAPABILITY. So each path gets one
subprocess, which draws every reference array of the test session at once.
"""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TypeAlias

import numpy as np
import pytest
import torch

from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.torch_cpu import AVX2, GENERIC

Case: TypeAlias = tuple[int, int, str]  # seed, number of values, dtype
Shape: TypeAlias = tuple[int, ...]

SEEDS = (0, 42, -5, 2**63, 2**64 - 1, 123456789012345)
SIZES = (1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 100, 4 * 9 * 7, 2**16)
DTYPES = ("float32", "float16", "bfloat16")
CASES: tuple[Case, ...] = tuple(product(SEEDS, SIZES, DTYPES))

# the pictures of test_rebuild.py and test_import.py
_PICTURE_SEEDS = (1234, 99, 5, 6, -7)
_PICTURE_SHAPES = (
    (4, 6, 8), (4, 16, 12), (4, 32, 40), (4, 24, 20), (16, 24, 20), (32, 24, 20), (128, 12, 10),
    (3, 4, 24, 20), (4, 4, 24, 20), (1, 4, 24, 19), (3, 4, 24, 19), (4, 4, 24, 19), (3, 4, 15, 19),
)  # fmt: skip
_ALL_CASES = (*CASES, *product(_PICTURE_SEEDS, map(math.prod, _PICTURE_SHAPES), DTYPES))

_WITH_AVX2 = frozenset({"AVX2", "AVX512"})
_SETTINGS = {GENERIC: "default", AVX2: "avx2"}
_DRAW = """
import sys, torch
for case in sys.stdin.read().split():
    seed, shape, dtype = case.split(":")
    generator = torch.Generator().manual_seed(int(seed))
    sides = [int(side) for side in shape.split("x")]
    noise = torch.randn(sides, generator=generator, dtype=getattr(torch, dtype)).float()
    sys.stdout.buffer.write(noise.numpy().tobytes())
sys.stderr.write(torch.backends.cpu.get_cpu_capability())
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchPath:
    """The reference arrays of one code path.

    Attributes:
        arithmetic: The name that this package has for the path; "" for the default.
        capability: What torch says that it runs, such as "DEFAULT", "AVX2", "AVX512".
        draws: The values of each case, float32.
    """

    arithmetic: str
    capability: str
    draws: Mapping[Case, np.ndarray]

    @property
    def choices(self) -> Choices:
        """The choices that make `rebuild` draw by this path."""
        return Choices(randomness="cpu", arithmetic=self.arithmetic)

    def noise(self, seed: int, shape: tuple[int, ...], dtype: str = "float32") -> torch.Tensor:
        """Return what `torch.randn(shape)` drew from a seed, as float32."""
        return torch.from_numpy(self.draws[seed, math.prod(shape), dtype].reshape(shape).copy())


def torch_path(arithmetic: str) -> TorchPath:
    """Return the draws of the path that this package calls "generic" or "avx2"; skip the test where it cannot run.

    Only what is claimed is tested: the paths of torch's Linux builds with glibc on x86.
    """
    if platform.libc_ver()[0] != "glibc" or platform.machine() != "x86_64":
        pytest.skip("only torch's Linux builds for x86 are reproduced bit for bit")
    if arithmetic == AVX2 and this_machine().capability not in _WITH_AVX2:
        pytest.skip("this processor has no AVX2, so torch cannot take that path here")
    setting = _SETTINGS[arithmetic]
    path = _drawn(arithmetic, setting)
    assert path.capability == setting.upper()
    return path


def default_path() -> TorchPath:
    """Return the draws of this machine's own path; skip the test where the default arithmetic does not claim it."""
    if this_machine().capability not in _WITH_AVX2 or platform.libc_ver()[0] != "glibc":
        pytest.skip("the default arithmetic is that of torch's Linux builds on processors with AVX2")
    return this_machine()


def this_machine() -> TorchPath:
    """Return the draws of the path that torch takes on this processor when ATEN_CPU_CAPABILITY is not set."""
    return _drawn("", "")


@cache
def draws_of(arithmetic: str, cases: tuple[tuple[int, Shape, str], ...]) -> tuple[np.ndarray, ...]:
    """Return what `torch.randn(shape)` draws of a seed and a dtype, for each case, by one code path.

    Args:
        arithmetic: The name of the path, as `torch_path` takes it.
        cases: Seed, shape and dtype of each draw.

    Returns:
        The noise of each case, float32, read-only.
    """
    named = [(seed, "x".join(map(str, shape)), dtype) for seed, shape, dtype in cases]
    values, _ = _run(named, _SETTINGS[arithmetic])
    ends = np.cumsum([math.prod(shape) for _, shape, _ in cases])
    assert ends[-1] == len(values)
    parts = np.split(values, ends[:-1])
    return tuple(part.reshape(shape) for part, (_, shape, _) in zip(parts, cases, strict=True))


@cache
def _drawn(arithmetic: str, setting: str) -> TorchPath:
    values, capability = _run([(seed, str(size), dtype) for seed, size, dtype in _ALL_CASES], setting)
    draws, at = {}, 0
    for case in _ALL_CASES:
        draws[case] = values[at : at + case[1]]
        at += case[1]
    assert at == len(values)
    return TorchPath(arithmetic=arithmetic, capability=capability, draws=draws)


def _run(cases: Sequence[tuple[int, str, str]], setting: str) -> tuple[np.ndarray, str]:
    """Return the values of all draws of one process, and the code path that torch says it took."""
    environment = {name: value for name, value in os.environ.items() if name != "ATEN_CPU_CAPABILITY"}
    ran = subprocess.run(
        [sys.executable, "-c", _DRAW],
        input=" ".join(f"{seed}:{shape}:{dtype}" for seed, shape, dtype in cases).encode(),
        env=environment | ({"ATEN_CPU_CAPABILITY": setting} if setting else {}),
        capture_output=True,
        check=True,
        timeout=120,
    )
    return np.frombuffer(ran.stdout, np.float32), ran.stderr.decode().strip()
