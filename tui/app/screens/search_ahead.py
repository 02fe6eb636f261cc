"""Working ahead: where the person looks is rendered first, and a sign says which grids are there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from textual.timer import Timer

from engine.rendering.events import Event
from engine.search.running import Beginning
from tui.app.messages import SelectionMoved
from tui.app.phrases import PARENT_READY, READY, Caption
from tui.app.screens.search_confined import SearchConfined

REST_SECONDS: Final = 0.25
"""How long the cursor rests on a picture until that is taken for looking at it."""
READY_LESSON: Final = '"ready" under a picture means that its next grid is rendered already'


class SearchAhead(SearchConfined):
    """A search that tells what is looked at, and shows what is ready.

    Attributes:
        once: Returns a sentence the first time that a person is to read it on this machine, "" later.
    """

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        super().__init__(beginning, side=side)
        self.once: Callable[[str], str] = lambda _: ""
        self._rest: Timer | None = None
        self._was_complete = False
        self._signs: frozenset[int] = frozenset()
        self._is_painted = False

    def on_selection_moved(self, message: SelectionMoved) -> None:
        message.stop()  # Textual calls the method of every class that has one: that of the comparison too
        self._stop_resting()
        if self.search is not None:
            self._rest = self.set_timer(REST_SECONDS, self._look)

    def watch_marks(self) -> None:
        super().watch_marks()
        self._look()

    def looks_at(self, index: int) -> None:
        self._stop_resting()
        self._rest = self.set_timer(REST_SECONDS, lambda: self._look(index))

    # To find out what is ready, and what is to be rendered next, takes some milliseconds the first time, which a key
    # need not wait for: the new grid is painted first.
    async def show_round(self) -> None:
        self._stop_resting()
        self._was_complete, self._signs, self._is_painted = False, frozenset(), False
        self._fit()
        await super().show_round()
        self.call_after_refresh(self._after_paint)

    async def on_resize(self) -> None:
        self._fit()  # Textual calls the method of every class that has one
        self._follow()

    def action_drafts(self) -> None:
        super().action_drafts()
        self._follow()

    def take(self, event: Event) -> None:
        super().take(event)
        self._follow()

    def caption(self, index: int) -> Caption:
        own = super().caption(index)
        if own.shows or not self.is_ready(index):
            return own
        return replace(own, ready=READY if own.key else PARENT_READY)

    def is_ready(self, index: int) -> bool:
        """Return whether the key of a picture is answered at once; while regions ask, it picks no picture."""
        return index in self._signs and not self.pick.is_asking

    def _after_paint(self) -> None:
        self._is_painted = True
        self._follow()

    def _fit(self) -> None:
        """Tell the search how many candidates the next grid has in the window as it is now."""
        if self.search is not None:
            self.search.set_count(self.pictures_that_fit - 1)

    def _follow(self) -> None:
        """Let the search render ahead, and show what is there; not before the grid is painted."""
        if self._is_painted and self.has_widgets:
            self._look_when_complete()
            self._show_ready()

    def _show_ready(self) -> None:
        """Show which grids are there.  While the grid is rendered, nothing new is, but drafts may count no more."""
        search = self.search
        if search is None or not self._is_laid_out:
            return
        known = self._signs if search.progress.running else range(search.size)
        ready = frozenset(index for index in known if search.is_ready(index) and not search.is_loading)
        if ready == self._signs:
            return
        self._signs = ready
        self._hint = self._hint or (self.once(READY_LESSON) if ready else "")
        self._write_captions()
        self._write_words()

    def _look_when_complete(self) -> None:
        """Tell where the cursor is as soon as the grid is complete, and once only."""
        is_complete = self.search is not None and not (self.search.is_loading or self.search.progress.running)
        if is_complete and not self._was_complete:
            self._look()
        self._was_complete = is_complete

    def _look(self, index: int | None = None) -> None:
        """Tell the search what is looked at: the picture under the cursor, or that of the viewer."""
        if self.search is not None and self.has_widgets and self._is_laid_out and not self.pick.is_asking:
            self.search.look_at(self.grid.selected_index if index is None else index, self.marks)

    def _stop_resting(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
