"""The processes of a training run: one single-threaded process for each core of a CPU, or one process on a GPU.

On few cores, processes of one thread each that average their gradients are faster than one process of several threads,
which wait for each other within every operation.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import spawn


@dataclass(frozen=True, kw_only=True, slots=True)
class Rank:
    """One process of a run.

    Attributes:
        index: Its number, from 0.
        world: The number of processes.
        device: What it computes on.
    """

    index: int
    world: int
    device: torch.device

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace the gradients in every process by their mean over all processes."""
        if self.world == 1:
            return
        with_gradient = [p for p in parameters if p.grad is not None]
        flat = torch.cat([p.grad.reshape(-1) for p in with_gradient if p.grad is not None])
        dist.all_reduce(flat)
        flat /= self.world
        offset = 0
        for p in with_gradient:
            assert p.grad is not None
            p.grad.copy_(flat[offset : offset + p.numel()].view_as(p))
            offset += p.numel()

    def agree(self, value: float) -> float:
        """Return the value of the first process, in every process."""
        if self.world == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(shared, 0)
        return float(shared)


def half_precision(device: torch.device) -> torch.autocast:
    """Return a context in which matrix products are computed in bfloat16.

    It does nothing on a CPU without instructions for bfloat16, where that would take ten times as long.
    """
    has_it = device.type != "cpu" or torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast(device.type, torch.bfloat16, enabled=bool(has_it))


def run_ranks(work: Callable[[Rank], None], folder: Path, world: int, device: str) -> None:
    """Run a stage in several processes, and return when all have finished.

    Args:
        work: The stage; it has to be picklable.
        folder: The folder of the run; the processes find each other by a file in it.
        world: The number of processes; one runs in this process.
        device: "cpu" or "cuda".
    """
    if world == 1:
        work(Rank(index=0, world=1, device=torch.device(device)))
        return
    rendezvous = folder / ".meeting"
    rendezvous.unlink(missing_ok=True)
    spawn(_enter, (work, str(rendezvous), world, device), nprocs=world)  # type: ignore[no-untyped-call]  # torch gives it no types


def _enter(index: int, work: Callable[[Rank], None], rendezvous: str, world: int, device: str) -> None:
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=index, world_size=world)
    try:
        work(Rank(index=index, world=world, device=torch.device(device)))
    finally:
        dist.destroy_process_group()


def _end_with_parent() -> None:
    """End this process when its parent was killed; otherwise it would train on unnoticed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
