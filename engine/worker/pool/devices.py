"""A worker process for each of several devices of this machine, behind one renderer."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from engine.worker.client import WorkerRenderer
from engine.worker.pool.renderer import PoolRenderer


def pool_of_devices(devices: Sequence[str], *, is_strict: bool = False) -> PoolRenderer:
    """Return a pool with a worker for each device, which starts with the first load.

    Args:
        devices: For example ("cuda:0", "cuda:1"); a device that is named twice gets two workers.
        is_strict: Refuse workers that differ from the first one in what pictures depend on.
    """
    pool = PoolRenderer(is_strict=is_strict)
    threads = threads_each(devices, usable_cores())
    for name, device in zip(names_of(devices), devices, strict=True):
        pool.add(name, WorkerRenderer(threads=threads if device == "cpu" else 0), device)
    return pool


def names_of(devices: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each device: itself, with a number behind it where it is named more than once."""
    total, seen = Counter(devices), Counter[str]()
    names = []
    for device in devices:
        seen[device] += 1
        names.append(f"{device} ({seen[device]})" if total[device] > 1 else device)
    return tuple(names)


# Workers that compute on the same CPU would wait for each other if each used all of its cores.
def threads_each(devices: Sequence[str], cores: int) -> int:
    """Return how many threads each worker on the CPU uses; 0 leaves it to torch, where there is at most one.

    Args:
        devices: Those of all workers.
        cores: How many cores this process may use.
    """
    sharing = sum(device == "cpu" for device in devices)
    return max(1, cores // sharing) if sharing > 1 else 0


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
