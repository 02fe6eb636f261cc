"""The journal comes before the screen: a grid is shown once the answer that led to it is on the disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial
from typing import Final

from textual.reactive import var

from engine.search.running import Beginning
from tui.app.screens.search_pictures import SearchPictures
from tui.app.work import begin

SAVING_SECONDS: Final = 0.25
"""How long a key waits for a slow disk."""
STILL_SAVING: Final = "the disk is slow: what you chose last is still being saved; wait for it before you switch off"


class SearchSaving(SearchPictures):
    """A search that waits for its journal.

    Attributes:
        notice: A sentence on the status line, until the next answer; "" for progress or an invitation.
    """

    notice: var[str] = var("")

    def __init__(self, beginning: Beginning) -> None:
        super().__init__(beginning)
        self._is_saving = False

    @property
    def is_saving(self) -> bool:
        """Whether the screen waits for the journal; until then it shows nothing that the journal may lack."""
        return self._is_saving

    async def until_saved(self) -> bool:
        """Wait until everything that was answered is on the disk, or cannot be written, but not for long.

        Returns:
            False if the disk is too slow.
        """
        if self.search is None or self.search.saving.done():
            return True
        self._is_saving = True
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self.search.saving)), SAVING_SECONDS)
        except TimeoutError:
            return False
        finally:
            self._is_saving = False
        return True

    def say_still_saving(self) -> None:
        """Say that the disk is too slow, until everything is saved."""
        if self.search is not None:
            self.notice = STILL_SAVING
            begin(self, partial(self._end_saying, self.search.saving), "saving", exclusive=True)

    async def _end_saying(self, saving: Future[None]) -> None:
        await asyncio.shield(asyncio.wrap_future(saving))
        if self.notice == STILL_SAVING:
            self.notice = ""
