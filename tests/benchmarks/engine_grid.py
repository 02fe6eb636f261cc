"""Time a grid of 8 with the embedded model against plain diffusers, with the same noise, in paired rounds.

    python -m tests.benchmarks.engine_grid [REPEATS]

The baseline is a loop of 8 calls of a diffusers pipeline in its own process.  A grid is timed as a user waits for it:
from the request to the last picture, through the worker process.  The benchmark prints a table of seconds and ratios,
then what previews, a remembered prompt and a cancel cost, and how many colour values differ between the variants.
Every figure is a median with its quartiles in brackets.
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise

from engine.rendering.requests import RenderJob
from tests.benchmarks.gridtask import COUNT, SETTINGS, TASKS, EmbeddedWorker, TimedEvents
from tests.benchmarks.paired import Child, Spread, Turn, cpu_ratio, machine_load, ratio, run_paired, seconds_of
from tests.benchmarks.pixels import differing_values

LOOP, CALL = "plain loop of 8 calls", "plain call for 8"
STRICT, BATCHED, FIRST = "warmer --strict, one by one", "warmer, one batch of 8", "warmer, prompt not encoded"
PREVIEWS = "warmer, with previews"


class WarmerVariants:
    """The variants that run in the worker.

    Attributes:
        previewed: Events of every grid that was rendered with previews, the warm-up included.
    """

    def __init__(self) -> None:
        self.worker = EmbeddedWorker()
        self.previewed: list[TimedEvents] = []
        self._prompts = (f"{SETTINGS.prompt}, {number} birds" for number in itertools.count())

    def turn(self, grid: Callable[[], TimedEvents]) -> Turn:
        """Render one grid and return its turn, with the CPU time of the worker."""
        cpu_start = self.worker.cpu_used
        events = grid()
        return Turn(seconds=events.seconds, cpu=self.worker.cpu_used - cpu_start, pixels=events.pixels)

    def strict(self) -> Turn:
        """Render the pictures one by one."""
        return self.turn(lambda: self.worker.grid(alone=True))

    def batched(self) -> Turn:
        """Render the pictures in one batch."""
        return self.turn(self.worker.grid)

    def first(self) -> Turn:
        """Render one batch with a prompt that the worker has not encoded yet."""
        return self.turn(lambda: self.worker.grid(prompt=next(self._prompts)))

    def previews(self) -> Turn:
        """Render one batch with live previews."""

        def grid() -> TimedEvents:
            self.previewed.append(self.worker.grid(previews=True))
            return self.previewed[-1]

        return self.turn(grid)


def cancel_delays(worker: EmbeddedWorker, count: int) -> list[float]:
    """Return the time from each cancel until the worker is idle, in denoising steps of the same grid.

    The cancels are spread over all steps; the last ones fall into the time while the pictures are decoded.
    """
    random_, delays = random.Random(0), []
    job = RenderJob(job=0, tasks=TASKS, settings=SETTINGS)
    for number in range(count):
        worker.submit(job)
        step = 2 + number * (SETTINGS.num_inference_steps - 2) // max(1, count - 1)
        worker.wait_for_step(step)
        step_seconds = statistics.median(later - earlier for earlier, later in pairwise(worker.step_times))
        time.sleep(random_.random() * step_seconds)
        cancelled_at = worker.elapsed
        worker.cancel()
        delays.append((worker.wait_until_idle().seconds - cancelled_at) / step_seconds)
    return delays


def print_table(turns: dict[str, list[Turn]], repeats: int) -> None:
    """Print a line for each variant."""
    print(f"grid of {COUNT}, {SETTINGS.num_inference_steps} steps, {repeats} rounds; {machine_load()}")
    print(f"{'':28s} {'seconds':24s} {'ratio to plain loop':24s} ratio of CPU time")
    for name, own in turns.items():
        print(f"{name:28s} {seconds_of(own)!s:24s} {ratio(own, turns[LOOP])!s:24s} {cpu_ratio(own, turns[LOOP])}")


def print_costs(turns: dict[str, list[Turn]], previewed: list[TimedEvents], delays: list[float]) -> None:
    """Print what a batch, a remembered prompt, previews and a cancel gain or cost."""
    batched = turns[BATCHED]
    shares = Spread.of([events.first_preview / events.seconds for events in previewed])
    print(f"one batch / plain loop: {ratio(batched, turns[LOOP])}; below 1, warmer is faster")
    print(f"later round / first round of a prompt: {ratio(batched, turns[FIRST])}; below 1, encoding once saves time")
    print(f"with previews / without: {ratio(turns[PREVIEWS], batched)}; above 1, previews cost time")
    print(f"  the same in CPU time: {cpu_ratio(turns[PREVIEWS], batched)}")
    print(f"first preview, as a share of the grid's time: {shares}")
    print(
        f"cancel until idle, in steps: {Spread.of(delays)}, at most {max(delays):.2f}; "
        "up to 1, the worker stops within the running step"
    )


def print_differences(turns: dict[str, list[Turn]]) -> None:
    """Print how many colour values differ between variants that should agree."""
    for one, other in ((STRICT, LOOP), (BATCHED, CALL), (BATCHED, LOOP), (PREVIEWS, BATCHED)):
        print(f"pixels, {one} / {other}: {differing_values(turns[one][0].pixels, turns[other][0].pixels)}")


def main(repeats: int) -> None:
    """Run all variants in paired rounds, then the cancels, and print the figures."""
    plain, warmer = Child("tests.benchmarks.plainloop"), WarmerVariants()
    turns = run_paired(
        {
            LOOP: lambda: plain.turn("1"),
            CALL: lambda: plain.turn("8"),
            STRICT: warmer.strict,
            BATCHED: warmer.batched,
            FIRST: warmer.first,
            PREVIEWS: warmer.previews,
        },
        repeats,
    )
    plain.close()
    delays = cancel_delays(warmer.worker, 2 * repeats)
    warmer.worker.renderer.close()
    print_table(turns, repeats)
    print_costs(turns, warmer.previewed[1:], delays)
    print_differences(turns)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
