"""The parts of the app, and how its main screens are shown and left.

What the start screen does not need is imported and made when it is first used: the first paint comes before all else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from tui.app import hints, messages, prompt_history
from tui.app.current import CurrentSearch
from tui.app.current_photo import CurrentPhoto
from tui.app.hints import Hints
from tui.app.load_clock import LoadClock
from tui.app.opener import Opener
from tui.app.prompt_model import PromptModel
from tui.app.renderer_link import RendererLink
from tui.app.sources import GalleryPlaces, PictureSource
from tui.app.stage import Stage
from tui.app.work import begin
from tui.app.work_ahead import WorkAhead
from tui.graphics.output.seams import TerminalDriver
from tui.graphics.terminal.capabilities import KEY_GRACE_SECONDS, Terminal
from tui.paths import cache_folder

if TYPE_CHECKING:
    from engine.invert import PreparedPhoto
    from engine.open import Opening
    from engine.options import Options
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel
    from engine.target import Target
    from tui.app.editing import Editing
    from tui.app.filming import Filming
    from tui.arguments import AppArguments
    from tui.graphics.service import Graphics


class AppParts(App[None]):
    """The app without its keys, and without what it does about news.

    Attributes:
        current: The search on the screen, if there is one.
        link: The renderer.
        stage: The screens.
        places: Where the gallery finds searches and pictures.
        saving_failures: What could not be saved, as sentences.
    """

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
        super().__init__(driver_class=TerminalDriver)
        self.saving_failures: list[str] = []
        self.current = CurrentSearch(
            options,
            arguments,
            sessions=sessions,
            journal_path=journal_path,
            ignore_digits_until=time.monotonic() + key_grace_seconds,
            on_saving_failed=self._report_saving_failure,
            on_notice=self._report_notice,
        )
        self.link = RendererLink(make_renderer, notify=self._report_events)
        self.stage = Stage(self)
        self._opener = Opener(self, options)
        self._prompt_model = PromptModel(self, options)
        self._photo = CurrentPhoto(self)
        self._state = journal_path.parent
        self._hints = Hints(self._state / hints.FILE, terminal)
        self._work_ahead = WorkAhead(self, arguments.ahead)
        self._load_clock = LoadClock(self, self.link, self.stage)
        self._terminal, self._options, self._theme = terminal, options, arguments.theme
        self._opening_at_start = opening
        self.places = GalleryPlaces(
            sessions=sessions,
            index_of_sessions=journal_path,
            cache=cache or cache_folder(),
            prompts=self._state / prompt_history.FILE,
        )

    @cached_property
    def graphics(self) -> Graphics:
        """The service that draws pictures in this terminal; made for the first of them."""
        from tui.graphics.service import Graphics

        return Graphics(self._terminal)

    @cached_property
    def editing(self) -> Editing:
        """What applies the edits of the search."""
        from tui.app.editing import Editing

        return Editing(self, self._options, prompts=self.places.prompts)

    @cached_property
    def filming(self) -> Filming:
        """What makes films of the search."""
        from tui.app.filming import Filming

        return Filming(self, say=self.stage.say)

    async def close_all(self) -> None:
        """End the renderer and return when everything is on disk."""
        await self.filming.close()
        await self.current.close()
        await self.link.close()
        self.graphics.close()

    async def _show(self, opened: Opening | PreparedPhoto) -> None:
        """Show a search or a photograph on an empty stage."""
        from engine.open import Opening

        if isinstance(opened, Opening):
            if opened.is_fresh:
                self._remember_prompt(opened.target.settings.prompt)
            screen = self.current.show(opened)
            screen.teach, screen.once = self._teach, self._hints.once
            await self.stage.show_search(screen)
        else:
            await self.stage.show_photo(self._photo.show(opened))

    async def _look_over_state(self) -> None:
        """Set damaged files of state aside, and say so."""
        from tui.app.state_files import set_aside_damaged

        sentences = await asyncio.to_thread(set_aside_damaged, self._state)
        if sentences:
            self.stage.say("; ".join(sentences))

    def _remember_prompt(self, prompt: str) -> None:
        from tui.app.prompt_history import remember_prompt

        work = partial(asyncio.to_thread, remember_prompt, self.places.prompts, prompt)
        begin(self, work, "prompt history")

    async def _leave(self) -> None:
        """Close every screen, the search and the photograph; return when everything is on disk."""
        self.link.stop_warm_up()
        await self.stage.clear()
        self.filming.leave()
        self._photo.leave(self.link.renderer)
        self._work_ahead.end()
        await self.current.leave()

    def _load(self, target: Target) -> None:
        self._load_for_search(target.load)

    def _load_for_search(self, request: LoadModel) -> None:
        self.link.load(request)
        self.stage.hand_down(self.link.model_load)
        self._load_clock.start()

    async def _begin_if_ready(self) -> None:
        if self.link.model_load.ready is not None:
            before = self.current.search
            await self.current.begin(
                self.link.renderer, self.link.model_load.ready, self._load_for_search, self.link.report
            )
            if self.current.search is not None and self.current.search is not before:
                self._work_ahead.begin(self.current.search, self.link.model_load.ready.device)

    def _teach(self) -> str:
        """Return what the grid that is shown now tells a newcomer."""
        is_slow = self.link.load_seconds > hints.SLOW_LOAD_SECONDS and self._options.keep_alive is None
        return self._hints.next(hints.KEEP_ALIVE if is_slow else "")

    def _show_notices(self) -> None:
        """Show what happened to the renderer, but never in place of why something failed.

        What is said on another screen is said again on the search that begins next: its words change fast until then.
        """
        sentences, screen = self.link.notices, self.stage.search
        if not sentences or self.link.model_load.failure:
            return
        if screen is None:
            self.stage.say("; ".join(sentences))
        elif screen.search is not None and not (screen.search.is_loading or screen.search.failure):
            self.link.notices = ()
            said = [sentence for sentence in screen.notice.split("; ") if sentence not in sentences]
            self.stage.say("; ".join(filter(None, (*said, *sentences))))

    def _offer_sources(self) -> None:
        self.stage.offer(self._prompt_model.examples)

    def _report_events(self) -> None:
        """Wake the app; called in a thread of the renderer's."""
        self.post_message(messages.EngineReported())

    def _report_saving_failure(self, sentence: str) -> None:
        """Note a failure; called in the thread that saves."""
        self.saving_failures.append(sentence)
        self.post_message(messages.SavingFailed(sentence))

    def _report_notice(self, sentence: str) -> None:
        """Show a sentence about saving; called in the thread that saves."""
        self.post_message(messages.SavingNoticed(sentence))
