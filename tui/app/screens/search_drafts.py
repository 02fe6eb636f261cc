"""Drafts: candidates that are rendered with fewer steps until they are picked; one key switches them on and off."""

from __future__ import annotations

from engine.rendering.events import Event
from engine.search.running import Beginning, Search
from tui.app.messages import CopyRequested
from tui.app.screens.search_regions import SearchRegions

DRAFTS_BEGIN = "the next grids are drafts, with fewer steps; what you pick is finished in full; D ends it"
TOO_FEW_STEPS = "pictures of {steps} steps are rendered in full: drafts would save nothing; they begin with more steps"
DRAFTS_END = "no drafts any more; those on the screen are finished in full"
FINISHING = "candidate {key} is a draft; it is finished in full first, then you are asked for a name"
NOT_COPIED = "candidate {key} was not saved: you went on before it was finished"
NO_COMMAND = "a draft has no command line yet; pick it or star it with * first, then y copies it"


class SearchDrafts(SearchRegions):
    """A search whose candidates may be drafts."""

    def __init__(self, beginning: Beginning, *, side: int = 0) -> None:
        super().__init__(beginning, side=side)
        self._to_save: int | None = None
        self._key_to_save = ""
        self._drafts_shown: frozenset[int] = frozenset()

    def action_drafts(self) -> None:
        """Render candidates as drafts from now on, or finish those on the screen and render in full again."""
        if self.search is not None:
            self.search.set_drafts(not self.search.are_drafts)
            self.notice = self._switched_words(self.search)
            self._write_captions()
            self._write_words()

    def finish_and_save(self, index: int) -> None:
        """Finish a draft in full, and ask for the name of a copy as soon as it is; a later call replaces it."""
        if self.search is not None:
            self._to_save, self._key_to_save = index, self.key_of(index)
            self.search.finish(index)
            self.notice = FINISHING.format(key=self._key_to_save)

    def take(self, event: Event) -> None:
        super().take(event)
        self._show_what_was_finished()
        self._save_if_finished()

    def on_screen_resume(self) -> None:
        self._save_if_finished()

    async def show_round(self) -> None:
        unsaved, self._to_save = self._to_save is not None, None
        self._drafts_shown = frozenset()
        await super().show_round()
        if unsaved:
            self.notice = NOT_COPIED.format(key=self._key_to_save)

    def _show_what_was_finished(self) -> None:
        """Show drafts that were finished on the way: they are the parents of grids that are rendered ahead."""
        size = self.search.size if self.search is not None and self._is_laid_out else 0
        before, self._drafts_shown = self._drafts_shown, frozenset(filter(self.is_draft, range(size)))
        for index in before - self._drafts_shown:
            if index < size:
                self.show_picture(index)

    @staticmethod
    def _switched_words(search: Search) -> str:
        if not search.are_drafts:
            return DRAFTS_END
        return DRAFTS_BEGIN if search.can_draft else TOO_FEW_STEPS.format(steps=search.settings.num_inference_steps)

    def _save_if_finished(self) -> None:
        """Ask for the name of the copy, unless a different screen is open: then when that is left."""
        finished = self.finished(self._to_save) if self._to_save is not None else None
        if finished is not None and self.app.screen is self:
            self._to_save, self.notice = None, ""
            self.post_message(CopyRequested(finished))
