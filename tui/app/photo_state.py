"""How far the inversion of a photograph is: a frozen value that the app hands down to the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.search.progress import Progress

if TYPE_CHECKING:
    from engine.rendering.events import Event, PhotoInverted, Picture

NO_JOB = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoState:
    """What the person asked for, and what became of it.

    Attributes:
        is_busy: The inversion was asked for, and is neither over nor cancelled.
        job: The number of its job; NO_JOB before it is sent to the renderer.
        evaluations: How many evaluations of the model are done.
        total: How many there are; 0 before the first one.
        preview: The newest preview; None before the first one.
        inverted: What was found; None before that.
        failure: Why it failed, as a sentence; "" when it has not.
    """

    is_busy: bool = False
    job: int = NO_JOB
    evaluations: int = 0
    total: int = 0
    preview: Picture | None = None
    inverted: PhotoInverted | None = None
    failure: str = ""

    @property
    def progress(self) -> Progress:
        """The inversion as a job of one picture."""
        progress = Progress(total=1, running=self.is_busy)
        if self.total:
            progress.step_done((0,), self.evaluations, self.total)
        return progress

    def after(self, event: Event) -> PhotoState:
        """Return the state after an event; those of other jobs leave it as it is."""
        from engine.rendering.events import (  # not before the first paint
            JobCancelled,
            JobFailed,
            PhotoInverted,
            PreviewRendered,
            StepDone,
        )

        match event:
            case _ if self.job == NO_JOB:
                return self
            case StepDone(job=self.job, step=step, steps=steps):
                return replace(self, evaluations=step, total=steps)
            case PreviewRendered(job=self.job, picture=picture):
                return replace(self, preview=picture)
            case PhotoInverted(job=self.job):
                return PhotoState(inverted=event)
            case JobFailed(job=self.job, sentence=sentence):
                return PhotoState(failure=sentence)
            case JobCancelled(job=self.job):
                return PhotoState()
            case _:
                return self
