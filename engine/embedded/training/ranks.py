"""The processes of one training run: on a CPU one of a single thread for each core, on a GPU one in all.

Threads of two processes that share cores wait for each other; single-threaded processes that add up their gradients do
not.
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
    """One process of a run: its number, how many there are, and what it computes on."""

    index: int
    world: int
    device: torch.device

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Put the mean of every process's gradients into each."""
        if self.world == 1:
            return
        with_gradient = [p for p in parameters if p.grad is not None]
        flat = torch.cat([p.grad.reshape(-1) for p in with_gradient if p.grad is not None])
        dist.all_reduce(flat)
        flat /= self.world
        at = 0
        for p in with_gradient:
            assert p.grad is not None
            p.grad.copy_(flat[at : at + p.numel()].view_as(p))
            at += p.numel()

    def agree(self, value: float) -> float:
        """The first process's value, in every process."""
        if self.world == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        dist.broadcast(shared, 0)
        return float(shared)


def half_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where a matrix product is, on a GPU and on a CPU that has it; without, it takes ten times as long."""
    has_it = device.type != "cpu" or torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast(device.type, torch.bfloat16, enabled=bool(has_it))


def run_ranks(work: Callable[[Rank], None], folder: Path, world: int, device: str) -> None:
    """Do `work` in each of `world` processes; it must be picklable."""
    if world == 1:
        work(Rank(index=0, world=1, device=torch.device(device)))
        return
    meeting = folder / ".meeting"
    meeting.unlink(missing_ok=True)
    spawn(_enter, (work, str(meeting), world, device), nprocs=world)  # type: ignore[no-untyped-call]  # nor this one


def _enter(index: int, work: Callable[[Rank], None], meeting: str, world: int, device: str) -> None:
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=index, world_size=world)
    try:
        work(Rank(index=index, world=world, device=torch.device(device)))
    finally:
        dist.destroy_process_group()


def _end_with_parent() -> None:
    """A process whose parent was killed would train on unseen."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
