"""The grid that is timed: 8 variations of one picture of the embedded model; and our worker, asked for it."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass, replace

from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import (
    Event,
    JobCancelled,
    JobDone,
    JobFailed,
    ModelReady,
    PictureRendered,
    PreviewRendered,
    StepDone,
    WorkerDied,
)
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, Round, SeedRoot
from tests.benchmarks.paired import cpu_seconds

COUNT = 8
MODEL = resolve_model("")
SETTINGS = defaults_of(MODEL).settings("a red sun over snowy mountains, two pine trees, a lake")
PARENT = Lineage(root=SeedRoot(seed=7))
TASKS = tuple(
    PictureTask(index=mark, lineage=PARENT.child(Round(seed=1, scale=0.7, of=COUNT, marks=(mark,))))
    for mark in range(COUNT)
)
ALONE = tuple(replace(task, slot=(1, 0)) for task in TASKS)
"""The same, each in a batch of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What came of a job, each with the second at which it came, counted from the request; the last ends it."""

    events: tuple[tuple[float, Event], ...]

    @property
    def seconds(self) -> float:
        """Until the end."""
        return self.events[-1][0]

    @property
    def first_preview(self) -> float:
        """Of the first picture."""
        return next(when for when, event in self.events if isinstance(event, PreviewRendered))

    @property
    def steps(self) -> tuple[float, ...]:
        """When each was done."""
        return tuple(when for when, event in self.events if isinstance(event, StepDone))

    @property
    def pixels(self) -> bytes:
        """Of all pictures."""
        return b"".join(event.picture.rgb for _, event in self.events if isinstance(event, PictureRendered))


class OurWorker:
    """The real worker process, with the embedded model; every job gets a number of its own."""

    def __init__(self) -> None:
        self.renderer = WorkerRenderer()
        self._events: queue.Queue[Event] = queue.Queue()
        self._job = 0
        self.renderer.start(self._events.put)
        self.renderer.load(LoadModel(model=MODEL, settings=SETTINGS, device="cpu"))
        while not isinstance(self._next(), ModelReady):
            pass

    def grid(self, *, alone: bool = False, previews: bool = False, prompt: str = SETTINGS.prompt) -> Seen:
        """All pictures, one by one where `alone`."""
        settings = replace(SETTINGS, prompt=prompt)
        self.ask(RenderJob(job=0, tasks=ALONE if alone else TASKS, settings=settings, previews=previews))
        return self.rest()

    def ask(self, job: RenderJob) -> None:
        """Begins a job."""
        self._job += 1
        self._began, self._seen = time.perf_counter(), list[tuple[float, Event]]()
        self.renderer.render(replace(job, job=self._job))

    def cancel(self) -> None:
        """The job that runs."""
        self.renderer.cancel(self._job)

    def until_step(self, step: int) -> None:
        """Waits until so many steps are done."""
        while not (isinstance(event := self._note(), StepDone) and event.step == step):
            pass

    def rest(self) -> Seen:
        """Waits for the end."""
        while not isinstance(self._note(), JobDone | JobCancelled):
            pass
        return Seen(events=tuple(self._seen))

    @property
    def steps_seen(self) -> tuple[float, ...]:
        """When the steps were done that are done."""
        return Seen(events=tuple(self._seen)).steps

    @property
    def now(self) -> float:
        """Seconds since the job was asked for."""
        return time.perf_counter() - self._began

    @property
    def pid(self) -> int:
        """Of the worker."""
        assert self.renderer._process is not None
        return self.renderer._process.pid

    @property
    def cpu(self) -> float:
        """Seconds that the worker has computed."""
        return cpu_seconds(self.pid)

    def _note(self) -> Event:
        event = self._next()
        self._seen.append((self.now, event))
        return event

    def _next(self) -> Event:
        event = self._events.get(timeout=300)
        if isinstance(event, JobFailed | WorkerDied):
            raise SystemExit(event.sentence)
        return event
