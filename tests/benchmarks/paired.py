"""Paired timing: compare variants of one task round by round, with the median of the ratios as the result.

A variant that needs its own process or environment runs in a `Child`, which waits between its turns.
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

# The method.  Other programs on the machine slow whatever runs at that moment, by a factor that drifts over minutes.
# So no two variants are timed one after the other in blocks.  Instead:
#
# 1. Every variant runs once and is not counted: imports, caches and compilers are warm afterwards.
# 2. In each round every variant runs once.  The order is shuffled anew, so none always runs after the same other one.
# 3. A ratio divides two times of the same round, so that the drift cancels.  The median over all rounds is the result,
#    because a single disturbed round does not move it; the quartiles beside it show how far the rounds agree.


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One timed run of one variant.

    Attributes:
        seconds: Wall time.
        cpu: CPU seconds of all threads of the process that did the work.
        pixels: RGB bytes of all pictures, to compare variants by.
    """

    seconds: float
    cpu: float
    pixels: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A median with the quartiles around it.

    Attributes:
        low: First quartile.
        high: Third quartile.
    """

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: list[float]) -> Spread:
        """Return the spread of at least one value."""
        low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        return Spread(median=median, low=low, high=high)

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


class Child:
    """A Python module in its own process, which calls `serve` and answers every line with a turn."""

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
        """Let the child run one turn and return it.

        Args:
            kind: The line that the child's `run` receives.

        Raises:
            SystemExit: The child has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{kind}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._name} ended with exit code {self._process.wait()}")
        answer = json.loads(line)
        return Turn(seconds=answer["seconds"], cpu=answer["cpu"], pixels=base64.b64decode(answer["pixels"]))

    def close(self) -> None:
        """Close the child's input and wait until it has ended."""
        self._process.communicate()


def serve(run: Callable[[str], bytes]) -> None:
    """In a child: time `run` once for every line on standard input, and print the turn as a line of JSON."""
    for line in sys.stdin:
        turn = timed(partial(run, line.strip()))
        print(json.dumps({"seconds": turn.seconds, "cpu": turn.cpu, "pixels": base64.b64encode(turn.pixels).decode()}))
        sys.stdout.flush()


def timed(run: Callable[[], bytes], process: int = 0) -> Turn:
    """Run something once and return its turn.

    Args:
        run: Returns the pixels.
        process: ID of the process whose CPU time counts; 0 for this one.
    """
    start, cpu_start = time.perf_counter(), cpu_seconds(process)
    pixels = run()
    return Turn(seconds=time.perf_counter() - start, cpu=cpu_seconds(process) - cpu_start, pixels=pixels)


def cpu_seconds(process: int = 0) -> float:
    """Return the CPU seconds of all threads of a process so far.

    Args:
        process: Process ID; 0 for this process.  Any other needs Linux, and has a resolution of 0.01 s.
    """
    if process == 0:
        return time.process_time()
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_paired(variants: Mapping[str, Callable[[], Turn]], repeats: int) -> dict[str, list[Turn]]:
    """Run every variant once to warm up, then `repeats` rounds, each in a shuffled order.

    Returns:
        The turns of every variant, without the warm-up; turn k of all variants belongs to round k.
    """
    for run in variants.values():
        run()
    turns: dict[str, list[Turn]] = {name: [] for name in variants}
    for number in range(repeats):
        for name in random.Random(number).sample(list(variants), len(variants)):
            turns[name].append(variants[name]())
    return turns


def ratio(turns: list[Turn], baseline: list[Turn]) -> Spread:
    """Return the paired ratio of wall time; below 1, `turns` are faster than the baseline."""
    return Spread.of([one.seconds / other.seconds for one, other in zip(turns, baseline, strict=True)])


def cpu_ratio(turns: list[Turn], baseline: list[Turn]) -> Spread:
    """Return the paired ratio of CPU time, which other programs disturb less than wall time."""
    return Spread.of([one.cpu / max(other.cpu, 1e-9) for one, other in zip(turns, baseline, strict=True)])


def seconds_of(turns: list[Turn]) -> Spread:
    """Return the spread of the wall time of all turns."""
    return Spread.of([turn.seconds for turn in turns])


def machine_load() -> str:
    """Return the number of cores and the load of the machine, which decide whether the figures can be trusted."""
    return (
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} "
        "(repeat this on a quiet machine if other programs add more than 0.5)"
    )
