"""What a search shows: the pictures, their captions, and the lines of text around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region
from textual.reactive import var

from engine.rendering.events import Event, Picture, PictureRendered
from engine.search.progress import Countdown
from engine.search.running import PARENT, Beginning, Search
from engine.search.session import Plan
from tui.app import phrases
from tui.app.headline import settings_words
from tui.app.key_hints import Situation, hints_for
from tui.app.layout import LINE, PICK_KEYS, Arrangement, arrange
from tui.app.model_load import ModelLoad, waiting_words
from tui.app.phrases import Caption
from tui.app.screens.search_saving import SearchSaving
from tui.app.widgets.dial import DialLine
from tui.app.widgets.grid import PictureGrid
from tui.app.widgets.header import HeaderLine
from tui.app.widgets.history_strip import HistoryStrip
from tui.app.widgets.keys import KeyLine
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import HasGraphics
from tui.graphics.geometry import Box

RELOADING = "{load}; the picture is rendered again as soon as the model is ready, u goes back"


class SearchView(SearchSaving):
    """A search without its keys; before the model is ready it shows the parent alone, if its picture is known.

    Attributes:
        marks: The indices of the marked candidates, in the order in which they were marked.
        teach: Returns what a newcomer is told about a new grid, "" for nothing.
    """

    marks: var[tuple[int, ...]] = var(())

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        """Prepare the screen.

        Args:
            beginning: What the search starts from.
            side: Pictures along a side of a square grid; 0 for as many as suit the window.
        """
        super().__init__(beginning)
        self._side = side
        self.teach: Callable[[], str] = lambda: ""
        self._hint = ""
        self._countdown = Countdown()

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield PictureGrid()
        yield HistoryStrip()
        with Vertical(id="words"):
            yield DialLine()
            yield TextLine("status", more="F1: all of it", rows=2)
        yield KeyLine()

    async def on_mount(self) -> None:
        await self._lay_out()
        if self.beginning.known:
            self.grid.show(PARENT, self.beginning.known.picture)
        elif self.beginning.shown:
            self.grid.show(PARENT, self.beginning.shown, preview=True)
        self._write_all()

    async def on_resize(self) -> None:
        if self.grid.arrangement is not None:
            await self._lay_out()
            self._show_all()
            self._write_all()

    @property
    def has_widgets(self) -> bool:
        """False before the first layout, and while the app ends."""
        return bool(self.query(PictureGrid))

    @property
    def grid(self) -> PictureGrid:
        """The pictures."""
        return self.query_one(PictureGrid)

    @property
    def pictures_that_fit(self) -> int:
        """The number of pictures in a new grid, the parent among them, in the window as it is now."""
        return self._arrangement(0).candidates + 1

    @property
    def _is_laid_out(self) -> bool:
        """False while the answer is saved, or the grid laid out anew: `show_round` then shows all of its pictures."""
        way, search = self.grid.arrangement, self.search
        return search is not None and not self.is_saving and way is not None and way.candidates + 1 == search.size

    @property
    def situation(self) -> Situation:
        """What the search is doing, as far as the keys are concerned."""
        if self.search is None:
            return Situation.FAILED_TO_LOAD if self.model_load.failure else Situation.LOADING
        if self.search.is_loading:
            return Situation.FAILED_TO_RELOAD if self.model_load.failure else Situation.RELOADING
        if self.search.failure:
            return Situation.FAILED
        if self.marks:
            return Situation.MARKED
        return Situation.RENDERING if self.search.progress.running else Situation.READY

    def key_of(self, index: int) -> str:
        """Return the key that picks a picture; "" for the parent in its pane."""
        order = self.grid.order
        position = order.index(index) if index in order else len(PICK_KEYS)
        return PICK_KEYS[position] if position < len(PICK_KEYS) else ""

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
        before = self.search.plan
        index = self.search.handle(event)
        if self.is_saving:
            return
        if self.search.plan.candidates != before.candidates:
            self.show_chosen(before)
        elif index is not None and self._is_laid_out:
            self.show_picture(index)
        self._write_captions()
        self._write_words()
        self.query_one(HistoryStrip).show(self.search)

    def watch_model_load(self, before: ModelLoad, load: ModelLoad) -> None:
        self.notice = phrases.notice_of_load(self.notice, before, load)
        if before.place != load.place:
            self._write_words()

    def watch_notice(self) -> None:
        self._write_words()

    def watch_marks(self) -> None:
        self._write_captions()
        self._write_words()

    async def show_round(self) -> None:
        """Show a new grid: everything that is known at once, the rest as it comes."""
        if self.search is None:
            return
        self._countdown = self._countdown.restarted(time.monotonic(), self.search.variant.load.load_key)
        self._hint = self.teach()
        with self.app.batch_update():
            await self._lay_out()
            self.grid.select(PARENT)
            self.notice, self.marks = "", ()
            self._show_all()
            self._write_all()
            self.query_one(HistoryStrip).show(self.search)

    def show_chosen(self, before: Plan) -> None:
        """Show the candidates that were chosen in place of the first ones; those that stay keep their marks."""
        if self.search is not None:
            now = self.search.plan.candidates
            marked = (before.candidates[index - 1] for index in self.marks)
            self.marks = tuple(1 + now.index(lineage) for lineage in marked if lineage in now)
            self._show_all()

    def show_picture(self, index: int) -> None:
        """Show what there is of a picture: the finished one, its preview, or dimmed what the cell showed before."""
        if not self.grid.holds(index):
            return  # its cell is still being made; all pictures are shown after that
        found = self.picture_in(index)
        if found is not None:
            self.grid.show(index, self.drawn(index, found[0]), preview=found[1])
        else:
            self.grid.dim(index)

    def drawn(self, index: int, picture: Picture) -> Picture:  # noqa: ARG002 (the size of a cell counts in a subclass)
        """Return a picture with what is drawn over it in the cell of an index."""
        return picture

    def picture_in(self, index: int) -> tuple[Picture, bool] | None:
        """Return what a cell is to show, and whether that is only a preview; None for nothing yet."""
        return self.own_picture(index)

    def caption(self, index: int) -> Caption:
        """Return what stands under a picture."""
        search, is_draft = self.search, self.is_draft(index)
        fraction = search.progress.steps_done.get(index, float(is_draft)) if search is not None else None
        is_done = self.finished(index) is not None or (is_draft and fraction == 1.0)
        return Caption(
            key=self.key_of(index),
            name="parent" if index == PARENT else "",
            is_marked=index in self.marks,
            is_starred=search is not None and search.is_starred(index),
            fraction=None if is_done else fraction,
            is_draft=is_draft,
        )

    def _arrangement(self, candidates: int) -> Arrangement:
        settings, size = self.settings, self.app.size
        box = cast(HasGraphics, self.app).graphics.box(Region(0, 0, 1, 1))
        return arrange(
            size.width,
            size.height,
            aspect=settings.width / settings.height,
            cell_aspect=box.cell_width / box.cell_height,
            candidates=candidates,
            side=self._side,
        )

    async def _lay_out(self) -> None:
        """Arrange the pictures of the search in the window as it is now; cells that are new are blank."""
        way = self._arrangement(self.search.size - 1 if self.search is not None else 0)
        if self.search is not None and self.search.size == 1:  # the parent can have no descendants
            way = way.parent_alone()
        strip = self.query_one(HistoryStrip)
        strip.display, strip.styles.height, strip.compact = way.strip > 0, way.strip, way.strip == LINE
        await self.grid.lay_out(way)

    def box_of(self, index: int) -> Box:
        """Return the box of a picture of the grid."""
        return cast(HasGraphics, self.app).graphics.box(Region(0, 0, *self.grid.room(index)))

    def _show_all(self) -> None:
        for index in {*self.grid.order, PARENT} if self._is_laid_out else ():
            self.show_picture(index)

    def _write_all(self) -> None:
        header = self.query_one(HeaderLine)
        header.prompt = self.settings.prompt
        load = self.search.variant.load if self.search is not None else self.beginning.load
        header.settings = settings_words(self.settings, load.model.name)
        self._write_captions()
        self._write_words()

    def _write_captions(self) -> None:
        if self.search is None or self._is_laid_out:
            for index in {*self.grid.order, PARENT}:
                self.grid.write_caption(index, self.caption(index).words(self.grid.caption_room(index)))

    def _write_words(self) -> None:
        """Write dial, status and keys; the dial makes room for a status of two lines, so that no picture moves."""
        if not self.is_mounted or self.is_saving:
            return
        status, dial = self.query_one("#status", TextLine), self.query_one(DialLine)
        if self.search is not None:
            dial.session, dial.law, dial.are_drafts = self.search.session, self.search.law, self.are_drafts
            self._countdown = self._countdown.after(self.search.progress, time.monotonic())
        words = self.status()
        dial.display = len(words) + 2 <= self.app.size.width
        status.words = words
        self.query_one(KeyLine).hints = hints_for(self.situation, len(self.grid.order))

    def status(self) -> str:
        """Return what the status line says."""
        if self.search is None:
            return self.notice
        if self.search.is_loading and not self.model_load.failure:
            return self.notice or RELOADING.format(
                load=phrases.stoppable_load_words(self.model_load) or "loading the model"
            )
        columns = self.app.size.width - 1
        return phrases.status_words(
            self.search, self.notice, len(self.marks), self.progress_words(), self._hint, columns
        )

    def progress_words(self) -> str:
        """Return how far the grid is, or who comes before it; "" when it is finished."""
        search = self.search
        if search is None or not search.progress.running:
            return ""
        words = phrases.progress_words(search.progress, self._countdown.left, phrases.choice_words(search))
        return waiting_words(self.model_load.place) or words
