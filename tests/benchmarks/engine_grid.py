"""A grid of 8 with the embedded model: our worker against plain diffusers, with the same noise, in turns.

python -m tests.benchmarks.engine_grid [REPEATS]

Everything is timed as a user waits for it: from the request to the last picture, through the worker process.  Ratios
are of the same round; medians, with quartiles in brackets.
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from engine.rendering.requests import RenderJob
from tests.benchmarks.gridtask import COUNT, SETTINGS, TASKS, OurWorker, Seen
from tests.benchmarks.paired import Child, Spread, Turn, cpu_ratio, in_turns, ratio, seconds_of, surroundings

LOOP, CALL = "plain loop of 8 calls", "plain, one call of 8"
STRICT, USUAL, FIRST = "ours, n = 1 (strict)", "ours, n = 8 (usual)", "ours, n = 8, a new prompt"
PREVIEWS = "ours, n = 8, previews"


class Ours:
    """The worker, and what was seen of its jobs with previews."""

    def __init__(self) -> None:
        self.worker = OurWorker()
        self.previewed: list[Seen] = []
        self._prompts = (f"{SETTINGS.prompt}, {number} birds" for number in itertools.count())

    def turn(self, grid: Callable[[], Seen]) -> Turn:
        """One grid, timed."""
        worked = self.worker.cpu
        seen = grid()
        return Turn(seconds=seen.seconds, cpu=self.worker.cpu - worked, pixels=seen.pixels)

    def strict(self) -> Turn:
        """Pictures one by one."""
        return self.turn(lambda: self.worker.grid(alone=True))

    def usual(self) -> Turn:
        """One batch."""
        return self.turn(self.worker.grid)

    def first(self) -> Turn:
        """With a prompt that was never encoded."""
        return self.turn(lambda: self.worker.grid(prompt=next(self._prompts)))

    def previews(self) -> Turn:
        """With live previews."""

        def grid() -> Seen:
            self.previewed.append(self.worker.grid(previews=True))
            return self.previewed[-1]

        return self.turn(grid)


def cancels(worker: OurWorker, count: int) -> list[float]:
    """Times from cancel to idle, in steps of the same grid; the last ones while pictures are decoded."""
    chance, waits = random.Random(0), []
    job = RenderJob(job=0, tasks=TASKS, settings=SETTINGS)
    for number in range(count):
        worker.ask(job)
        step = 2 + number * (SETTINGS.num_inference_steps - 2) // max(1, count - 1)
        worker.until_step(step)
        took = statistics.median(later - earlier for earlier, later in pairwise(worker.steps_seen))
        time.sleep(chance.random() * took)
        asked = worker.now
        worker.cancel()
        waits.append((worker.rest().seconds - asked) / took)
    return waits


def report(turns: dict[str, list[Turn]], repeats: int) -> None:
    """The table."""
    print(f"grid of {COUNT}, {SETTINGS.num_inference_steps} steps, {repeats} rounds; {surroundings()}")
    print(f"{'':28s} {'seconds':24s} {'of the plain loop':24s} its CPU time of that")
    for name, own in turns.items():
        print(f"{name:28s} {seconds_of(own)!s:24s} {ratio(own, turns[LOOP])!s:24s} {cpu_ratio(own, turns[LOOP])}")


def goals(turns: dict[str, list[Turn]], previewed: list[Seen], waits: list[float]) -> None:
    """What was promised, and what it is."""
    usual = turns[USUAL]
    previews = Spread.of([seen.first_preview / seen.seconds for seen in previewed])
    print(f"grid of 8 against the plain loop (goal 0.8): {ratio(usual, turns[LOOP])}")
    print(f"second round against a first one (goal 0.9): {ratio(usual, turns[FIRST])}")
    print(f"with previews against without (goal 1.03): {ratio(turns[PREVIEWS], usual)}")
    print(f"  the same in CPU time: {cpu_ratio(turns[PREVIEWS], usual)}")
    print(f"first preview, of the grid's time (goal 0.25): {previews}")
    print(f"cancel to idle, in steps (goal 1): {Spread.of(waits)}, at most {max(waits):.2f}")


def differences(turns: dict[str, list[Turn]]) -> None:
    """Are they the same pixels?"""
    for one, other in ((STRICT, LOOP), (USUAL, CALL), (USUAL, LOOP), (PREVIEWS, USUAL)):
        values, others = (np.frombuffer(turns[name][0].pixels, dtype=np.uint8).astype(int) for name in (one, other))
        apart = np.abs(values - others)
        print(f"{one} against {other}: {int((apart > 0).sum())} of {apart.size} values differ, by {apart.max()}")


def main(repeats: int) -> None:
    plain, ours = Child("tests.benchmarks.plainloop"), Ours()
    turns = in_turns(
        {
            LOOP: lambda: plain.turn("1"),
            CALL: lambda: plain.turn("8"),
            STRICT: ours.strict,
            USUAL: ours.usual,
            FIRST: ours.first,
            PREVIEWS: ours.previews,
        },
        repeats,
    )
    plain.close()
    waits = cancels(ours.worker, 2 * repeats)
    ours.worker.renderer.close()
    report(turns, repeats)
    goals(turns, ours.previewed[1:], waits)
    differences(turns)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
