"""Seam: the global random generators of torch, NumPy and Python.

Nothing should draw from them during a run, but a pipeline or a scheduler may.  They are seeded before the run, so that
such a picture is at least reproducible, and compared after it, so that the picture's file can say so.

Assumptions, checked by tests/engine/diffusion/seams/test_randomness.py:
- The states of these generators change whenever something draws from them.
- `torch.random.fork_rng` restores torch's generators, those of every GPU included.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(slots=True)
class RandomnessReport:
    """What a run did with the global generators.

    Attributes:
        drawn_from: Names of the generators that something drew from: "torch", "cuda", "numpy", "python".
    """

    drawn_from: tuple[str, ...] = ()


@contextlib.contextmanager
def isolated_randomness(seed: int) -> Iterator[RandomnessReport]:
    """Seed the global generators while the context is open, and restore their states after it.

    Args:
        seed: 0 to 2**63 - 1; NumPy's generator takes its lowest 32 bits.

    Yields:
        A report that is filled in when the context ends.
    """
    report = RandomnessReport()
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    python_before, numpy_before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        before = _states()
        try:
            yield report
        finally:
            after = _states()
            report.drawn_from = tuple(name for name, state in before.items() if after[name] != state)
            np.random.set_state(numpy_before)
            random.setstate(python_before)


def _states() -> dict[str, bytes]:
    states = {"torch": torch.get_rng_state().numpy().tobytes()}
    if torch.cuda.is_available():
        states["cuda"] = b"".join(state.numpy().tobytes() for state in torch.cuda.get_rng_state_all())
    algorithm, keys, position, *_ = np.random.get_state(legacy=True)
    states["numpy"] = f"{algorithm} {position}".encode() + np.asarray(keys).tobytes()
    states["python"] = repr(random.getstate()).encode()
    return states
