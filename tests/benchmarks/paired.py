"""Variants timed in turns, so that whatever else the machine does hits all of them; compared round by round.

A variant that needs a process or an environment of its own runs in a child, which waits between its turns.
"""

from __future__ import annotations

import base64
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """seconds: by the clock.  cpu: seconds of all threads, here or in the child.  pixels: what came of it."""

    seconds: float
    cpu: float
    pixels: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """The median, and the quartiles around it."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: list[float]) -> Spread:
        """At least one value."""
        low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        return Spread(median=median, low=low, high=high)

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


class Child:
    """A Python module that answers every line with a turn (`serve`)."""

    def __init__(self, module: str, *words: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = " ".join((module, *words))
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            text=True,
        )

    def turn(self, kind: str = "") -> Turn:
        """SystemExit when the child is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{kind}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._name} ended with code {self._process.wait()}")
        told = json.loads(line)
        return Turn(seconds=told["seconds"], cpu=told["cpu"], pixels=base64.b64decode(told["pixels"]))

    def close(self) -> None:
        """Ends it."""
        self._process.communicate()


def serve(run: Callable[[str], bytes]) -> None:
    """In a child: a turn of `run` for every line on standard input."""
    for line in sys.stdin:
        turn = timed(partial(run, line.strip()))
        print(json.dumps({"seconds": turn.seconds, "cpu": turn.cpu, "pixels": base64.b64encode(turn.pixels).decode()}))
        sys.stdout.flush()


def timed(run: Callable[[], bytes], process: int = 0) -> Turn:
    """process: whose CPU time counts; 0 is this one."""
    began, worked = time.perf_counter(), cpu_seconds(process)
    pixels = run()
    return Turn(seconds=time.perf_counter() - began, cpu=cpu_seconds(process) - worked, pixels=pixels)


def cpu_seconds(process: int = 0) -> float:
    """Of all threads.  Of another process to a hundredth, and on Linux only."""
    if process == 0:
        return time.process_time()
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_turns(variants: Mapping[str, Callable[[], Turn]], repeats: int) -> dict[str, list[Turn]]:
    """Every variant once to warm up, then `repeats` rounds, each in another order."""
    for run in variants.values():
        run()
    turns: dict[str, list[Turn]] = {name: [] for name in variants}
    for number in range(repeats):
        for name in random.Random(number).sample(list(variants), len(variants)):
            turns[name].append(variants[name]())
    return turns


def ratio(turns: list[Turn], base: list[Turn]) -> Spread:
    """Time over time of the same round."""
    return Spread.of([one.seconds / other.seconds for one, other in zip(turns, base, strict=True)])


def cpu_ratio(turns: list[Turn], base: list[Turn]) -> Spread:
    """CPU time over CPU time of the same round; what other programs do matters less to it."""
    return Spread.of([one.cpu / max(other.cpu, 1e-9) for one, other in zip(turns, base, strict=True)])


def seconds_of(turns: list[Turn]) -> Spread:
    """By the clock."""
    return Spread.of([turn.seconds for turn in turns])


def surroundings() -> str:
    """What else the machine does: without it no figure can be believed."""
    return (
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} (more than 0.5 beside this: repeat it when it is quiet)"
    )
