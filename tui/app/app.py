"""The app: wiring between renderer, terminal pictures, screens and files.  It decides nothing else.

Messages of the screens arrive here; frozen values go down to them.  What the start screen does not need is imported
when it is first used: the first paint comes before all else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen

from tui.app import chosen_theme, hints, messages, prompt_history
from tui.app.chosen_theme import ThemeMemory
from tui.app.current import CurrentSearch
from tui.app.current_photo import CurrentPhoto
from tui.app.editing import Editing
from tui.app.filming import Filming
from tui.app.hangup import leave_on_signals
from tui.app.hints import Hints
from tui.app.load_clock import LoadClock
from tui.app.opener import Opener
from tui.app.prompt_model import PromptModel
from tui.app.renderer_link import RendererLink
from tui.app.screens.start import StartScreen
from tui.app.sources import GalleryPlaces, PictureSource, recent
from tui.app.stage import AsksForPrompt, Stage
from tui.app.work import begin
from tui.graphics.terminal.capabilities import KEY_GRACE_SECONDS, Terminal
from tui.paths import cache_folder

if TYPE_CHECKING:
    from engine.invert import PreparedPhoto
    from engine.open import Opening
    from engine.options import Options
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel
    from engine.target import Target
    from tui.arguments import AppArguments
    from tui.graphics.service import Graphics


class WarmerApp(App[None]):
    """The parts of the app, and which of them hears of what.

    Attributes:
        current: The search on the screen, if there is one.
        link: The renderer.
        stage: The screens.
        places: Where the gallery finds searches and pictures.
        saving_failures: What could not be saved, as sentences.
    """

    CSS_PATH = "theme.tcss"
    TITLE = "warmer"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self,
        *,
        make_renderer: Callable[[], Renderer],
        terminal: Terminal,
        options: Options,
        arguments: AppArguments,
        sessions: Path,
        journal_path: Path,
        cache: Path | None = None,
        opening: Opening | PreparedPhoto | PictureSource | None = None,
        key_grace_seconds: float = KEY_GRACE_SECONDS,
    ) -> None:
        """Prepare the app; nothing is read, asked or started before it runs.

        Args:
            make_renderer: Called once, after the first paint.
            terminal: What the terminal can do.
            options: What the person asked for.
            arguments: What only the app is asked for.
            sessions: The folder in which each session gets a folder of its own.
            journal_path: The file that names the folders of sessions.
            cache: The folder for what can be made again; None for the usual one.
            opening: Instead of the start screen; a picture source when its model has to be asked for first.
            key_grace_seconds: How long digits are ignored at the start; see `SearchScreen`.
        """
        super().__init__()
        self.saving_failures: list[str] = []
        self.current = CurrentSearch(
            options,
            arguments,
            sessions=sessions,
            journal_path=journal_path,
            ignore_digits_until=time.monotonic() + key_grace_seconds,
            on_saving_failed=self._report_saving_failure,
        )
        self.link = RendererLink(make_renderer, notify=self._report_events)
        self.stage = Stage(self)
        self._opener = Opener(self, options)
        self._prompt_model = PromptModel(self, options)
        self._photo = CurrentPhoto(self)
        self._state = journal_path.parent
        self._editing = Editing(self, options, prompts=self._state / prompt_history.FILE)
        self._hints = Hints(self._state / hints.FILE, terminal)
        self._load_clock = LoadClock(self, self.link, self.stage)
        self._terminal, self._theme, self._opening_at_start = terminal, arguments.theme, opening
        self._filming = Filming(self, say=self.stage.say)
        self.places = GalleryPlaces(
            sessions=sessions,
            index_of_sessions=journal_path,
            cache=cache or cache_folder(),
            prompts=self._state / prompt_history.FILE,
        )

    async def on_mount(self) -> None:
        leave_on_signals(self.exit, self.close_all)
        ThemeMemory(self, self._state / chosen_theme.FILE, self._theme).begin()
        opening = self._opening_at_start
        if opening is None or isinstance(opening, PictureSource):
            await self.stage.show(StartScreen(self.places))
        else:
            await self._show(opening)
        self.call_after_refresh(self._start_renderer)

    def on_cursor_position(self) -> None:
        self.graphics.on_cursor_position()

    @cached_property
    def graphics(self) -> Graphics:
        """The service that draws pictures in this terminal; made for the first of them."""
        from tui.graphics.service import Graphics

        return Graphics(self._terminal)

    async def on_engine_reported(self) -> None:
        events = self.link.take()
        self.stage.hand_down(self.link.model_load)
        self._prompt_model.remember(self.link.model_load)
        if self.stage.search is not None:
            for event in events:
                self._filming.take(event)
                self.stage.search.take(event)
            await self._begin_if_ready()
        elif self.stage.photo is not None:
            for event in events:
                self._photo.take(event)
            self._photo.begin(self.link.renderer, self.link.model_load)
        elif self.stage.start is not None and self.current.opening is None:
            self.link.warm_up()

    def on_load_retried(self) -> None:
        self.link.retry()
        self.stage.hand_down(self.link.model_load)
        self._load_clock.start()

    def on_source_chosen(self, message: messages.SourceChosen) -> None:
        self.link.stop_warm_up()
        self._opener.open(message.source, self._prompt_model.options)

    def on_model_found(self, message: messages.ModelFound) -> None:
        self._prompt_model.take(message)
        for screen in self.screen_stack:
            if isinstance(screen, AsksForPrompt):
                screen.say_model(self._prompt_model.name)
        if self.stage.photo is not None:
            self._photo.cancel(self.link.renderer)  # it would find noise for the model before
            self._photo.prepare(message.options, self.stage.photo.choices, invert=False)
        elif self.stage.start is not None and self.current.opening is None:  # else a search was opened meanwhile
            self._load(message.target)
            if message.target.notice:
                self.stage.say(message.target.notice)
            self._offer_sources()

    async def on_search_opened(self, message: messages.SearchOpened) -> None:
        await self._leave()
        self._load(message.opening.target)
        await self._show(message.opening)
        await self._begin_if_ready()

    async def on_photo_opened(self, message: messages.PhotoOpened) -> None:
        await self._leave()
        self._load(message.prepared.target)
        await self._show(message.prepared)

    def on_photo_changed(self, message: messages.PhotoChanged) -> None:
        self._photo.prepare(self._prompt_model.options, message.choices, invert=False)

    def on_inversion_requested(self, message: messages.InversionRequested) -> None:
        self._photo.prepare(self._prompt_model.options, message.choices, invert=True)

    def on_inversion_cancelled(self) -> None:
        self._photo.cancel(self.link.renderer)

    def on_photo_prepared(self, message: messages.PhotoPrepared) -> None:
        if self.stage.photo is not None:
            self._photo.take_prepared(message.prepared)
            self._load(message.prepared.target)
            self._photo.begin(self.link.renderer, self.link.model_load)

    def on_photo_refused(self, message: messages.PhotoRefused) -> None:
        self._photo.refuse(message.sentence)

    def on_opening_failed(self, message: messages.OpeningFailed) -> None:
        self.stage.refuse(message.sentence)

    def on_saving_failed(self, message: messages.SavingFailed) -> None:
        self.stage.say(message.sentence)

    def on_opening_cancelled(self) -> None:
        self._opener.cancel()

    def on_copy_requested(self, message: messages.CopyRequested) -> None:
        from tui.app.copies import CopyScreen

        def saved(path: Path | None) -> None:
            if path is not None:
                self.stage.say(f"saved a copy as {path.absolute()}")

        if self.screen is self.stage.search:  # else a key that was typed ahead has opened something
            self.push_screen(CopyScreen(message.finished), saved)

    def on_edit_requested(self, message: messages.EditRequested) -> None:
        if self.stage.search is not None and self.stage.search.search is not None:
            self._editing.request(message.edit, self.stage.search.search)

    def on_edit_refused(self, message: messages.EditRefused) -> None:
        self._editing.refuse(message.sentence)

    async def on_edit_prepared(self, message: messages.EditPrepared) -> None:
        if self.stage.search is not None:
            await self._editing.apply(message.edit, message.edited, self.stage.search)

    def action_edit(self) -> None:
        """Open the panel that changes the settings of the search; its noise is kept."""
        if self.stage.search is not None:
            self._editing.open(self.stage.search)

    def on_film_requested(self) -> None:
        if self.screen is self.stage.search and self.stage.search.search is not None:
            self._filming.open(self.stage.search.search, self.link.renderer)

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
            super().action_command_palette()

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, also inside tmux and where it holds bytes that are no UTF-8."""
        self._clipboard = text
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

    async def close_all(self) -> None:
        """End the renderer and return when everything is on disk."""
        await self._filming.close()
        await self.current.close()
        await self.link.close()
        self.graphics.close()

    async def on_unmount(self) -> None:
        await self.close_all()

    def _start_renderer(self) -> None:
        self.link.start()
        opening = self._opening_at_start
        if opening is not None and not isinstance(opening, PictureSource):
            self._load(opening.target)
            return
        self._offer_sources()
        self._prompt_model.find()
        if opening is not None:
            self._opener.open(opening, self._prompt_model.options)

    async def _show(self, opened: Opening | PreparedPhoto) -> None:
        """Show a search or a photograph on an empty stage."""
        from engine.open import Opening

        if isinstance(opened, Opening):
            if opened.is_fresh:
                self._remember_prompt(opened.target.settings.prompt)
            screen = self.current.show(opened)
            screen.teach = self._hints.next
            await self.stage.show_search(screen)
        else:
            await self.stage.show_photo(self._photo.show(opened))

    def _remember_prompt(self, prompt: str) -> None:
        from tui.app.prompt_history import remember_prompt

        work = partial(asyncio.to_thread, remember_prompt, self.places.prompts, prompt)
        begin(self, work, "prompt history")

    async def _leave(self) -> None:
        """Close every screen, the search and the photograph; return when everything is on disk."""
        self.link.stop_warm_up()
        await self.stage.clear()
        self._filming.leave()
        self._photo.leave(self.link.renderer)
        await self.current.leave()

    def _load(self, target: Target) -> None:
        self._load_for_search(target.load)

    def _load_for_search(self, request: LoadModel) -> None:
        self.link.load(request)
        self.stage.hand_down(self.link.model_load)
        self._load_clock.start()

    async def _begin_if_ready(self) -> None:
        if self.link.model_load.ready is not None:
            await self.current.begin(
                self.link.renderer, self.link.model_load.ready, self._load_for_search, self.link.report
            )

    def _report_events(self) -> None:
        """Wake the app; called in a thread of the renderer's."""
        self.post_message(messages.EngineReported())

    def _report_saving_failure(self, sentence: str) -> None:
        """Note a failure; called in the thread that saves."""
        self.saving_failures.append(sentence)
        self.post_message(messages.SavingFailed(sentence))

    def _offer_sources(self) -> None:
        self.stage.offer(self._prompt_model.examples)
