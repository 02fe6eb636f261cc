"""The command palette; it may be closed at any moment, by a search that opens or by the end of the app."""

from __future__ import annotations

from typing import Any

from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches

from tui.graphics import seams


class Palette(CommandPalette):
    """Textual's palette, whose search for commands ends without an error when its widgets are gone."""

    def __init__(self) -> None:
        super().__init__(id="--command-palette")

    def _gather_commands(self, search_value: str) -> Any:
        self.run_worker(self._gather(search_value), exclusive=True, group=self._GATHER_COMMANDS_GROUP)

    async def _gather(self, search_value: str) -> None:
        try:
            await seams.commands_gatherer()(self, search_value)
        except NoMatches:
            if self.query(CommandList):
                raise
