"""The search: one grid after another.  Keys become answers to the session; `search_view` shows what comes of them."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.binding import BindingType

from engine.errors import InvalidRequestError
from engine.search.answers import Answer, NoneBetter, Picked, Rebanded, Redirected, Rerolled, Rescaled, Undone
from engine.search.axis import Axis
from engine.search.running import PARENT, Beginning
from latentpng.errors import InvalidValueError
from tui.app.messages import CellClicked, CopyRequested, LoadRetried
from tui.app.screens.search_keys import SEARCH_KEYS, next_axis, next_bands, toggle_mark
from tui.app.screens.search_view import SearchView
from tui.app.screens.viewer import Viewed, ViewerScreen

ROWS_OF_TEXT = 4
"""Prompt, search line, status and footer."""


class SearchScreen(SearchView):
    """A search with its keys.  See `SearchView` for what it shows."""

    BINDINGS: ClassVar[list[BindingType]] = SEARCH_KEYS

    def __init__(self, beginning: Beginning, *, side: int = 0, ignore_digits_until: float = 0.0) -> None:
        """Prepare the screen.

        Args:
            beginning: What the search starts from.
            side: Pictures along a side of the grid; 0 for as many as fit.
            ignore_digits_until: The monotonic time before which digits pick nothing: until then, late answers of the
                terminal may arrive as keys.
        """
        super().__init__(beginning, side=side)
        self._ignore_digits_until = ignore_digits_until

    async def on_cell_clicked(self, message: CellClicked) -> None:
        if message.index == self.grid.selected_index:
            await self._choose(message.index)
        elif message.index in self.grid.order:
            self.grid.select(message.index)

    async def action_pick(self, digit: int) -> None:
        if digit <= len(self.grid.order) and time.monotonic() >= self._ignore_digits_until:
            await self._choose(self.grid.order[digit - 1])

    async def action_choose(self) -> None:
        if self.marks:
            await self._tell(Picked(marks=tuple(index - 1 for index in self.marks)))
        else:
            await self._choose(self.grid.selected_index)

    async def action_none_better(self) -> None:
        await self._tell(NoneBetter())

    async def action_reroll(self) -> None:
        if self.search is None:
            self.post_message(LoadRetried())
        elif self.search.failure:
            self.search.ask_again()
            await self.show_round()
        else:
            await self._tell(Rerolled())

    async def action_undo(self) -> None:
        before = self.search.session if self.search is not None else None
        await self._tell(Undone())
        if self.search is not None and self.search.session is not before and not self.search.progress.running:
            self.notice = "went back one step"

    async def action_rescale(self, factor: float) -> None:
        await self._tell(Rescaled(factor=factor))

    async def action_bands(self) -> None:
        if self.search is not None and self.search.session.axis is Axis.PROMPT:
            self.notice = "only the prompt varies, and it has no bands; press a to vary the noise"
        elif self.search is not None:
            await self._tell(Rebanded(bands=next_bands(self.search.session.bands)))

    async def action_axis(self) -> None:
        if self.search is not None:
            await self._tell(Redirected(axis=next_axis(self.search.session.axis)))

    def action_mark(self) -> None:
        if self.search is not None:
            marking = toggle_mark(self.marks, self.grid.selected_index, len(self.search.plan.candidates))
            self.notice, self.marks = marking.notice, marking.marks

    def action_move(self, columns: int, rows: int) -> None:
        self.grid.move(columns, rows)

    def action_view(self) -> None:
        async def leave(viewed: Viewed | None) -> None:
            self.viewer = None
            if viewed is not None:
                self.grid.selected = viewed.position
                if viewed.is_picked:
                    await self._choose(self.grid.selected_index)

        self.viewer = ViewerScreen(self.slides, self.grid.selected)
        self.app.push_screen(self.viewer, leave)

    def action_save(self) -> None:
        finished = self.finished(self.grid.selected_index)
        if finished is None:
            self.notice = "this picture is still rendering; save it when it is finished"
        else:
            self.post_message(CopyRequested(finished))

    async def _choose(self, index: int) -> None:
        """Pick a candidate; to pick the parent means that none is better."""
        await self._tell(NoneBetter() if index == PARENT else Picked(marks=(index - 1,)))

    async def _tell(self, answer: Answer) -> None:
        if self.search is None:
            if not self.model_load.failure:
                self.notice = "the model is still loading; the keys work as soon as it is ready"
            return
        if isinstance(answer, NoneBetter) and self.search.session.at_floor:
            self.notice = (
                "the scale is at its minimum, candidates hardly differ; press ] for more, u to undo, or q to quit"
            )
            return
        try:
            self.search.tell(answer, candidates=self.pictures_that_fit - 1)
        except (InvalidRequestError, InvalidValueError) as error:
            self.notice = str(error)
            return
        await self.show_round()
