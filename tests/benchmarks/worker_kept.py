"""Time commands and the app with a worker that stays, against a worker of their own, with the embedded model on a CPU.

    python -m tests.benchmarks.worker_kept [REPEATS]

Commands: the whole time of `warmer render` and `warmer vary --mark`, less the time that rendering that one picture
takes in a worker that is warm: what remains is overhead.  Beside it the processor time of the command and of what it
has started, which says more on a machine with other work.

The app: from the start of `warmer` until the model is ready, and from Enter on a prompt to the first half-cell of a
picture.  The walk: pick a picture, close the terminal in which the app runs, and open the picture again: seconds until
the first step of the next grid, and until its last one.

The benchmark prints medians, the shortest and the longest time, and the load of the machine.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import Event, JobDone, JobFailed, WorkerDied
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, SeedRoot
from tests.benchmarks.tui_keys import wait
from tests.support.terminal.fake_terminal import FakeTerminal

ROOT = Path(__file__).parents[2]
WARMER = (sys.executable, "-m", "tui")
PROMPT = "a red sun over a lake"
CELL = "▀".encode()
STEP = b"% of the grid"
"""What the app says while it renders a grid."""
QUIET_SECONDS = 8.0
"""A grid that says nothing for so long is complete."""
VARIANTS = {"of its own": False, "that stays": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """Folders of one run, which no other run shares.

    Attributes:
        folder: The home directory.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the programs."""
        return {
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "",  # as where warmer is installed: nothing is compiled with every start
            "WARMER_RUNTIME_DIR": str(self.folder / "run"),
        }

    def warmer(self, *words: str) -> tuple[float, float]:
        """Run a command, and return how long it took, and the processor time of all its processes."""
        start, before = time.perf_counter(), _processor_seconds()
        subprocess.run(
            [*WARMER, *words],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - start, _processor_seconds() - before

    def newest(self) -> Path:
        """The picture that was saved last."""
        return max((self.folder / "Pictures").rglob("*.png"), key=lambda path: path.stat().st_mtime)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def home(*, stays: bool) -> Iterator[Home]:
    """Give a run a home, and a worker that stays if it is to have one."""
    with tempfile.TemporaryDirectory() as folder:
        it = Home(folder=Path(folder))
        (it.folder / "Pictures").mkdir()
        hints = it.folder / "state" / "warmer" / "hints.json"
        hints.parent.mkdir(parents=True)
        hints.write_text(json.dumps({"grids": 99}), "utf-8")  # a newcomer is told something else after each grid
        if stays:
            it.warmer("worker", "start", "--device", "cpu")
        try:
            yield it
        finally:
            if stays:
                it.warmer("worker", "stop")


def rendering_seconds(repeats: int) -> float:
    """Return the median seconds of rendering one picture in a warm worker."""
    events: queue.Queue[Event] = queue.Queue()
    renderer = WorkerRenderer()
    renderer.start(events.put)
    model = resolve_model("")
    settings = defaults_of(model).settings(PROMPT)
    renderer.load(LoadModel(model=model, settings=settings, device="cpu"))
    job = RenderJob(job=0, tasks=(PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=7))),), settings=settings)
    found = []
    for number in range(repeats + 1):
        renderer.render(replace(job, job=number))
        while not isinstance(event := events.get(timeout=120), JobDone):
            if isinstance(event, JobFailed | WorkerDied):
                raise SystemExit(event.sentence)
        found.append(event.seconds)
    renderer.close()
    return statistics.median(found[1:])


def commands(it: Home, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Return the seconds of each command, and of the processor."""
    picture = it.folder / "p.png"
    it.warmer("new", "--prompt", PROMPT, "--seed", "7", "--device", "cpu", "--out", str(picture))
    again = ("render", str(picture), "--out", str(it.folder / "again.png"), "--force", "--device", "cpu")
    mark = ("vary", str(picture), "--mark", "0", "--seed", "3", "--out", str(it.folder), "--force", "--device", "cpu")
    return {
        "render": [it.warmer(*again) for _ in range(repeats)],
        "vary": [it.warmer(*mark) for _ in range(repeats)],
    }


def app(it: Home) -> tuple[float, float]:
    """Return the seconds until the model is ready, and from Enter on a prompt to the first picture."""
    with FakeTerminal([*WARMER, "--graphics", "halfcell", "--device", "cpu"], environment=it.environment) as terminal:
        until_ready = wait(terminal, b"is ready on", 120.0)
        terminal.read(2.0)
        os.write(terminal.fd, PROMPT.encode())
        terminal.read(0.5)
        os.write(terminal.fd, b"\r")
        return until_ready, wait(terminal, CELL, 60.0)


def grid(terminal: FakeTerminal) -> tuple[float, float]:
    """Return the seconds until the first step of a grid is seen, and the last one."""
    start = time.monotonic()
    terminal.read_until(STEP, 300.0)
    first = last = time.monotonic()
    while time.monotonic() - last < QUIET_SECONDS:
        if STEP in terminal.read(0.02):
            last = time.monotonic()
    return first - start, last - start


def walk(it: Home) -> tuple[float, float]:
    """Pick, lose the terminal, and go on; return the seconds to the first and to the last step of the next grid."""
    options = ("--graphics", "halfcell", "--seed", "7", "--first", "plain", "--ahead", "off", "--device", "cpu")
    terminal = FakeTerminal([*WARMER, "--prompt", PROMPT, *options], environment=it.environment)
    grid(terminal)
    os.write(terminal.fd, b"1")
    grid(terminal)
    os.close(terminal.fd)  # the window is closed, or the connection is lost
    os.waitpid(terminal.pid, 0)
    with FakeTerminal([*WARMER, str(it.newest()), *options], environment=it.environment) as again:
        return grid(again)


def figures(seconds: Sequence[float]) -> str:
    """Return the figures of some times."""
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def main(repeats: int) -> None:
    """Run every variant and print the figures."""
    rendering = rendering_seconds(repeats)
    print(f"rendering one picture {rendering:.2f} s; load of the machine {os.getloadavg()[0]:.1f}", flush=True)
    for name, stays in VARIANTS.items():
        print(f"load of the machine {os.getloadavg()[0]:.1f}")
        with home(stays=stays) as it:
            for command, times in commands(it, repeats).items():
                over = figures([seconds - rendering for seconds, _ in times])
                processor = figures([seconds for _, seconds in times])
                print(f"warmer {command}, a worker {name}: overhead {over}, processor {processor}", flush=True)
            starts = [app(it) for _ in range(repeats)]
            print(f"the app, a worker {name}: model ready after {figures([ready for ready, _ in starts])}", flush=True)
            print(f"  from Enter to the first picture {figures([picture for _, picture in starts])}", flush=True)
            walks = [walk(it) for _ in range(repeats)]
            print(f"the walk, a worker {name}: first step of the grid {figures([one for one, _ in walks])}", flush=True)
            print(f"  its last step {figures([whole for _, whole in walks])}", flush=True)
    print(f"{repeats} runs each; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
