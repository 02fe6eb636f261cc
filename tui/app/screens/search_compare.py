"""Comparing a candidate with its parent: flipped in place, or as the difference of the two."""

from __future__ import annotations

from textual.reactive import var

from engine.rendering.events import Event, Picture
from engine.search.running import PARENT, Beginning
from tui.app.comparison import Compared, Comparison, caption_words, comparison_words
from tui.app.derived import Derived
from tui.app.difference import Difference, difference
from tui.app.key_hints import Situation
from tui.app.messages import SelectionMoved
from tui.app.phrases import Caption
from tui.app.screens.search_view import SearchView

_DIFFERENCES = 32


class SearchCompare(SearchView):
    """A search in which pictures can be compared.

    They are compared on the *stage*: the pane of the parent, or without one the cell under the cursor.

    Attributes:
        comparison: What the stage shows in place of its own picture.
    """

    comparison: var[Comparison] = var(Comparison())

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        super().__init__(beginning, side=side)
        self._candidate = 1
        self._stage_before = PARENT
        self._differences: Derived[Difference] = Derived(_DIFFERENCES)

    @property
    def compared(self) -> Compared:
        """Who meets on the stage: the candidate under the cursor, or the one that was there last, and the parent."""
        selected = self.grid.selected_index
        has_pane = self.grid.arrangement is not None and self.grid.arrangement.has_pane
        candidate = selected if selected != PARENT else self._candidate
        return Compared(stage=PARENT if has_pane else selected, candidate=candidate)

    @property
    def situation(self) -> Situation:
        situation = super().situation
        is_free = situation in (Situation.READY, Situation.RENDERING)
        return Situation.COMPARED if is_free and self.comparison.is_active else situation

    def action_compare(self) -> None:
        """Flip the stage; the first time in the pane, the cursor goes to the candidate that is shown."""
        if self.search is not None:
            self.notice, self.comparison = "", self.comparison.flipped()

    def action_difference(self) -> None:
        """Show where the candidate differs, or no longer."""
        if self.search is not None:
            self.notice, self.comparison = "", self.comparison.with_difference()

    async def show_round(self) -> None:
        self._candidate, self._stage_before = 1, PARENT
        self.set_reactive(SearchCompare.comparison, Comparison())
        await super().show_round()

    def take(self, event: Event) -> None:
        super().take(event)
        if self.search is not None and self._is_laid_out:
            self._show_stage()
            if not self.search.progress.running:
                self._prepare()

    def watch_comparison(self) -> None:
        self._show_stage()

    def on_selection_moved(self, message: SelectionMoved) -> None:
        message.stop()
        if self.search is None or not self._is_laid_out:
            return
        if self.grid.selected_index != PARENT:
            self._candidate = min(self.grid.selected_index, self.search.size - 1)
        way = self.grid.arrangement
        self.comparison = self.comparison.after_move(has_pane=way is not None and way.has_pane)
        self._show_stage()
        self._prepare()

    def picture_in(self, index: int) -> tuple[Picture, bool] | None:
        compared = self.compared
        if index != compared.stage or not self.comparison.is_active:
            return super().picture_in(index)
        if self.comparison.is_difference:
            found = self.difference_of(compared.candidate)
            return self.own_picture(compared.candidate) if found is None else (found.picture, False)
        return self.own_picture(compared.other) or super().picture_in(index)

    def caption(self, index: int) -> Caption:
        compared, own = self.compared, super().caption(index)
        if index != compared.stage or not self.comparison.is_active:
            return own
        share = self._share(compared.candidate)
        return Caption(key=own.key, shows=caption_words(self.comparison, compared, self._compared_key, share))

    def status(self) -> str:
        words = ""
        if self.search is not None and self.comparison.is_active and not self.notice and not self.search.failure:
            share = self._share(self.compared.candidate)
            words = comparison_words(self.comparison, self.compared, self._compared_key, share)
            if len(words) >= self.app.size.width:
                words = words.partition(";")[0]
        return words or super().status()

    def difference_of(self, candidate: int) -> Difference | None:
        """Return where a candidate differs from the parent; None while one of them is not finished."""
        before, after = self.rendered(PARENT), self.rendered(candidate)
        if before is None or after is None:
            return None
        return self._differences.of("difference", (before, after), lambda: difference(before, after))

    @property
    def _compared_key(self) -> str:
        """The key of the candidate that is compared, and whether that is a draft."""
        candidate = self.compared.candidate
        key = self.key_of(candidate) or str(candidate)
        return f"{key} (draft)" if self.is_draft(candidate) else key

    def _share(self, candidate: int) -> float | None:
        found = self.difference_of(candidate) if self.comparison.is_difference else None
        return None if found is None else found.share

    def _show_stage(self) -> None:
        """Show what the comparison puts on the stage; the stage before gets its own picture back."""
        if not self._is_laid_out:
            return
        stage = self.compared.stage
        for index in {stage, self._stage_before} & {*self.grid.order, PARENT}:
            self.show_picture(index)
        self._stage_before = stage
        self._write_captions()
        self._write_words()

    def _prepare(self) -> None:
        """Encode what the next key is likely to show on the stage, while there is nothing else to do."""
        compared = self.compared
        for index in (compared.other, compared.stage):
            rendered = self.rendered(index)
            if rendered is not None:
                self.grid.prepare(compared.stage, self.drawn(compared.stage, rendered))
