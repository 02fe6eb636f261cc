"""The work on the grid on offer: its pictures are read from files or rendered, and arrive as events."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from engine.rendering.events import (
    DraftRendered,
    Event,
    JobCancelled,
    JobDone,
    JobFailed,
    Picture,
    PictureRendered,
    PictureUnreadable,
    PreviewRendered,
    StepDone,
    TurnChanged,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import RenderJob
from engine.search.progress import Progress
from engine.search.saved_pictures import SavedPictures
from latentpng.identity import Key

_jobs = itertools.count(1)


def next_job() -> int:
    """Return a number that no job of this program has had."""
    return next(_jobs)


class GridWork:
    """What is being done for one grid at a time.

    Attributes:
        progress: How far it is.
        failure: Why the grid cannot be rendered, as a sentence; "" while it can.
        previews: The newest preview of each picture that is not finished, by its index.
        stand_ins: Pictures that are shown until the rendered ones come, in place of previews, by their index.
    """

    def __init__(
        self,
        renderer: Renderer,
        saved: SavedPictures,
        *,
        jobs_of: Callable[[Collection[int]], Sequence[RenderJob]],
        on_unreadable: Callable[[int], None],
    ) -> None:
        """Do nothing yet.

        Args:
            renderer: What renders.
            saved: What reads files.
            jobs_of: Returns the jobs that render pictures of the grid on offer, given their indices, in their order.
            on_unreadable: Called with the index of a picture whose file cannot be used; it is rendered instead.
        """
        self.progress = Progress()
        self.failure = ""
        self.previews: dict[int, Picture] = {}
        self.stand_ins: dict[int, Picture] = {}
        self._renderer, self._saved = renderer, saved
        self._jobs_of, self._on_unreadable = jobs_of, on_unreadable
        self._rendering: dict[int, RenderJob] = {}
        self._begun: set[int] = set()
        self._taken_over: set[int] = set()
        self._reading = 0
        self._unread: set[int] = set()
        self._unreadable: list[int] = []
        self._asked: frozenset[int] = frozenset()

    def begin(
        self,
        files: Mapping[int, tuple[Key, Path]],
        missing: Collection[int],
        *,
        later: Sequence[RenderJob] = (),
        ahead: tuple[int, int] = (0, 0),
    ) -> None:
        """Begin with a new grid, or anew with the same one; whatever was being done is cancelled.

        Args:
            files: The key and the file of each picture that is read, by its index.
            missing: The indices of the pictures that are rendered.
            later: What will render the pictures of the grid that are not asked for yet.
            ahead: The number of pictures that are followed for some steps before these, and these steps.
        """
        self.cancel()
        total = len(files) + len(missing)
        self.progress = Progress(total=total, running=total > 0, ahead=ahead)
        self.progress.plan(later, is_more=True)
        self._unread, self._unreadable = set(files), []
        self._asked = frozenset((*files, *missing))
        if files:
            self._reading = next_job()
            self._saved.read(self._reading, files)
        if missing:
            self._render(missing)

    def render_again(self, missing: Collection[int]) -> None:
        """Render these pictures in place of what is being rendered; what is shown of them meanwhile stays.

        Args:
            missing: The indices of all pictures that are neither finished nor being read.
        """
        self._cancel_jobs()
        again = self.progress.again + 1
        self.progress = Progress(total=len(self._unread) + len(missing), running=True, again=again)
        self.failure, self._unreadable = "", []
        self._render(missing)

    def cancel(self) -> None:
        """Stop everything; later events of it are ignored."""
        self._cancel_jobs()
        self._unread, self._reading = set(), 0
        self.progress, self.previews, self.stand_ins, self.failure = Progress(), {}, {}, ""

    def will_bring(self, missing: Collection[int]) -> bool:
        """Return whether this work has done steps and will bring all of these pictures; missing: their indices."""
        is_on_its_way = self.progress.step > 0 and not self.failure
        return is_on_its_way and bool(missing) and set(missing) <= self._asked - self.progress.finished

    def take_over(self, other: GridWork) -> None:
        """Go on with the work of another on the same grid, which is not used any more; its previews are shown.

        Its jobs that have not begun are asked for anew: in the queue they stood behind what nobody waits for.
        """
        self.cancel()
        self.progress, self.previews, self.failure = other.progress, other.previews, other.failure
        self.progress.skipped = self.progress.step
        self._rendering, self._reading = other._rendering, other._reading
        self._unread, self._unreadable, self._asked = other._unread, other._unreadable, other._asked
        self._begun = other._begun
        self._ask_anew([number for number in self._rendering if number not in self._begun])
        self._taken_over = set(self._rendering) & self._begun

    def handle(self, event: Event) -> int | None:
        """Take in an event, and return the index of the picture that changed; None when no single one did."""
        match event:
            case PreviewRendered(job=job, index=index, picture=picture) if job in self._rendering:
                self.previews[index] = picture
                return index
            case DraftRendered(job=job, index=index) if job in self._rendering:
                self.previews.pop(index, None)
                self.progress.picture_done(index)
                return index
            case PictureRendered(job=job, index=index) if job in self._rendering or job == self._reading:
                self.previews.pop(index, None)
                self.stand_ins.pop(index, None)
                self.progress.picture_done(index)
                self._note_read(job, index)
                return index
            case PictureUnreadable(job=job, index=index) if job == self._reading:
                self._on_unreadable(index)
                self._unreadable.append(index)
                self._note_read(job, index)
            case StepDone(job=job, indices=indices, step=step, steps=steps) if job in self._rendering:
                self._begun.add(job)
                self.progress.step_done(indices, step, steps)
            case JobDone(job=job) | JobCancelled(job=job) if job in self._rendering:
                self._end(job)
            case JobFailed(job=job, sentence=sentence) if job in self._rendering:
                self.failure = sentence
                self._end(job)
            case TurnChanged(place=place) if place:
                self._ask_anew(self._taken_over & self._rendering.keys())
            case _:
                pass
        return None

    def _note_read(self, job: int, index: int) -> None:
        """Note that a file was read or cannot be read; after the last one, what could not be read is rendered."""
        if job != self._reading:
            return
        self._unread.discard(index)
        if not self._unread and self._unreadable:
            missing, self._unreadable = self._unreadable, []
            self._render(missing)
        self._update_running()

    def _render(self, missing: Collection[int]) -> None:
        jobs = self._jobs_of(missing)
        self._rendering.update((job.job, job) for job in jobs)
        self.progress.plan(jobs)
        for job in jobs:
            self._renderer.render(job)

    # A renderer that several programs share interrupts work ahead for the others, and may let it wait as long as they
    # are there.  It does not know that somebody waits for it now.
    def _ask_anew(self, numbers: Collection[int]) -> None:
        """Ask for what is not finished of some jobs by others, which stand where what somebody waits for does."""
        jobs = [self._rendering.pop(number) for number in numbers]
        for job in jobs:
            self._renderer.cancel(job.job)
        missing = [task.index for job in jobs for task in job.tasks if task.index not in self.progress.finished]
        if missing:
            self._render(missing)
        self._update_running()

    def _cancel_jobs(self) -> None:
        for job in self._rendering:
            self._renderer.cancel(job)
        self._rendering, self._begun, self._taken_over = {}, set(), set()

    def _end(self, job: int) -> None:
        self._rendering.pop(job, None)
        self._update_running()

    def _update_running(self) -> None:
        self.progress.running = bool(self._rendering or self._unread)
