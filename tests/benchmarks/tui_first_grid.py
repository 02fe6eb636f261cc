"""Time the first grid of a session with the embedded model: with the warm-up of the start screen, without, and in haste.

    python -m tests.benchmarks.tui_first_grid [REPEATS]

Each run starts a worker, waits until the model is ready, and renders the parent and eight candidates as the app does.
"warm" lets the warm-up end first, as while a prompt is typed; "in haste" asks for the grid while the warm-up has just
begun; "cold" has none.  The three take turns.  The benchmark prints the median seconds until the first preview and until
the whole grid, and checks that the pixels are the same in all of them.
"""

from __future__ import annotations

import hashlib
import queue
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TypeVar

from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import Event, JobDone, JobFailed, ModelReady, PictureRendered, PreviewRendered, WorkerDied
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.search.running import next_job
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, SeedRoot
from tui.app.warm_up import WarmUp

MODEL = resolve_model("")
SETTINGS = defaults_of(MODEL).settings("a red sun over a lake")
LOAD = LoadModel(model=MODEL, settings=defaults_of(MODEL).settings(""), device="cpu")
TASKS = (
    PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=7)), slot=(1, 0)),
    *(PictureTask(index=index, lineage=Lineage(root=SeedRoot(seed=7 + index))) for index in range(1, 9)),
)
_Kind = TypeVar("_Kind", ModelReady, JobDone)
VARIANTS = ("cold", "warm", "in haste")


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstGrid:
    """One first grid: seconds until its first preview, seconds until its end, and the digest of its pixels."""

    preview: float
    whole: float
    pixels: str


def first_grid(variant: str) -> FirstGrid:
    """Run a worker once, and return how its first grid went."""
    events: queue.Queue[Event] = queue.Queue()
    renderer = WorkerRenderer()
    renderer.start(events.put)
    renderer.load(LOAD)
    ready = _wait(events, ModelReady)
    warm_up = WarmUp()
    if variant != "cold":
        warm_up.start(renderer, ready.request)
    if variant == "warm":
        _wait(events, JobDone)
    job = next_job()
    start = time.perf_counter()
    warm_up.stop(renderer)
    renderer.render(RenderJob(job=job, tasks=TASKS, settings=SETTINGS, previews=True))
    found = _rendered(events, job, start)
    renderer.close()
    return found


def _rendered(events: queue.Queue[Event], job: int, start: float) -> FirstGrid:
    preview, pictures = 0.0, dict[int, bytes]()
    while True:
        event = _next(events)
        match event:
            case PreviewRendered():
                preview = preview or time.perf_counter() - start
            case PictureRendered(job=number, index=index, picture=picture) if number == job:
                pictures[index] = picture.rgb
            case JobDone(job=number) if number == job:
                pixels = hashlib.sha256(b"".join(pictures[index] for index in sorted(pictures))).hexdigest()
                return FirstGrid(preview=preview, whole=time.perf_counter() - start, pixels=pixels)
            case _:
                pass


def _wait(events: queue.Queue[Event], kind: type[_Kind]) -> _Kind:
    while not isinstance(event := _next(events), kind):
        pass
    return event


def _next(events: queue.Queue[Event]) -> Event:
    event = events.get(timeout=120)
    if isinstance(event, JobFailed | WorkerDied):
        raise SystemExit(event.sentence)
    return event


def main(repeats: int) -> None:
    """Run every variant `repeats` times and print the figures."""
    runs: dict[str, list[FirstGrid]] = {variant: [] for variant in VARIANTS}
    for _ in range(repeats):
        for variant in VARIANTS:
            runs[variant].append(first_grid(variant))
    print(f"the first grid of a session, median of {repeats} starts (shortest and longest)")
    for variant, grids in runs.items():
        previews = sorted(grid.preview for grid in grids)
        whole = statistics.median(grid.whole for grid in grids)
        print(
            f"{variant:9} first preview {statistics.median(previews):.2f} s ({previews[0]:.2f} to {previews[-1]:.2f}), "
            f"whole grid {whole:.2f} s"
        )
    same = len({grid.pixels for grids in runs.values() for grid in grids}) == 1
    print(f"the pixels are {'the same in every run' if same else 'NOT the same'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
