"""Time the first grid of a session with the embedded model: with the warm-up of the start screen and without.

    python -m tests.benchmarks.tui_first_grid [REPEATS]

The renderer alone: each run starts a worker, waits until the model is ready, and renders a parent and eight candidates.
"warm" lets the warm-up end first, as while a prompt is typed; "in haste" asks for the grid while the warm-up has just
begun; "cold" has none.  The app: `warmer` runs on a fake terminal, a prompt is entered three seconds after the model is
ready, and the first half-cell of a picture is waited for.  Variants take turns.  The benchmark prints median seconds,
and checks that the pixels of the renderer are the same in all variants.
"""

from __future__ import annotations

import hashlib
import os
import queue
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import Event, JobDone, JobFailed, ModelReady, PictureRendered, PreviewRendered, WorkerDied
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.search.running import next_job
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, SeedRoot
from tests.benchmarks.tui_keys import wait
from tests.support.terminal.fake_terminal import FakeTerminal
from tui.app.warm_up import WarmUp

ROOT = Path(__file__).parents[2]
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


def first_preview_of_app(*, is_warm: bool) -> float:
    """Run `warmer` once; return the seconds from the prompt's Enter until a picture is on the screen."""
    cold = "from tui.app.warm_up import WarmUp; WarmUp.start = lambda *_: None; "
    program = f"{'' if is_warm else cold}from tui.cli import main; main(['--graphics', 'halfcell'])"
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "PYTHONPATH": str(ROOT)}
        with FakeTerminal([sys.executable, "-c", program], environment=environment) as terminal:
            wait(terminal, b"is ready on", 120.0)
            terminal.read(3.0)
            os.write(terminal.fd, b"a red sun over a lake")
            terminal.read(0.5)
            os.write(terminal.fd, b"\r")
            return wait(terminal, "▀".encode(), 60.0)


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
    apps: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(repeats):
        for is_warm, seconds in apps.items():
            seconds.append(first_preview_of_app(is_warm=is_warm))
    for is_warm, seconds in apps.items():
        variant = "warm" if is_warm else "cold"
        print(f"the app {variant}: from Enter to the first picture {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
