"""What a search shows: the grid, its captions, and the lines of text around it."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.app import ComposeResult
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Footer

from engine.rendering.events import Event, PictureRendered
from engine.search.progress import Countdown
from engine.search.running import PARENT, Beginning, Search
from engine.search.store import Finished
from tui.app import phrases
from tui.app.layout import side_that_fits
from tui.app.model_load import ModelLoad
from tui.app.screens.viewer import Slide, ViewerScreen
from tui.app.widgets.grid import PictureGrid
from tui.app.widgets.line import TextLine

ROWS_OF_TEXT = 4
"""Prompt, search line, status and footer."""


class SearchView(Screen[None]):
    """A search without its keys; before the model is ready it shows the parent alone, if its picture is known.

    Attributes:
        beginning: What the search starts from.
        search: The running search; None before `begin`.
        viewer: The screen that shows one of the pictures in full size, if it is open.
        model_load: How far the loading of the model is; each change is reported in `notice`.
        notice: A sentence on the status line, until the next answer; "" for progress or an invitation.
        marks: The indices of the marked candidates, in the order in which they were marked.
        slides: The pictures of the grid in reading order, for the viewer.
        teach: Called for each new grid; returns what a newcomer learns on it, "" for nothing.
    """

    model_load: var[ModelLoad] = var(ModelLoad())
    notice: var[str] = var("")
    marks: var[tuple[int, ...]] = var(())
    slides: var[tuple[Slide, ...]] = var(())

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        """Prepare the screen.

        Args:
            beginning: What the search starts from.
            side: Pictures along a side of the grid; 0 for as many as fit.
        """
        super().__init__()
        self.beginning = beginning
        self.search: Search | None = None
        self.viewer: ViewerScreen | None = None
        self._side = side
        self.teach: Callable[[], str] = lambda: ""
        self._hint = ""
        self._countdown = Countdown()

    def compose(self) -> ComposeResult:
        yield TextLine("prompt")
        yield PictureGrid()
        yield TextLine("where")
        yield TextLine("status", more="F1: all of it")
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        self.query_one("#prompt", TextLine).words = self.beginning.settings.prompt
        await self.grid.lay_out(self.pictures_that_fit)
        if self.beginning.known:
            self.grid.show(PARENT, self.beginning.known.picture)
        elif self.beginning.shown:
            self.grid.show(PARENT, self.beginning.shown, preview=True)
        position = self.grid.order.index(PARENT)
        self.grid.write_caption(PARENT, phrases.caption(position, PARENT, fraction=0.0, done=True, marked=False))
        self._update_slides()

    @property
    def grid(self) -> PictureGrid:
        """The pictures."""
        return self.query_one(PictureGrid)

    @property
    def pictures_that_fit(self) -> int:
        """The number of pictures in a new grid, in the window as it is now."""
        size = self.app.size
        return (self._side or side_that_fits(size.width, size.height - ROWS_OF_TEXT)) ** 2

    @property
    def _is_laid_out(self) -> bool:
        """False while the grid is laid out anew for another number of pictures: `show_round` then shows them all."""
        return self.search is not None and len(self.grid.order) == self.search.size

    def finished(self, index: int) -> Finished | None:
        """Return the finished picture with an index, or None while it is rendering."""
        if self.search is None:
            return self.beginning.known if index == PARENT else None
        return self.search.finished(index)

    async def begin(self, search: Search) -> None:
        """Show a search whose first grid is on its way."""
        self.search = search
        await self.show_round()

    def take(self, event: Event) -> None:
        """Show what an event of the renderer changes."""
        if isinstance(event, PictureRendered) and event.warning:
            self.notice = event.warning
        if self.search is None:
            return
        index = self.search.handle(event)
        if index is not None and self._is_laid_out:
            self._show_picture(self.search, index)
            self._update_slides()
        self._write_captions()
        self._write_status()

    def watch_model_load(self, before: ModelLoad, load: ModelLoad) -> None:
        self.notice = phrases.notice_of_load(self.notice, before, load)

    def watch_notice(self) -> None:
        self._write_status()

    def watch_marks(self) -> None:
        self._write_captions()
        self._write_status()

    def watch_slides(self, slides: tuple[Slide, ...]) -> None:
        if self.viewer is not None:
            self.viewer.slides = slides

    async def show_round(self) -> None:
        """Show a new grid: everything that is known at once, the rest as it comes."""
        if self.search is None:
            return
        self._countdown = self._countdown.restarted(time.monotonic(), self.search.variant.load.load_key)
        self._hint = self.teach()
        with self.app.batch_update():
            await self.grid.lay_out(self.search.size)
            self.notice, self.marks = "", ()
            self.grid.select(PARENT)
            for index in range(self.search.size):
                self._show_picture(self.search, index)
            self._update_slides()
            self._write_captions()
            self._write_status()

    def _show_picture(self, search: Search, index: int) -> None:
        finished, preview = search.finished(index), search.preview(index)
        if finished is not None:
            self.grid.show(index, finished.picture)
        else:
            self.grid.show(index, preview, preview=True)

    def _update_slides(self) -> None:
        self.slides = tuple(self._slide(position, index) for position, index in enumerate(self.grid.order))

    def _slide(self, position: int, index: int) -> Slide:
        name = "the parent" if index == PARENT else f"candidate {position + 1}"
        finished = self.finished(index)
        return Slide(name=name, picture=finished.picture if finished else None)

    def _write_captions(self) -> None:
        if self.search is not None and self._is_laid_out:
            for position, index in enumerate(self.grid.order):
                self.grid.write_caption(index, phrases.caption_of(self.search, position, index, self.marks))

    def _write_status(self) -> None:
        status = self.query_one("#status", TextLine)
        if self.search is None:
            status.words = self.notice
        else:
            self.query_one("#where", TextLine).words = phrases.search_words(self.search.session)
            self._countdown = self._countdown.after(self.search.progress, time.monotonic())
            left = self._countdown.left
            status.words = phrases.status_words(self.search, self.notice, len(self.marks), left, self._hint)
