"""A renderer in a worker process, its events, and its process, seen from a test."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.rendering.events import Event
from engine.rendering.requests import LoadModel, ModelChoice, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.worker import client
from engine.worker.client import WorkerRenderer
from engine.worker.process import WorkerProcess
from engine.worker.watchdog import Timeouts
from latentpng.record import Lineage, SeedRoot

ROOT = Path(client.__file__).parents[2]
FAKE_WORKER = "tests.support.engine.fake_worker"
TIMEOUT_SECONDS = 60.0
SETTINGS = RenderSettings(prompt="a lake", width=16, height=16, num_inference_steps=3, guidance_scale=2.0)
LOAD = LoadModel(model=ModelChoice(path="", name="fake"), settings=SETTINGS)


class Watched:
    """A started renderer that keeps its events."""

    def __init__(self, timeouts: Timeouts | None = None, program: tuple[str, ...] = ()) -> None:
        self.renderer = WorkerRenderer(timeouts, program=program)
        self.events: queue.Queue[Event] = queue.Queue()
        self.renderer.start(self.events.put)

    def until(self, kind: type[Event] | tuple[type[Event], ...]) -> list[Event]:
        """Wait for the first event of this kind, and return it with all events before it."""
        seen: list[Event] = []
        while not seen or not isinstance(seen[-1], kind):
            seen.append(self.events.get(timeout=TIMEOUT_SECONDS))
        return seen

    @property
    def process(self) -> WorkerProcess:
        """The running worker."""
        process = self.renderer._process
        assert process is not None
        return process

    @property
    def pid(self) -> int:
        """Process ID of the worker."""
        return self.process.pid

    @property
    def log(self) -> Path:
        """The log file of the worker."""
        return self.process._log_path


def job_of(number: int, prompt: str = "a lake", count: int = 2) -> RenderJob:
    """Return a job of `count` pictures."""
    tasks = tuple(PictureTask(index=index, lineage=Lineage(root=SeedRoot(seed=index))) for index in range(count))
    return RenderJob(job=number, tasks=tasks, settings=replace(SETTINGS, prompt=prompt))


def is_alive(pid: int) -> bool:
    """Return whether there is such a process, zombies included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_zombie(pid: int) -> bool:
    """Return whether a process is dead; some containers have no init process that reaps it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def comes_true(condition: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> bool:
    """Return whether a condition becomes true within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return condition()
