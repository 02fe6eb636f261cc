"""The choice of a first grid: many candidates are followed for a few steps, and those that differ most are offered."""

from __future__ import annotations

from dataclasses import replace

from engine.rendering.events import Event, JobCancelled, JobDone, JobFailed, Picture, PreviewRendered, StepDone
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.first_grid import ChoicePlan, choose, plan_choice
from engine.search.grid_work import next_job
from engine.search.progress import Progress
from engine.search.session import Session

_NO_JOB = 0


class Choosing:
    """At most one choice at a time.

    Attributes:
        progress: How far it is.  The index of a candidate is negative here, since it is not the one of its cell.
        predictions: Small pictures of what the candidates are on the way to, by their marks.
    """

    def __init__(self, renderer: Renderer) -> None:
        self.progress = Progress()
        self.predictions: dict[int, Picture] = {}
        self._renderer = renderer
        self._job, self._count = _NO_JOB, 0

    @property
    def is_running(self) -> bool:
        """Whether a choice is being made."""
        return self._job != _NO_JOB

    def begin(self, session: Session, plan: ChoicePlan, like: RenderJob, steps: int) -> None:
        """Begin a choice; one that is being made is cancelled.

        Args:
            session: Its candidates on offer are undecided.
            plan: How they are chosen.
            like: What the job has in common with that of the grid.
            steps: The steps of the candidates that will be offered, which may be drafts.
        """
        self.cancel()
        self._job, self._count = next_job(), len(session.place.marks)
        rounds = {mark: replace(session.template, marks=(mark,)) for mark in range(plan.of)}
        tasks = tuple(PictureTask(index=mark, lineage=session.lineage.child(rounds[mark])) for mark in rounds)
        job = replace(like, job=self._job, tasks=tasks, previews=False, stop_after=plan.stop_after)
        self.progress = Progress(total=plan.of, running=True, decodes=False, ahead=(self._count, steps))
        self._renderer.render(job)

    def cancel(self) -> None:
        """Stop; later events are ignored."""
        if self.is_running:
            self._renderer.cancel(self._job)
        self._job, self.progress, self.predictions = _NO_JOB, Progress(), {}

    def handle(self, event: Event) -> int | None:
        """Take in an event, and return the mark of the candidate that can be seen now; None when there is none."""
        match event:
            case PreviewRendered(job=job, index=mark, picture=picture) if job == self._job:
                self.predictions[mark] = picture
                return mark
            case StepDone(job=job, indices=marks, step=step, steps=steps) if job == self._job:
                self.progress.step_done(tuple(-1 - mark for mark in marks), step, steps)
            case _:
                pass
        return None

    def is_end(self, event: Event) -> bool:
        """Return whether an event ends the choice that is being made, well or not."""
        return isinstance(event, JobDone | JobFailed | JobCancelled) and self.is_running and event.job == self._job

    def end(self) -> tuple[int, ...]:
        """End the choice, and return the marks of what was chosen; () when too little was seen to choose from."""
        found, count = self.predictions, self._count
        self._job, self.progress, self.predictions = _NO_JOB, Progress(), {}
        return choose(found, count) if len(found) >= count else ()


def plan_of(session: Session, steps: int) -> ChoicePlan | None:
    """Return how the undecided candidates of a session are chosen; None when there is nothing to choose.

    Args:
        session: The session.
        steps: The number of denoising steps of a picture.
    """
    place = session.place
    if not (place.is_undecided and session.is_varied):
        return None
    plan = plan_choice(steps, len(place.marks))
    return plan if plan is not None and plan.of <= place.template.of else None
