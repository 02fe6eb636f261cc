"""A renderer on a simulated clock: true pictures, but each step takes as long as it is said to.

So what a person waits does not depend on what else the machine is doing, and a look of five seconds takes none.
Pictures are those of the embedded model, rendered once for each lineage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch

from engine.diffusion.batches import Batch, next_batch
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import load_model
from engine.rendering.events import (
    Event,
    JobCancelled,
    JobDone,
    ModelReady,
    Picture,
    PictureRendered,
    StepDone,
)
from engine.rendering.requests import Job, LoadModel, PictureTask, RenderJob
from engine.rendering.slots import placed
from latentpng.identity import Key, picture_keys

BATCH = 8
STEPS = 20
"""The denoising steps of a picture on the simulated clock, whatever its settings say."""
_ALONE = 0.2
"""What a step of a single picture takes, as a part of a step of eight (docs/benchmarks.md: 8 of them take 0.5 of 8)."""


class Studio:
    """The embedded model, and every picture that it has rendered."""

    def __init__(self, load: LoadModel) -> None:
        """Load the model."""
        torch.set_num_threads(1)  # two threads that wait for each other are slow where other work takes a core
        self._events: list[Event] = []
        loaded = load_model(load, lambda _: None)
        self._runner = JobRunner(loaded, emit=self._events.append, is_cancelled=lambda _: False, micro_batch=BATCH)
        spec = self._runner.renderer.noise_spec(load.settings)
        self.ready = ModelReady(
            request=load,
            noise_shape=spec.shape,
            noise_axes=spec.axes,
            pipeline=type(loaded.pipe).__name__,
            schedulers=loaded.own.usable,
            device=loaded.device,
            dtype=loaded.dtype,
        )
        self._known: dict[tuple[str, Key], PictureRendered] = {}

    def picture(self, job: RenderJob) -> Picture:
        """Return the picture of the first task of a job."""
        return self.pictures(job, next_batch(placed(job.tasks), BATCH))[0].picture

    def pictures(self, job: RenderJob, batch: Batch) -> list[PictureRendered]:
        """Return the pictures of a batch of a job."""
        tasks = [batch.tasks[slot] for slot in batch.used]
        keys = [(job.settings.prompt, picture_keys(task.lineage)[-1]) for task in tasks]
        missing = tuple(task for task, key in zip(tasks, keys, strict=True) if key not in self._known)
        if missing:
            self._events.clear()
            self._runner.run(replace(job, tasks=missing, previews=False))
            found = {event.index: event for event in self._events if isinstance(event, PictureRendered)}
            self._known.update(
                {key: found[task.index] for task, key in zip(tasks, keys, strict=True) if task.index in found}
            )
        return [replace(self._known[key], job=job.job, index=task.index) for task, key in zip(tasks, keys, strict=True)]


@dataclass(kw_only=True, slots=True)
class _Running:
    """A job that has begun: what is left of it, the batch that is rendered, and how many of its steps are done."""

    job: RenderJob
    left: list[PictureTask]
    batch: Batch
    step: int = 0
    step_ends: float = 0.0


@dataclass(kw_only=True, slots=True)
class Timelapse:
    """A Renderer whose steps end when the clock is moved.

    Attributes:
        studio: What makes the pictures.
        grid_seconds: How long eight pictures take in one batch.
        now: The simulated time in seconds.
        rendered: The pictures that were rendered; one of which half of the steps were done counts as a half.
    """

    studio: Studio
    grid_seconds: float
    now: float = 0.0
    rendered: float = 0.0
    _queue: list[RenderJob] = field(default_factory=list)
    _running: _Running | None = None
    _cancelled: set[int] = field(default_factory=set)
    _on_event: Callable[[Event], None] = print

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Take the callback, as `Renderer.start`."""
        self._on_event = on_event

    def load(self, request: LoadModel) -> None:
        """Refuse: the model is loaded."""
        raise NotImplementedError(request)

    def render(self, job: Job) -> None:
        """Queue a job, as `Renderer.render`."""
        assert isinstance(job, RenderJob)
        self._queue.append(job)

    def cancel(self, job: int) -> None:
        """Stop a job at the end of its step."""
        self._cancelled.add(job)

    def cancel_round(self, round_id: int) -> None:
        """Refuse: no job has a round."""
        raise NotImplementedError(round_id)

    def close(self) -> None:
        """Do nothing."""

    def next_event(self, until: float) -> bool:
        """Move the clock to the end of the next step, or to a time if nothing ends before; return whether one ended."""
        running = self._running or self._begin()
        if running is None or running.step_ends > until:
            self.now = max(self.now, until)
            return False
        self.now = running.step_ends
        self._step_done(running)
        return True

    def _begin(self) -> _Running | None:
        for job in [job for job in self._queue if job.job in self._cancelled]:
            self._queue.remove(job)
            self._on_event(JobCancelled(job=job.job))
        if not self._queue:
            return None
        job = max(self._queue, key=lambda job: job.priority)  # the first of the most urgent ones
        self._queue.remove(job)
        tasks = list(placed(job.tasks))
        self._running = _Running(job=job, left=tasks, batch=next_batch(tasks, BATCH))
        self._begin_step(self._running)
        return self._running

    def _begin_step(self, running: _Running) -> None:
        share = _ALONE + (1.0 - _ALONE) * (running.batch.size - 1) / (BATCH - 1)
        running.step_ends = self.now + share * self.grid_seconds / STEPS

    def _step_done(self, running: _Running) -> None:
        job = running.job
        running.step += 1
        self.rendered += running.batch.size / STEPS
        if job.job in self._cancelled:
            self._end(JobCancelled(job=job.job))
            return
        self._on_event(StepDone(job=job.job, indices=running.batch.indices, step=running.step, steps=STEPS))
        if running.step == STEPS:
            for event in self.studio.pictures(job, running.batch):
                self._on_event(event)
            running.left = [task for task in running.left if task.index not in running.batch.indices]
            if not running.left:
                self._end(JobDone(job=job.job, seconds=0.0))
                return
            running.batch, running.step = next_batch(running.left, BATCH), 0
        self._begin_step(running)

    def _end(self, event: JobDone | JobCancelled) -> None:
        self._running = None
        self._on_event(event)
