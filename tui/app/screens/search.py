"""The search: one grid after another.  Keys become answers to the session; `search_view` shows what comes of them."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from engine.errors import InvalidRequestError
from engine.rendering.events import Picture
from engine.search.answers import (
    Answer,
    Jumped,
    NoneBetter,
    Picked,
    Rebanded,
    Redirected,
    Redone,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import Axis, max_scale
from engine.search.running import PARENT, Beginning
from latentpng.errors import InvalidValueError
from tui.app.key_guard import KeyGuard
from tui.app.layout import PICK_KEYS
from tui.app.messages import CellClicked, LoadGivenUp, LoadRetried
from tui.app.phrases import load_words
from tui.app.screens.search_ahead import SearchAhead
from tui.app.screens.search_keys import SEARCH_KEYS, next_axis, next_bands, toggle_mark
from tui.app.screens.search_others import NOT_BEGUN

AT_FLOOR = "nearer candidates would hardly differ on this model; press ] for more, u to undo, or q to quit"
FARTHEST = "the candidates are as far from the parent as they can be"
NEAREST = "nearer candidates would hardly differ from the parent on this model"
RELOADING = "the model is still loading; u goes back to the picture before"
_WHILE_LOADING = (Undone, Redone, Jumped)
"""The answers that make sense while the model of an edit is loaded: they leave it."""


class SearchScreen(SearchAhead):
    """A search with its keys.  See `SearchView` for what it shows."""

    BINDINGS: ClassVar[list[BindingType]] = SEARCH_KEYS

    def __init__(self, beginning: Beginning, *, side: int = 0, ignore_digits_until: float = 0.0) -> None:
        """Prepare the screen.

        Args:
            beginning: What the search starts from.
            side: Pictures along a side of a square grid; 0 for as many as suit the window.
            ignore_digits_until: The monotonic time before which digits pick nothing: until then, late answers of the
                terminal may arrive as keys.
        """
        super().__init__(beginning, side=side)
        self._ignore_digits_until = ignore_digits_until
        self._guard = KeyGuard()
        self._takes_text = False

    @property
    def ignores_keys(self) -> bool:
        """Whether keys are ignored, because they were meant for a dialog that is closed by now."""
        return self._takes_text or self._guard.is_typed_ahead(time.monotonic())

    def on_screen_suspend(self) -> None:
        """Find out whether the screen that covers this one has a text to type in."""
        cover: Screen[Any] = self.app.screen
        if cover is not self:
            self._takes_text = isinstance(cover, CommandPalette)
            cover.call_after_refresh(self._look_at, cover)

    def on_screen_resume(self) -> None:
        if self._takes_text:
            self._takes_text = False
            self._guard = self._guard.closed_dialog(time.monotonic())

    def on_key(self, event: events.Key) -> None:
        """Swallow what was typed into a dialog that is closed by now."""
        now = time.monotonic()
        if self._guard.is_typed_ahead(now):
            self._guard = self._guard.after_key(now)
            event.stop()
            event.prevent_default()

    async def on_cell_clicked(self, message: CellClicked) -> None:
        if message.index == self.grid.selected_index:
            await self.choose(message.index)
        elif self.grid.holds(message.index):
            self.grid.select(message.index)

    async def action_pick(self, position: int) -> None:
        is_late_answer = time.monotonic() < self._ignore_digits_until and PICK_KEYS[position].isdigit()
        if position < len(self.grid.order) and not is_late_answer:
            await self.choose(self.grid.order[position])

    async def action_choose(self) -> None:
        if self.pick.is_asking:
            await self.close_regions()
        elif self.marks:
            await self.tell(Picked(marks=tuple(index - 1 for index in self.marks)))
        else:
            await self.choose(self.grid.selected_index)

    async def action_none_better(self) -> None:
        if self.pick.is_asking:
            self.keep_parent()
        else:
            await self.tell(NoneBetter())

    async def action_reroll(self) -> None:
        if self.search is None or (self.search.is_loading and self.model_load.failure):
            self.post_message(LoadRetried())
        elif self.search.failure:
            self.search.ask_again()
            await self.show_round()
        else:
            await self.tell(Rerolled())

    @property
    def _waits_for_model(self) -> bool:
        return self.model_load.is_running and (self.search is None or self.search.is_loading)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let the key that leaves the regions stop the loading of the model."""
        return (action == "whole" and self._waits_for_model) or super().check_action(action, parameters)

    def action_whole(self) -> None:
        """Stop loading the model, where that is what this screen waits for."""
        if self._waits_for_model:
            self.post_message(LoadGivenUp())
        else:
            super().action_whole()

    async def action_undo(self) -> None:
        await self.tell(Undone(), "went back one step; U goes forward again")

    async def action_redo(self) -> None:
        await self.tell(Redone(), "went forward one step again")

    async def action_rescale(self, times: float) -> None:
        """Show the same candidates nearer or farther; times: what the difference that is seen is multiplied by."""
        if self.search is None:
            await self.tell(Rescaled(factor=times))
            return
        session = self.search.session
        if times > 1.0 and session.scale >= max_scale(session.template):
            self.notice = FARTHEST
        elif times < 1.0 and session.at_floor:
            self.notice = NEAREST
        else:
            await self.tell(Rescaled(factor=self.search.law.factor(times)))

    async def action_bands(self) -> None:
        if self.search is not None and self.search.session.axis is Axis.PROMPT:
            self.notice = "only the prompt varies, and it has no bands; press a to vary the noise"
        elif self.search is not None:
            await self.tell(Rebanded(bands=next_bands(self.search.session.bands)))

    async def action_axis(self) -> None:
        if self.search is not None:
            await self.tell(Redirected(axis=next_axis(self.search.session.axis)))

    def action_mark(self) -> None:
        if self.pick.is_asking:
            self.keep_parent()
        elif self.search is not None:
            marking = toggle_mark(self.marks, self.grid.selected_index, len(self.search.plan.candidates))
            self.notice, self.marks = marking.notice, marking.marks

    def action_move(self, columns: int, rows: int) -> None:
        self.grid.move(columns, rows)

    async def choose(self, index: int) -> None:
        """Pick a candidate, or answer the lit region with it; to pick the parent means that none is better."""
        if self.pick.is_asking:
            self.answer_region(index)
        else:
            await self.tell(NoneBetter() if index == PARENT else Picked(marks=(index - 1,)))

    async def tell(self, answer: Answer, notice: str = "", *, stand_in: Picture | None = None) -> None:
        """Answer the grid, and show the next one.

        Args:
            answer: The answer.
            notice: What is said afterwards, unless the next grid has to be rendered first.
            stand_in: What is shown as the next parent until it is rendered; None for its previews.
        """
        if self.search is None:
            if not self.model_load.failure:
                self.notice = NOT_BEGUN
            return
        if self.search.is_loading and not isinstance(answer, _WHILE_LOADING):
            self.notice = load_words(self.model_load) if self.model_load.failure else RELOADING
            return
        if isinstance(answer, NoneBetter) and self.search.session.at_floor:
            self.notice = AT_FLOOR
            return
        try:
            self.search.tell(answer, candidates=self.pictures_that_fit - 1, stand_in=stand_in)
        except (InvalidRequestError, InvalidValueError) as error:
            self.notice = str(error)
            return
        is_saved = await self.until_saved()
        if not self.has_widgets:  # the app ended meanwhile
            return
        await self.show_round()
        if not is_saved:
            self.say_still_saving()
        elif notice and not self.search.progress.running:
            self.notice = notice

    def _look_at(self, cover: Screen[Any]) -> None:
        self._takes_text = self._takes_text or bool(cover.query("Input, TextArea"))
