"""The grid that the benchmarks time: 8 variations of one picture of the embedded model, and a worker to render them."""

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
from engine.rendering.renderer import Renderer
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
"""The same tasks, each in a batch of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedEvents:
    """The events of one job.

    Attributes:
        events: Seconds since the request, and the event; the last event ends the job.
    """

    events: tuple[tuple[float, Event], ...]

    @property
    def seconds(self) -> float:
        """Seconds from the request until the job ended."""
        return self.events[-1][0]

    @property
    def first_preview(self) -> float:
        """Seconds from the request until the first preview."""
        return next(when for when, event in self.events if isinstance(event, PreviewRendered))

    @property
    def first_picture(self) -> float:
        """Seconds from the request until the first picture."""
        return next(when for when, event in self.events if isinstance(event, PictureRendered))

    @property
    def steps(self) -> tuple[float, ...]:
        """Seconds from the request until each denoising step was done."""
        return tuple(when for when, event in self.events if isinstance(event, StepDone))

    @property
    def pixels(self) -> bytes:
        """RGB bytes of all pictures, in the order in which they arrived."""
        return b"".join(event.picture.rgb for _, event in self.events if isinstance(event, PictureRendered))


class EmbeddedWorker:
    """The real worker process with the embedded model; every job gets a number of its own."""

    def __init__(self, renderer: Renderer | None = None) -> None:
        """Load the model.

        Args:
            renderer: What renders; None for a worker process of its own.
        """
        self.renderer = renderer or WorkerRenderer()
        self._events: queue.Queue[Event] = queue.Queue()
        self._job = 0
        self.renderer.start(self._events.put)
        self.renderer.load(LoadModel(model=MODEL, settings=SETTINGS, device="cpu"))
        while not isinstance(self._next(), ModelReady):
            pass

    def grid(self, *, alone: bool = False, previews: bool = False, prompt: str = SETTINGS.prompt) -> TimedEvents:
        """Render the grid and return its events.

        Args:
            alone: Render every picture in a batch of its own.
            previews: Ask for live previews.
            prompt: The prompt of all pictures.
        """
        settings = replace(SETTINGS, prompt=prompt)
        self.submit(RenderJob(job=0, tasks=ALONE if alone else TASKS, settings=settings, previews=previews))
        return self.wait_until_idle()

    def render(self, tasks: tuple[PictureTask, ...]) -> TimedEvents:
        """Render some tasks and return their events."""
        self.submit(RenderJob(job=0, tasks=tasks, settings=SETTINGS))
        return self.wait_until_idle()

    def submit(self, job: RenderJob) -> None:
        """Ask the worker for a job; its number is replaced by the next free one."""
        self._job += 1
        self._began, self._noted = time.perf_counter(), list[tuple[float, Event]]()
        self.renderer.render(replace(job, job=self._job))

    def cancel(self) -> None:
        """Cancel the running job."""
        self.renderer.cancel(self._job)

    def wait_for_step(self, step: int) -> None:
        """Wait until this many steps of the running job are done."""
        while not (isinstance(event := self._note(), StepDone) and event.step == step):
            pass

    def wait_until_idle(self) -> TimedEvents:
        """Wait until the running job has ended, and return its events."""
        while not isinstance(self._note(), JobDone | JobCancelled):
            pass
        return TimedEvents(events=tuple(self._noted))

    @property
    def step_times(self) -> tuple[float, ...]:
        """Seconds from the request until each step that is done by now."""
        return TimedEvents(events=tuple(self._noted)).steps

    @property
    def elapsed(self) -> float:
        """Seconds since the request of the running job."""
        return time.perf_counter() - self._began

    @property
    def pid(self) -> int:
        """Process ID of the worker."""
        assert isinstance(self.renderer, WorkerRenderer)
        assert self.renderer._process is not None
        return self.renderer._process.pid

    @property
    def cpu_used(self) -> float:
        """CPU seconds that the worker has used so far."""
        return cpu_seconds(self.pid)

    def _note(self) -> Event:
        event = self._next()
        self._noted.append((self.elapsed, event))
        return event

    def _next(self) -> Event:
        event = self._events.get(timeout=300)
        if isinstance(event, JobFailed | WorkerDied):
            raise SystemExit(event.sentence)
        return event
