"""A running search: the session, the renderer, the pictures known so far and the folder they are saved to.

Everything that a front end does goes through here; nothing here draws, reads a clock or knows a key.
Places: 0 is the parent, 1 to K are the candidates.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import EngineError
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
from engine.search.journal import Journal, PictureFolder, failed, write_journal
from engine.search.session import Answer, Plan, Session, ask, tell, with_count
from latentpng.chunk.metadata import root_to_json, round_to_json
from latentpng.lru import LruCache
from latentpng.record import Json, LatentRecord, Lineage, Round

PARENT = 0
MAX_KEPT_BYTES = 512 * 2**20
"""Finished pictures of earlier grids that stay in memory, for undo."""

NO_JOB = 0
_jobs = itertools.count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A rendered picture and the record that its file carries."""

    picture: Picture
    record: LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What a search starts from.

    known: the parent's picture, when it is there already (a file was opened).
    path: that picture's file; its folder entry need not be written again.
    root_record: the record that holds the stored noise of a tensor root.
    """

    lineage: Lineage
    settings: RenderSettings
    known: Finished | None = None
    path: Path | None = None
    root_record: LatentRecord | None = None


@dataclass(slots=True)
class Progress:
    """How far the running job is: pictures' worth of steps done, of `total` pictures; it is over when not `running`."""

    total: int = 0
    steps_done: dict[int, float] = field(default_factory=dict)
    step: int = 0
    steps: int = 0
    running: bool = False

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return sum(self.steps_done.values()) / self.total if self.total else 1.0


class Search:
    """Owns the state; every method returns at once."""

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
        self.settings = beginning.settings
        self.progress = Progress()
        self.failure = ""
        self._root_record = beginning.root_record
        self._renderer = renderer
        self._folder = folder
        self._journal = journal
        self._keep_all = keep_all
        self._on_trouble = on_trouble
        self._job = NO_JOB
        self._pictures: LruCache[str, Finished] = LruCache(max_size=MAX_KEPT_BYTES)
        self._previews: dict[int, Picture] = {}
        self._files: dict[str, Future[Path]] = {}
        self._stopped = False
        self._set(session)
        if beginning.known:
            self._keep(self._keys[PARENT], beginning.known)
        if beginning.path:
            self._files[self._keys[PARENT]] = _done(beginning.path)
        self._submit()

    @property
    def places(self) -> int:
        """Pictures in the grid: the parent and its candidates."""
        return 1 + len(self.plan.candidates)

    def finished(self, place: int) -> Finished | None:
        """The picture at a place, once it is done."""
        return self._pictures.get(self._keys[place])

    def preview(self, place: int) -> Picture | None:
        """The newest preview of a picture that is not done."""
        return self._previews.get(place)

    def tell(self, answer: Answer, candidates: int) -> None:
        """Takes an answer: what is still rendering is cancelled, the next grid begins.

        Raises InvalidRequestError or InvalidValueError.

        candidates: how many fit on the screen now; the next grid that is drawn has so many.
        """
        if not self._stopped:
            self._set(tell(with_count(self.session, candidates), answer))
            self._cancel()
            self._submit()

    def ask_again(self) -> None:
        """Renders what is missing once more, after a failure."""
        if not self._stopped:
            self._cancel()
            self._submit()

    def handle(self, event: Event) -> int | None:
        """Takes in an event; the place whose picture changed, None when that is no single one."""
        match event:
            case PreviewRendered(job=job, index=place, picture=picture) if job == self._job:
                self._previews[place] = picture
                return place
            case PictureRendered(job=job, index=place) if job == self._job:
                self._take(place, event)
                return place
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
        """Stops rendering; later events and answers are not taken in."""
        self._stopped = True
        self._cancel()
        self._job = NO_JOB

    def wait(self) -> None:
        """Returns when everything is on disk; after `stop`, and in any thread."""
        self._folder.close()

    def _set(self, session: Session) -> None:
        self.session = session
        self.plan: Plan = ask(session)
        self._ancestors = lineage_keys(session.lineage)
        parent = self._ancestors[-1]
        self._keys = (parent, *(_next_key(parent, lineage.rounds[-1]) for lineage in self.plan.candidates))

    def _lineage(self, place: int) -> Lineage:
        return self.plan.parent if place == PARENT else self.plan.candidates[place - 1]

    def _cancel(self) -> None:
        if self.progress.running:
            self._renderer.cancel(self._job)
        self.progress = Progress()

    def _submit(self) -> None:
        """Renders what is not known yet, the parent first."""
        self.failure = ""
        self._previews = {}
        missing = [place for place in range(self.places) if self.finished(place) is None]
        self._job = next(_jobs)
        self._save_parent()
        if not missing:
            return
        self.progress = Progress(total=len(missing), running=True)
        self._renderer.render(
            RenderJob(
                job=self._job,
                tasks=tuple(self._task(place) for place in missing),
                settings=self.settings,
                root_tensor=self._root_record.root_tensor if self._root_record else None,
                previews=True,
            )
        )

    def _task(self, place: int) -> PictureTask:
        """The parent is rendered alone: it is seen soonest, and the candidates fill whole batches."""
        return PictureTask(index=place, lineage=self._lineage(place), slot=(1, 0) if place == PARENT else (0, 0))

    def _take(self, place: int, event: PictureRendered) -> None:
        self._keep(self._keys[place], Finished(picture=event.picture, record=event.record))
        self._previews.pop(place, None)
        self.progress.steps_done[place] = 1.0
        if place == PARENT:
            self._save_parent()
        elif self._keep_all:
            self._save(place)

    def _save_parent(self) -> None:
        """The parent is what was picked: on disk at once, and so is where the search stands."""
        self._save(PARENT)
        for rounds, key in reversed(list(enumerate(self._ancestors))):
            file = self._files.get(key)
            if file is not None and not failed(file):
                self._remember(self.session, file, rounds)
                return

    def _remember(self, session: Session, file: Future[Path], rounds: int) -> None:
        def write() -> None:
            write_journal(self._journal, Journal.of(session, file.result(), self._folder.folder, rounds))

        self._folder.run(write).add_done_callback(self._report)

    def _save(self, place: int) -> None:
        key = self._keys[place]
        finished, file = self._pictures.get(key), self._files.get(key)
        if finished is not None and (file is None or failed(file)):
            self._files[key] = self._folder.save(finished.picture, finished.record)
            self._files[key].add_done_callback(self._report)

    def _report(self, future: Future[Path] | Future[None]) -> None:
        error = future.exception()
        if error is not None:
            self._on_trouble(str(error) if isinstance(error, EngineError) else f"saving failed: {error!r}")

    def _keep(self, key: str, finished: Finished) -> None:
        """Remember a picture for undo.  The pictures of the grid on screen are never evicted."""
        self._pictures.put(key, finished, size=len(finished.picture.rgb), protected=self._keys)


def lineage_keys(lineage: Lineage) -> tuple[str, ...]:
    """The identities of a lineage's ancestors, from its root to itself: each hashes the one before and a round."""
    keys = [_hash(root_to_json(lineage.root))]
    for round_ in lineage.rounds:
        keys.append(_next_key(keys[-1], round_))
    return tuple(keys)


def _next_key(parent: str, round_: Round) -> str:
    return _hash([parent, round_to_json(round_)])


def _hash(value: Json) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _done(path: Path) -> Future[Path]:
    future: Future[Path] = Future()
    future.set_result(path)
    return future
