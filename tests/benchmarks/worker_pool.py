"""Time grids on two CPU workers of one thread each against one worker of one thread, in paired rounds.

    python -m tests.benchmarks.worker_pool [REPEATS]

The model is the embedded one, with 8 candidates a grid.  A worker alone renders them in one batch of 8, two workers in
a batch of 4 each; a third variant is the pool with a single worker, which shows what dealing costs.  In every round
each variant renders GRIDS grids one after the other, in a shuffled order, while the workers of the others sleep.
The benchmark prints seconds and ratios, how long the first preview and the first picture took, and how many colour
values differ from those of one worker with the same slots.  On a busy machine only the processor time tells what
dealing costs: that of the program, which passes the events on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.rendering.events import PictureRendered
from engine.rendering.renderer import Renderer
from engine.worker.client import WorkerRenderer
from engine.worker.pool.renderer import PoolRenderer
from tests.benchmarks.gridtask import COUNT, TASKS, EmbeddedWorker, TimedEvents
from tests.benchmarks.paired import Spread, Turn, cpu_seconds, machine_load, ratio, run_paired, seconds_of
from tests.benchmarks.pixels import differing_values

GRIDS = 2
ONE, ALONE, TWO = "one worker", "a pool of one", "a pool of two"


def pool_of(workers: int) -> PoolRenderer:
    """Return a pool of workers of one thread each."""
    pool = PoolRenderer()
    for number in range(workers):
        pool.add(f"cpu {number}", WorkerRenderer(threads=1), "cpu")
    return pool


@dataclass(kw_only=True)
class Variant:
    """A renderer, and what its grids showed.

    Attributes:
        worker: The renderer with the embedded model.
        grids: The events of every grid, those of the warm-up included.
    """

    worker: EmbeddedWorker
    grids: list[TimedEvents] = field(default_factory=list)

    def turn(self) -> Turn:
        """Render some grids, one after the other."""
        started = cpu_seconds()
        some = [self.worker.grid(previews=True) for _ in range(GRIDS)]
        self.grids += some
        used, seconds = cpu_seconds() - started, sum(events.seconds for events in some)
        return Turn(seconds=seconds, cpu=used, pixels=by_index(some[0]))

    @property
    def first_preview(self) -> Spread:
        """Seconds from the request to the first preview."""
        return Spread.of([events.first_preview for events in self.grids[GRIDS:]])

    @property
    def first_picture(self) -> Spread:
        """Seconds from the request to the first picture."""
        return Spread.of([events.first_picture for events in self.grids[GRIDS:]])


def by_index(events: TimedEvents) -> bytes:
    """Return the RGB bytes of all pictures in the order of their indices."""
    pictures = [event for _, event in events.events if isinstance(event, PictureRendered)]
    return b"".join(event.picture.rgb for event in sorted(pictures, key=lambda event: event.index))


def wait_for_all(renderers: Iterable[Renderer]) -> None:
    """Wait until every worker of every pool takes part; a pool reports no more than the first one."""
    pools = [renderer for renderer in renderers if isinstance(renderer, PoolRenderer)]
    while not all(len(pool._members.taking_part) == len(pool._members.able) for pool in pools):
        time.sleep(0.1)


def milliseconds_a_picture(seconds: list[float]) -> Spread:
    """Return the spread of what turns took more than others, for each picture."""
    return Spread.of([1000 * each / (GRIDS * COUNT) for each in seconds])


def main(repeats: int) -> None:
    """Run all variants in paired rounds, and print the figures."""
    os.environ["OMP_NUM_THREADS"] = "1"
    renderers: dict[str, Renderer] = {ONE: WorkerRenderer(threads=1), ALONE: pool_of(1), TWO: pool_of(2)}
    variants = {name: Variant(worker=EmbeddedWorker(renderer)) for name, renderer in renderers.items()}
    wait_for_all(renderers.values())
    turns = run_paired({name: variant.turn for name, variant in variants.items()}, repeats)
    half = COUNT // 2
    slots = tuple(replace(task, slot=(half, task.index % half)) for task in TASKS)
    same_slots = by_index(variants[ONE].worker.render(slots))
    for variant in variants.values():
        variant.worker.renderer.close()
    print(f"{GRIDS} grids of {COUNT} a turn, {repeats} rounds; {machine_load()}")
    print(f"{'':16s} {'seconds a turn':24s}  {'throughput, one = 1':24s}  {'first preview':24s}  first picture")
    for name, variant in variants.items():
        figures = seconds_of(turns[name]), ratio(turns[ONE], turns[name]), variant.first_preview, variant.first_picture
        print(f"{name:16s} {'  '.join(f'{figure!s:24s}' for figure in figures)}")
    pairs = list(zip(turns[ALONE], turns[ONE], strict=True))
    waited = milliseconds_a_picture([pool.seconds - one.seconds for pool, one in pairs])
    used = milliseconds_a_picture([pool.cpu - one.cpu for pool, one in pairs])
    print(f"what dealing costs, milliseconds a picture: {waited}; of processor time in this process: {used}")
    print(f"pixels, two workers / one with the same slots: {differing_values(turns[TWO][0].pixels, same_slots)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
