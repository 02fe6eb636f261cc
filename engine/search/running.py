"""A running search: the session, the renderer, and the pictures known so far.

Everything that a front end does goes through here; nothing here draws on a screen, reads a clock or knows a key.
Pictures of the grid have an index: 0 is the parent, 1 to K are the candidates.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.rendering.events import (
    Event,
    JobCancelled,
    JobDone,
    JobFailed,
    Picture,
    PictureRendered,
    PreviewRendered,
    StepDone,
)
from engine.rendering.renderer import Renderer
from engine.rendering.requests import PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.answers import Answer
from engine.search.folder import PictureFolder
from engine.search.progress import Progress
from engine.search.session import Plan, Session, ask, tell, with_count
from engine.search.store import Finished, PictureStore
from latentpng.identity import child_picture_key, picture_keys
from latentpng.record import LatentRecord, Lineage

PARENT = 0
"""The index of the parent in a grid."""
_NO_JOB = 0
_jobs = itertools.count(1)


def next_job() -> int:
    """Return a number that no job of this program has had."""
    return next(_jobs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What a search starts from.

    Attributes:
        lineage: The lineage of the first parent.
        settings: The settings of all pictures.
        known: The parent's picture, where an opened file holds it already.
        path: The file of that picture, which need not be written again.
        shown: What is shown in place of the parent until it is rendered; None for nothing.
        root: The picture of the lineage's root, where it was just made and is to be saved; else None.
        root_record: The record that holds the stored noise of a tensor root; None for a seed root.
    """

    lineage: Lineage
    settings: RenderSettings
    known: Finished | None = None
    path: Path | None = None
    shown: Picture | None = None
    root: Finished | None = None
    root_record: LatentRecord | None = None


class Search:
    """The state of a running search.  Every method but `wait` returns at once.

    Attributes:
        settings: The settings of all pictures.
        session: The session; a new value after every answer.
        plan: The grid on offer.
        progress: How far the grid is.
        failure: Why the grid cannot be rendered, as a sentence; "" while it can.
    """

    def __init__(
        self,
        beginning: Beginning,
        session: Session,
        renderer: Renderer,
        folder: PictureFolder,
        *,
        journal: Path,
        keep_all: bool = False,
        on_trouble: Callable[[str], None],
    ) -> None:
        """Begin to render the first grid.

        Args:
            beginning: What the search starts from.
            session: The session of that beginning.
            renderer: What renders; it was started and has loaded the model.
            folder: Where pictures are saved.
            journal: The file of the session's journal.
            keep_all: Save candidates too, not only the pictures that were picked.
            on_trouble: Called with a sentence when something cannot be saved, in the thread that saves.
        """
        self.settings = beginning.settings
        self.progress = Progress()
        self.failure = ""
        self._root_record = beginning.root_record
        self._renderer = renderer
        self._store = PictureStore(folder, journal, on_trouble)
        self._keep_all = keep_all
        self._job = _NO_JOB
        self._previews: dict[int, Picture] = {}
        self._stopped = False
        self._set(session)
        self._store_known(beginning)
        self._submit()
        if beginning.shown:
            self._previews[PARENT] = beginning.shown

    def _store_known(self, beginning: Beginning) -> None:
        """Store the pictures of the lineage that are there before anything is rendered."""
        if beginning.known:
            self._store.add(self._keys[PARENT], beginning.known, shown=self._keys)
        if beginning.path:
            self._store.add_file(self._keys[PARENT], beginning.path)
        if beginning.root:
            self._store.add(self._ancestors[0], beginning.root, shown=self._keys)
            self._store.save(self._ancestors[0])

    @property
    def size(self) -> int:
        """The number of pictures in the grid: the parent and its candidates."""
        return 1 + len(self.plan.candidates)

    def finished(self, index: int) -> Finished | None:
        """Return a picture of the grid, None until it is rendered."""
        return self._store.get(self._keys[index])

    def preview(self, index: int) -> Picture | None:
        """Return the newest preview of a picture that is not rendered yet, None when there is none."""
        return self._previews.get(index)

    def tell(self, answer: Answer, candidates: int) -> None:
        """Take an answer: cancel what is still rendering, and begin with the next grid.

        Args:
            answer: The answer to the grid on offer.
            candidates: The number of candidates that fit on the screen now; the next grid that is drawn has as many.

        Raises:
            InvalidRequestError: The answer does not fit the grid.
            InvalidValueError: The lineage would exceed a limit of the file format.
        """
        if not self._stopped:
            self._set(tell(with_count(self.session, candidates), answer))
            self._cancel()
            self._submit()

    def ask_again(self) -> None:
        """Render again what is missing, after a failure."""
        if not self._stopped:
            self._cancel()
            self._submit()

    def handle(self, event: Event) -> int | None:
        """Take in an event of the renderer.

        Args:
            event: The event; those of other jobs are ignored.

        Returns:
            The index of the picture that changed, None when no single one did.
        """
        match event:
            case PreviewRendered(job=job, index=index, picture=picture) if job == self._job:
                self._previews[index] = picture
                return index
            case PictureRendered(job=job, index=index) if job == self._job:
                self._take(index, event)
                return index
            case StepDone(job=job, indices=indices, step=step, steps=steps) if job == self._job:
                self.progress.steps_done.update(dict.fromkeys(indices, step / steps))
                self.progress.step, self.progress.steps = step, steps
            case JobDone(job=job) | JobCancelled(job=job) if job == self._job:
                self.progress.running = False
            case JobFailed(job=job, sentence=sentence) if job == self._job:
                self.progress.running = False
                self.failure = sentence
            case _:
                pass
        return None

    def stop(self) -> None:
        """Stop rendering; later events and answers are ignored."""
        self._stopped = True
        self._cancel()
        self._job = _NO_JOB

    def wait(self) -> None:
        """Wait until everything is on disk; to be called after `stop`, in any thread."""
        self._store.close()

    def _set(self, session: Session) -> None:
        self.session = session
        self.plan: Plan = ask(session)
        self._ancestors = picture_keys(session.lineage)
        parent = self._ancestors[-1]
        self._keys = (parent, *(child_picture_key(parent, lineage.rounds[-1]) for lineage in self.plan.candidates))

    def _lineage(self, index: int) -> Lineage:
        return self.plan.parent if index == PARENT else self.plan.candidates[index - 1]

    def _cancel(self) -> None:
        if self.progress.running:
            self._renderer.cancel(self._job)
        self.progress = Progress()

    def _submit(self) -> None:
        """Render what is not known yet, the parent first."""
        self.failure = ""
        self._previews = {}
        missing = [index for index in range(self.size) if self.finished(index) is None]
        self._job = next_job()
        self._save_parent()
        if not missing:
            return
        self.progress = Progress(total=len(missing), running=True)
        self._renderer.render(
            RenderJob(
                job=self._job,
                tasks=tuple(self._task(index) for index in missing),
                settings=self.settings,
                root_tensor=self._root_record.root_tensor if self._root_record else None,
                previews=True,
            )
        )

    def _task(self, index: int) -> PictureTask:
        """The parent is rendered alone: so it is seen soonest, and the candidates fill whole batches."""
        return PictureTask(index=index, lineage=self._lineage(index), slot=(1, 0) if index == PARENT else (0, 0))

    def _take(self, index: int, event: PictureRendered) -> None:
        finished = Finished(picture=event.picture, record=event.record)
        self._store.add(self._keys[index], finished, shown=self._keys)
        self._previews.pop(index, None)
        self.progress.steps_done[index] = 1.0
        if index == PARENT:
            self._save_parent()
        elif self._keep_all:
            self._store.save(self._keys[index])

    def _save_parent(self) -> None:
        """Save the parent, which is what was picked, and the journal, at once."""
        self._store.save(self._keys[PARENT])
        self._store.save_journal(self.session, self._ancestors)
