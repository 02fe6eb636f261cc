"""Rendering for a command: start the renderer, show progress, pass on each picture, close the renderer."""

from __future__ import annotations

import queue
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from engine.errors import ModelError, RenderCancelled, RenderError
from engine.rendering.events import (
    LOADING,
    Event,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    LoadingProgressed,
    ModelReady,
    PhotoInverted,
    PictureRendered,
    RendererNoticed,
    StepDone,
    TurnChanged,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import InvertJob, RenderJob
from engine.target import Target
from latentpng.text import plain
from tui.commands.output import say

JOB = 1
"""The number of the job of a command that has only one."""


class Rendering:
    """A renderer from its start to its close: loads models, renders jobs, shows progress on stderr.

        with Rendering(renderer, pictures=2) as rendering:
            rendering.load(target)
            for event in rendering.pictures(job): ...

    After a job has failed the next one can be rendered, even if the worker process crashed.
    """

    def __init__(self, renderer: Renderer, *, pictures: int, quiet: bool = False) -> None:
        """Start nothing yet.

        Args:
            renderer: What renders.
            pictures: The number of pictures to come, for the progress bar; 0 for none, before an inversion.
            quiet: Show no progress.
        """
        self._renderer = renderer
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._bar = _Bar(pictures, quiet)

    def __enter__(self) -> Rendering:
        self._renderer.start(self._events.put)
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__()
        self._renderer.close()

    def load(self, target: Target) -> ModelReady:
        """Load a model, in place of the one before.

        Raises:
            ModelError: The model cannot be used.
            RenderError: The worker crashed.
        """
        self._renderer.load(target.load)
        while True:
            match self._next():
                case LoadingProgressed(stage=stage):
                    self._bar.stage(stage)
                case ModelReady() as ready:
                    self._bar.begin()
                    return ready
                case JobFailed(job=job) as failed if job == LOADING:
                    raise _error(failed)
                case _:
                    pass

    def pictures(self, job: RenderJob) -> Iterator[PictureRendered]:
        """Yield every picture of a job as soon as it is finished.

        Raises:
            ModelError: The model cannot be used.
            RenderError: Rendering failed.
            RenderCancelled: The job was cancelled.
        """
        self._renderer.render(job)
        while True:
            match self._next():
                case StepDone(job=job.job, indices=indices, steps=steps):
                    self._bar.step(len(indices) / steps)
                case PictureRendered(job=job.job) as event:
                    yield event
                case JobDone(job=job.job):
                    return
                case JobCancelled(job=job.job):
                    raise RenderCancelled("rendering was cancelled")
                case JobFailed(job=job.job) as failed:
                    raise _error(failed)
                case _:  # events of a worker that died or restarts: each of its jobs gets an event of its own
                    pass

    def _next(self) -> Event:
        """Return the next event; what the renderer itself has to tell the person is shown here."""
        while True:
            match self._events.get():
                case RendererNoticed(sentence=sentence):
                    self._bar.tell(sentence)
                case TurnChanged(place=place):
                    self._bar.wait(place)
                case event:
                    return event

    def picture(self, job: RenderJob) -> PictureRendered:
        """Return the picture with the index 0 of a job, when all of the job is done.

        Args:
            job: The job; pictures with other indices are dropped.

        Raises:
            ModelError: The model cannot be used.
            RenderError: Rendering failed.
            RenderCancelled: The job was cancelled.
        """
        for event in list(self.pictures(job)):
            if event.index == 0:
                return event
        raise RenderError("the renderer returned no picture")

    def inverted(self, job: InvertJob) -> PhotoInverted:
        """Return what was found for a photograph, when the job has ended.

        Args:
            job: The photograph.

        Raises:
            ModelError: The model cannot be used.
            RenderError: The photograph cannot be inverted.
            RenderCancelled: The job was cancelled.
        """
        found: list[PhotoInverted] = []
        self._renderer.render(job)
        while True:
            match self._next():
                case StepDone(job=job.job, step=step, steps=steps):
                    self._bar.evaluate(step, steps)
                case PhotoInverted(job=job.job) as event:
                    found.append(event)
                case JobDone(job=job.job) if found:
                    self._bar.finish_evaluating()
                    return found[0]
                case JobDone(job=job.job):
                    raise RenderError("the renderer returned no noise")
                case JobCancelled(job=job.job):
                    raise RenderCancelled("the inversion was cancelled")
                case JobFailed(job=job.job) as failed:
                    raise _error(failed)
                case _:  # as in `pictures`
                    pass


def rendered(renderer: Renderer, target: Target, job: RenderJob, quiet: bool = False) -> Iterator[PictureRendered]:
    """Yield the pictures of the only job of a command, and close the renderer at the end.

    Raises:
        ModelError: The model cannot be used.
        RenderError: Rendering failed.
    """
    if target.notice:
        say(target.notice)
    with Rendering(renderer, pictures=len(job.tasks), quiet=quiet) as rendering:
        rendering.load(target)
        yield from rendering.pictures(job)


def _error(failed: JobFailed) -> ModelError | RenderError:
    return (ModelError if failed.failure is Failure.MODEL else RenderError)(failed.sentence)


class _Bar:
    """Progress on stderr: a bar on a terminal, elsewhere a line for each stage."""

    def __init__(self, pictures: int, quiet: bool) -> None:
        self._pictures, self._begun = pictures, False
        console = Console(stderr=True)
        self._lines = not console.is_terminal and not quiet
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = TaskID(0)

    def __enter__(self) -> _Bar:
        self._progress.start()
        self._task = self._progress.add_task("starting", total=None)
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def stage(self, stage: str) -> None:
        self._progress.update(self._task, description=stage)
        if self._lines:
            say(stage)

    def tell(self, sentence: str) -> None:
        """Print a sentence above the bar, also where no progress is shown."""
        if self._progress.disable:
            say(sentence)
        else:
            self._progress.console.print(plain(sentence), markup=False, highlight=False)

    def wait(self, place: int) -> None:
        """Show how many requests of other programs come first."""
        requests = f"{place} request{'s' if place > 1 else ''}"
        sentence = f"waiting for {requests} of other programs" if place else "it is this program's turn"
        self._progress.update(self._task, description=sentence if place else "pictures")
        if self._lines:
            say(sentence)

    def begin(self) -> None:
        if self._begun:
            self._progress.update(self._task, description="pictures")
            return
        self._begun = True
        self._progress.reset(self._task, description="pictures", total=self._pictures)
        if self._lines and self._pictures:
            say(f"rendering {self._pictures} picture{'s' if self._pictures > 1 else ''}")

    def step(self, pictures: float) -> None:
        self._progress.advance(self._task, pictures)

    def evaluate(self, step: int, steps: int) -> None:
        """Show how many evaluations of the model an inversion has behind it."""
        if self._lines and step == 1:
            say(f"inverting, {steps} evaluations of the model")
        self._progress.update(self._task, description="evaluations", total=steps, completed=step)

    def finish_evaluating(self) -> None:
        """Count pictures again after an inversion: one may follow, with a part of the noise drawn anew."""
        self._progress.reset(self._task, description="pictures", total=1)
