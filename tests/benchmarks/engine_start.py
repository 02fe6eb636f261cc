"""Time the start of the worker with the embedded model, stage by stage, against the import of torch alone.

    python -m tests.benchmarks.engine_start [REPEATS]

A new worker loads the model, renders one picture and closes.  In turns with it, a fresh interpreter imports torch and
nothing else, which is the least that a worker can take.  The benchmark prints the median seconds of each stage and from
the start until the model is ready, and the median of the paired ratios of that to the import of torch.
"""

from __future__ import annotations

import queue
import statistics
import subprocess
import sys
import time
from itertools import pairwise

from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import (
    Event,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PictureRendered,
    WorkerDied,
)
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, SeedRoot
from tests.benchmarks.paired import Spread, machine_load

MODEL = resolve_model("")
SETTINGS = defaults_of(MODEL).settings("a lake")
TASKS = (PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=7))),)


def stage_starts() -> dict[str, float]:
    """Run a worker once; return the seconds from its start to the start of each stage, and the seconds of closing."""
    events: queue.Queue[Event] = queue.Queue()
    renderer = WorkerRenderer()
    start = time.perf_counter()
    renderer.start(events.put)
    renderer.load(LoadModel(model=MODEL, settings=SETTINGS, device="cpu"))
    renderer.render(RenderJob(job=1, tasks=TASKS, settings=SETTINGS))
    found: dict[str, float] = {}
    while "done" not in found:
        event, now = events.get(timeout=120), time.perf_counter() - start
        match event:
            case LoadingProgressed(stage=stage):
                found[stage] = now
            case ModelReady():
                found["ready"] = now
            case PictureRendered():
                found["first picture"] = now
            case JobDone():
                found["done"] = now
            case JobFailed() | WorkerDied():
                raise SystemExit(event.sentence)
    closing = time.perf_counter()
    renderer.close()
    found["closed"] = time.perf_counter() - closing
    return found


def torch_alone() -> float:
    """Return the seconds of a fresh interpreter that imports torch."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - start


def main(repeats: int) -> None:
    """Start the worker `repeats` times and print the median of each stage."""
    stage_starts(), torch_alone()
    alone: list[float] = []
    runs: list[dict[str, float]] = []
    for _ in range(repeats):
        alone.append(torch_alone())
        runs.append(stage_starts())
    median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    order = ["importing torch", "importing diffusers", "loading weights", "ready", "first picture"]
    print(f"seconds of each stage, median of {repeats} starts, {machine_load()}")
    print(f"{'starting the process':24s} {median['importing torch']:.2f}")
    for name, following in pairwise(order):
        label = "rendering a picture" if name == "ready" else name
        print(f"{label:24s} {median[following] - median[name]:.2f}")
    print(f"{'closing':24s} {median['closed']:.3f}")
    print(f"{'from start to ready':24s} {median['ready']:.2f}")
    print(f"{'importing torch alone':24s} {statistics.median(alone):.2f}")
    ratio = Spread.of([run["ready"] / seconds for run, seconds in zip(runs, alone, strict=True)])
    print(f"{'ratio of the two':24s} {ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
