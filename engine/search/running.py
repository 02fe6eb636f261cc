"""A running search: the session, the renderer, and the pictures known so far.

Everything that a front end does goes through here; nothing here draws on a screen, reads a clock or knows a key.
Pictures of the grid have an index: 0 is the parent, 1 to K are the candidates.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InvalidRequestError
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
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.answers import Answer, Edited
from engine.search.folder import PictureFolder
from engine.search.history import NO_NODE, NodeKind, Tree
from engine.search.progress import Progress
from engine.search.session import Plan, Session, ask, star, tell, with_count, with_octaves
from engine.search.store import Finished, PictureStore
from latentpng.identity import Key, child_picture_key, picture_keys
from latentpng.record import LatentRecord, Lineage, Round

PARENT = 0
"""The index of the parent in a grid."""
NO_EDIT = b""
"""In place of the key of an edit: before the first one."""
_NO_JOB = 0
_jobs = itertools.count(1)


def next_job() -> int:
    """Return a number that no job of this program has had."""
    return next(_jobs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """What renders the pictures of one part of the tree: those after an edit, or those before the first one.

    Attributes:
        load: The request that loads the model; its settings are those of the pictures.
        problem: Why these pictures cannot be rendered here, as a sentence; "" when they can.
    """

    load: LoadModel
    problem: str = ""

    @property
    def settings(self) -> RenderSettings:
        """The settings of the pictures."""
        return self.load.settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What a search starts from.

    Attributes:
        lineage: The lineage of the first parent.
        load: The request that loads the model; its settings are those of the first parent.
        known: The parent's picture, where an opened file holds it already.
        path: The file of that picture, which need not be written again.
        shown: What is shown in place of the parent until it is rendered; None for nothing.
        root: The picture of the lineage's root, where it was just made and is to be saved; else None.
        root_record: The record that holds the stored noise of a tensor root; None for a seed root.
        variants: What renders the pictures after each edit of the tree, by the key of the edit's node; NO_EDIT for
            those before the first one.  What the first parent needs is `load`, and need not be in it.
    """

    lineage: Lineage
    load: LoadModel
    known: Finished | None = None
    path: Path | None = None
    shown: Picture | None = None
    root: Finished | None = None
    root_record: LatentRecord | None = None
    variants: Mapping[Key, Variant] = field(default_factory=dict)

    @property
    def settings(self) -> RenderSettings:
        """The settings of the first parent."""
        return self.load.settings


class Search:
    """The state of a running search.  Every method but `wait` returns at once.

    Attributes:
        session: The session; a new value after every answer.
        plan: The grid on offer.
        progress: How far the grid is.
        failure: Why the grid cannot be rendered, as a sentence; "" while it can.
        is_loading: True while the model of the grid is not loaded, after an edit, an undo or a jump.
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
        on_load: Callable[[LoadModel], None],
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
            on_load: Called with the request for a model when the grid needs one that is not loaded; `ready` follows.
            on_trouble: Called with a sentence when something cannot be saved, in the thread that saves.
        """
        self.session = session
        self.progress = Progress()
        self.failure = ""
        self.is_loading = False
        self._keys: tuple[Key, ...] = ()
        self._variants = dict(beginning.variants)
        self._loaded = beginning.load
        self._on_load = on_load
        self._root_record = beginning.root_record
        self._renderer = renderer
        self._store = PictureStore(folder, journal, on_trouble)
        self._keep_all = keep_all
        self._job = _NO_JOB
        self._previews: dict[int, Picture] = {}
        self._thumbnail_job = _NO_JOB
        self._thumbnail_keys: tuple[Key, ...] = ()
        self._stopped = False
        self._variants.setdefault(_edit_key(session), Variant(load=beginning.load))
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
    def variant(self) -> Variant:
        """What renders the grid on offer."""
        return self._variants[_edit_key(self.session)]

    @property
    def settings(self) -> RenderSettings:
        """The settings of the grid on offer."""
        return self.variant.settings

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

    def lineage(self, index: int) -> Lineage:
        """Return the lineage of a picture of the grid."""
        return self.plan.parent if index == PARENT else self.plan.candidates[index - 1]

    def is_starred(self, index: int) -> bool:
        """Return whether a picture of the grid is starred."""
        node = self.session.tree.find(self._keys[index])
        return node != NO_NODE and self.session.tree.nodes[node].is_starred

    def picture(self, node: int) -> Picture | None:
        """Return the picture of a node of the tree where it is in memory or in a file; None where it is not."""
        finished = self._store.get(self.session.tree.nodes[node].key)
        return None if finished is None else finished.picture

    def variant_of(self, node: int) -> Variant | None:
        """Return what renders the picture of a node of the tree; None where its settings are not known."""
        return self._variants.get(_edit_key_of(self.session.tree, node))

    def file(self, node: int) -> Path | None:
        """Return the file of a node of the tree; None where it is not saved."""
        return self._store.file(self.session.tree.nodes[node].key)

    def tell(self, answer: Answer, candidates: int) -> None:
        """Take an answer: cancel what is still rendering, and begin with the next grid.

        Args:
            answer: The answer to the grid on offer.
            candidates: The number of candidates that fit on the screen now; the next grid that is drawn has as many.

        Raises:
            InvalidRequestError: The answer does not fit the grid, or what it leads to cannot be rendered here.
            InvalidValueError: The lineage would exceed a limit of the file format.
        """
        if not self._stopped:
            self._go(tell(with_count(self.session, candidates), answer))

    def edit(self, round_: Round, variant: Variant, candidates: int) -> None:
        """Go on with the same noise and different settings.

        Args:
            round_: A round that moves nothing and records the settings that change.
            variant: What renders the pictures from here on.
            candidates: As for `tell`.

        Raises:
            InvalidRequestError, InvalidValueError: As `tell`.
        """
        if not self._stopped:
            session = tell(with_count(self.session, candidates), Edited(round_=round_))
            self._variants[_edit_key(session)] = variant
            self._go(session)

    def star(self, index: int) -> bool:
        """Set or remove the star of a finished picture of the grid, save it, and return whether it has one now."""
        self.session = star(self.session, self.lineage(index))
        self._store.save(self._keys[index])
        self._save_journal()
        return self.is_starred(index)

    def ready(self, octaves: int) -> None:
        """Render the grid, now that its model is loaded.

        Args:
            octaves: The number of octaves of the model's noise at the size of the pictures.
        """
        if self.is_loading and not self._stopped:
            self.is_loading, self._loaded = False, self.variant.load
            self._set(with_octaves(self.session, octaves))
            self._submit()

    def render_thumbnails(self, nodes: tuple[int, ...]) -> None:
        """Render pictures of the tree that are neither in memory nor on disk, after everything else.

        Those that need a model which is not loaded are left out.  The next answer cancels it.

        Args:
            nodes: The indices of their nodes.
        """
        if self._stopped or self.is_loading or self.progress.running or self._thumbnail_job != _NO_JOB:
            return
        tree, load_key = self.session.tree, self.variant.load.load_key
        same = [
            tree.nodes[node]
            for node in nodes
            if self.picture(node) is None
            and (found := self._variants.get(_edit_key_of(tree, node))) is not None
            and found.load == self.variant.load
            and found.load.load_key == load_key
        ]
        if same:
            self._thumbnail_job, self._thumbnail_keys = next_job(), tuple(node.key for node in same)
            tasks = tuple(PictureTask(index=n, lineage=node.lineage, slot=(1, 0)) for n, node in enumerate(same))
            self._renderer.render(self._job_of(self._thumbnail_job, tasks, previews=False, priority=-1))

    def ask_again(self) -> None:
        """Render again what is missing, after a failure."""
        if not self._stopped:
            self._cancel()
            self._set_out()

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
            case PictureRendered(job=job, index=index) if job == self._thumbnail_job:
                finished = Finished(picture=event.picture, record=event.record)
                self._store.add(self._thumbnail_keys[index], finished, shown=self._keys)
            case JobDone(job=job) | JobCancelled(job=job) | JobFailed(job=job) if job == self._thumbnail_job:
                self._thumbnail_job = _NO_JOB
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
        self._keys = (
            parent,
            *(child_picture_key(parent, lineage.rounds[-1]) for lineage in self.plan.candidates),
        )

    def _go(self, session: Session) -> None:
        """Show the grid of a session; InvalidRequestError when it cannot be rendered here."""
        variant = self._variants.get(_edit_key(session))
        if variant is None or variant.problem:
            why = "its settings are not known" if variant is None else variant.problem
            raise InvalidRequestError(f"this picture cannot be rendered here: {why}")
        self._cancel()
        self._set(session)
        self._set_out()

    def _set_out(self) -> None:
        """Render the grid, or first ask for its model."""
        load = self.variant.load
        self.is_loading = load.load_key != self._loaded.load_key
        if self.is_loading:
            self.failure, self._previews, self._job = "", {}, next_job()
            self._save_parent()
            self._on_load(load)
        else:
            self._submit()

    def _cancel(self) -> None:
        if self.progress.running:
            self._renderer.cancel(self._job)
        if self._thumbnail_job != _NO_JOB:
            self._renderer.cancel(self._thumbnail_job)
            self._thumbnail_job = _NO_JOB
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
        tasks = tuple(self._task(index) for index in missing)
        self._renderer.render(self._job_of(self._job, tasks, previews=True))

    def _job_of(self, job: int, tasks: tuple[PictureTask, ...], *, previews: bool, priority: int = 0) -> RenderJob:
        return RenderJob(
            job=job,
            tasks=tasks,
            settings=self.settings,
            root_tensor=self._root_record.root_tensor if self._root_record else None,
            previews=previews,
            priority=priority,
        )

    def _task(self, index: int) -> PictureTask:
        """The parent is rendered alone: so it is seen soonest, and the candidates fill whole batches."""
        return PictureTask(index=index, lineage=self.lineage(index), slot=(1, 0) if index == PARENT else (0, 0))

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
        self._save_journal()

    def _save_journal(self) -> None:
        self._store.save_journal(self.session, self._ancestors)


def _edit_key(session: Session) -> Key:
    return _edit_key_of(session.tree, session.place.node)


def _edit_key_of(tree: Tree, node: int) -> Key:
    """Return the key of the last edit on the way to a node, NO_EDIT when there is none."""
    edits = (tree.nodes[index] for index in reversed(tree.path(node)) if tree.nodes[index].kind is NodeKind.EDIT)
    return next((edit.key for edit in edits), NO_EDIT)
