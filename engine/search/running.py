"""A running search: the session, the renderer, and the pictures known so far.

Everything that a front end does goes through here; nothing here draws on a screen, reads a clock or knows a key.
Pictures of the grid have an index: 0 is the parent, 1 to K are the candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.rendering.events import DraftRendered, Event, JobDone, JobFailed, Picture, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import LoadModel
from engine.search.ahead import WorkAhead
from engine.search.answers import Answer, Edited
from engine.search.beginning import Beginning
from engine.search.choosing import Choosing
from engine.search.drafts import Drafts
from engine.search.folder import PictureFolder
from engine.search.grid import PARENT
from engine.search.grid_work import GridWork, next_job
from engine.search.loading import ModelInUse
from engine.search.observing import Observer
from engine.search.on_offer import GridOnOffer
from engine.search.pictures import SearchPictures
from engine.search.saved_pictures import SavedPictures
from engine.search.session import Session, star, tell, with_count
from engine.search.store import MAX_CACHED_BYTES, Finished
from engine.search.thumbnails import Thumbnails
from engine.search.variants import Variant, Variants
from latentpng.record import Round

__all__ = ["PARENT", "Beginning", "Search", "Variant", "next_job"]


class Search(GridOnOffer):
    """A running search: what can be asked of it is in `SearchFacts`.  Every method but `wait` returns at once."""

    def __init__(
        self,
        beginning: Beginning,
        session: Session,
        renderer: Renderer,
        folder: PictureFolder,
        *,
        index: Path,
        keep_all: bool = False,
        drafts: bool = False,
        memory: int = MAX_CACHED_BYTES,
        on_load: Callable[[LoadModel], None],
        on_event: Callable[[Event], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        """Begin to render the first grid.

        Args:
            beginning: What the search starts from.
            session: The session of that beginning.
            renderer: What renders; it was started and has loaded the model.
            folder: Where pictures are saved, and the journal of the session.
            index: The file that names the folders of sessions.
            keep_all: Save candidates too, not only the pictures that were picked or starred; drafts are never saved.
            drafts: Render candidates as drafts until they are picked.
            memory: The bytes of pixels of finished pictures that stay in memory: of earlier grids, for undo, and of
                those that are rendered ahead; and as many of drafts.  The pictures of the grid on the screen always
                stay.
            on_load: Called with the request for a model when the grid needs one that is not loaded; `ready` follows.
            on_event: Called when a file was read, in the thread that reads; it should only hand the event on, to be
                given to `handle` like those of the renderer.
            on_trouble: Called with a sentence when something cannot be saved, in the thread that saves.
        """
        self._root_tensor = beginning.root_record.root_tensor if beginning.root_record else None
        self._keep_all = keep_all
        self._variants = Variants(beginning.variants, beginning.recorded)
        self._variants.add_first(session, Variant(load=beginning.load))
        for finished in filter(None, (beginning.root, beginning.known)):
            self._variants.note(session, finished.record)
        self._model = ModelInUse(beginning.load, session.octaves, session.sides, on_load)
        self._drafts = Drafts(are_on=drafts, memory=memory)
        self._pictures = SearchPictures(
            beginning, self._variants, folder, index=index, on_trouble=on_trouble, drafts=self._drafts, memory=memory
        )
        self._saved = SavedPictures(on_event)
        self._work = GridWork(renderer, self._saved, jobs_of=self._jobs, on_unreadable=self._forget_file)
        self._ahead = WorkAhead(renderer, self._pictures, self._saved, self._jobs_of)
        self._choosing = Choosing(renderer)
        self._thumbnails = Thumbnails(renderer, self._pictures.add, self._thumbnail_job)
        self._observer = Observer()
        self._stopped = False
        self._set(session)
        self._submit()
        if beginning.shown:
            self._work.previews[PARENT] = beginning.shown

    def tell(self, answer: Answer, candidates: int, *, stand_in: Picture | None = None) -> None:
        """Take an answer: cancel what is still rendering, and begin with the next grid.

        Args:
            answer: The answer to the grid on offer.
            candidates: The number of candidates that fit on the screen now; the next grid that is drawn has as many.
            stand_in: What is shown as the next parent until it is rendered; None for its previews.

        Raises:
            InvalidRequestError: The answer does not fit the grid, or what it leads to cannot be rendered here.
            InvalidValueError: The lineage would exceed a limit of the file format.
        """
        if not self._stopped:
            self._go(tell(with_count(self.session, candidates), answer))
            if stand_in is not None:
                self._work.stand_ins[PARENT] = stand_in

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
            self._variants.add(session, variant)
            self._go(session)

    def star(self, index: int) -> bool:
        """Set or remove the star of a picture of the grid, and return whether it has one now.

        A starred picture is saved as soon as it is finished, and a draft is finished before all others for that.  The
        file stays when the star is removed.
        """
        if not self._stopped:
            self.session = star(self.session, self.lineage(index))
            self._pictures.save(self.session, [self._grid.keys[index]] if self.is_starred(index) else [])
            if self.is_starred(index):
                self.finish(index)
        return self.is_starred(index)

    def ready(self, octaves: int, sides: tuple[int, int] = (0, 0)) -> None:
        """Render the grid, now that its model is loaded.

        Args:
            octaves: The number of octaves of the model's noise at the size of the pictures.
            sides: Height and width of that noise; (0, 0) when it has no spatial axes.
        """
        if self.is_loading and not self._stopped:
            self._model.loaded(octaves, sides)
            self._submit()

    def set_drafts(self, are_drafts: bool) -> None:
        """Render candidates as drafts from the next grid on, or in full; drafts on the screen are then finished."""
        if not self._stopped and self._drafts.switch(are_drafts):
            self._ahead.forget()
            self._render_again()
            self._begin_idle()

    def finish(self, index: int) -> None:
        """Render a picture of the grid in full that is only a draft, before all others."""
        if not self._stopped and self._drafts.want(self._grid, index) and self.finished(index) is None:
            self._render_again()

    def ask_again(self) -> None:
        """Render again what is missing, after a failure; load the model again, when that failed."""
        if not self._stopped:
            self._cancel()
            self._model.forget_request()
            self._set_out()

    def save_again(self) -> None:
        """Begin to save what could not be saved before; saving does so too, for a few pictures each time."""
        if not self._stopped:
            self._pictures.save_again(self.session)

    def handle(self, event: Event) -> int | None:
        """Take in an event of the renderer, or of a file that was read.

        Args:
            event: The event; those of other jobs are ignored.

        Returns:
            The index of the picture that changed, None when no single one did.
        """
        self._thumbnails.handle(event)
        key, index = self._ahead.handle(event), self._work.handle(event)
        if key in self._grid.keys:  # a draft on the screen that may be picked was finished
            index = self._grid.keys.index(key)
        if self._choosing.is_running:
            index = self._handle_choice(event, index)
        if isinstance(event, PictureRendered) and index is not None:
            self._take(index, Finished(picture=event.picture, record=event.record))
        if isinstance(event, DraftRendered) and index is not None:
            self._take_draft(index, event.picture)
        if isinstance(event, JobDone | JobFailed | PictureRendered):
            self._begin_idle()
        return index

    def stop(self) -> None:
        """Stop rendering; later events and answers are ignored."""
        self._stopped = True
        self._cancel()
        self._ahead.cancel()

    def wait(self) -> None:
        """Wait until everything is on disk; to be called after `stop`, in any thread."""
        self._saved.close()
        self._pictures.close()
