"""The app: wiring between renderer, terminal pictures, screens and files.  It decides nothing else.

This module holds its keys and commands, its start and its end; `parts` holds what it is made of, and `news` what it
does when something has happened elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from tui.app import chosen_theme
from tui.app.chosen_theme import ThemeMemory
from tui.app.hangup import leave_on_signals
from tui.app.news import AppNews
from tui.app.screens.start import StartScreen
from tui.app.seams import exit_at_once, forgive_what_is_gone, keep_to_newest_size
from tui.app.sources import PictureSource, recent
from tui.app.work import after_first_paint, begin
from tui.graphics import seams


class WarmerApp(AppNews):
    """The app with its keys."""

    CSS_PATH = "theme.tcss"
    TITLE = "warmer"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def on_load(self) -> None:
        forgive_what_is_gone(self)
        keep_to_newest_size(self)
        # Before the terminal is changed, so that it is always left as it was found.
        leave_on_signals(partial(exit_at_once, self))

    async def on_mount(self) -> None:
        ThemeMemory(self, self._state / chosen_theme.FILE, self._theme).begin()
        opening = self._opening_at_start
        if opening is None or isinstance(opening, PictureSource):
            await self.stage.show(StartScreen(self.places))
        else:
            await self._show(opening)
        after_first_paint(self, self._start_renderer)

    async def on_unmount(self) -> None:
        await self.close_all()

    def action_edit(self) -> None:
        """Open the panel that changes the settings of the search; its noise is kept."""
        if self.stage.search is not None:
            self.editing.open(self.stage.search)

    def action_open(self) -> None:
        from tui.app.screens.ask import OpenScreen

        self.push_screen(OpenScreen(partial(recent, self.places.sessions)))

    def action_choose_model(self) -> None:
        """Ask for the model of new prompts."""
        from tui.app.screens.choose_model import ModelScreen

        def chosen(model: str | None) -> None:
            if model is not None:
                self._prompt_model.choose(model)

        self.push_screen(ModelScreen(), chosen)

    async def action_start(self) -> None:
        """Ask for a new prompt over the search, or go to the start screen when there is none."""
        search = self.stage.search
        if search is None:
            await self.action_gallery()
            return
        from tui.app.prompt_history import read_prompts
        from tui.app.screens.new_prompt import NewPromptScreen

        settings = search.search.settings if search.search is not None else search.beginning.settings
        prompts = read_prompts(self.places.prompts)
        self.push_screen(NewPromptScreen(settings.prompt, prompts=prompts, model=self._prompt_model.name))

    async def action_gallery(self) -> None:
        """Leave what is shown for the start screen; everything that was picked is saved."""
        await self._leave()
        await self.stage.show(StartScreen(self.places))
        self._offer_sources()
        if not self._prompt_model.examples:
            self._prompt_model.find()

    def action_help(self) -> None:
        from tui.app.help_texts import page_of
        from tui.app.screens.help import HelpScreen

        page = page_of(type(screen).__name__ for screen in reversed(self.screen_stack))
        self.push_screen(HelpScreen(self.stage.cut_message, page))

    def action_command_palette(self) -> None:
        if not any(isinstance(screen, CommandPalette) for screen in self.screen_stack):  # Textual looks at the top only
            from tui.app.screens.palette import Palette

            self.push_screen(Palette())

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, also inside tmux and where it holds bytes that are no UTF-8."""
        seams.set_clipboard(self, text)
        begin(self, partial(self._send_to_clipboard, text), "clipboard", exclusive=True)

    async def _send_to_clipboard(self, text: str) -> None:
        from tui.app.clipboard import give_to_tmux, sequence_of

        is_sent = self._terminal.in_tmux and await asyncio.to_thread(give_to_tmux, text)
        if not is_sent and self._driver is not None:
            self._driver.write(sequence_of(text))

    async def action_quit(self) -> None:
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        from tui.app.palette_commands import commands_of

        yield from commands_of(self, screen)

    def _start_renderer(self) -> None:
        self.link.start()
        begin(self, self._look_over_state, "state files")
        opening = self._opening_at_start
        if opening is not None and not isinstance(opening, PictureSource):
            self._load(opening.target)
            return
        self._offer_sources()
        self._prompt_model.find()
        if opening is not None:
            self._opener.open(opening, self._prompt_model.options)
