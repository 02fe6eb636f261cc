"""The app: wiring between renderer, terminal pictures, screens and files.  It decides nothing else.

What the start screen does not need is imported when it is first used: the first paint comes before all else.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.errors import EngineError, UnknownModelError
from latentpng.errors import LatentPngError
from tui.app.hangup import HangUp
from tui.app.messages import EngineReported, TroubleFound
from tui.app.screens.start import StartScreen
from tui.graphics.terminal.capabilities import KEY_GRACE_SECONDS, Terminal

if TYPE_CHECKING:
    from engine.open import Opening
    from engine.options import Options
    from engine.rendering.events import Event, ModelReady
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel
    from engine.search.journal import Journal
    from engine.search.running import Search
    from engine.search.store import Finished
    from engine.target import Target
    from tui.app.inbox import Inbox
    from tui.app.screens.search import SearchScreen
    from tui.arguments import AppArguments
    from tui.graphics.service import Graphics

Opener: TypeAlias = "Callable[[Options], Opening]"

RECENT = 12
ROWS_OF_TEXT = 4
"""Prompt, where, status and footer."""


class WarmerApp(App[None]):
    """The parts, and who hears of what.

    opening: begin with this instead of the start screen.  sessions, journal_path: where pictures and the journal go.
    """

    CSS_PATH = "theme.tcss"
    TITLE = "warmer"
    _inbox: Inbox
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
        opening: Opening | None = None,
    ) -> None:
        super().__init__()
        self._make_renderer, self._terminal = make_renderer, terminal
        self._options, self._arguments, self._opening = options, arguments, opening
        self._sessions, self._journal_path = sessions, journal_path
        self._started = time.monotonic()
        self._requested: LoadModel | None = None
        self._model_ready: ModelReady | None = None
        self.load_failed = False
        self._search: Search | None = None
        self._shown: SearchScreen | None = None
        self.saved_to: list[Path] = []
        self.troubles: list[str] = []

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(RuntimeError, ValueError):  # not in the main thread, as in some tests
            loop.add_signal_handler(signal.SIGTERM, self.exit)
            loop.add_signal_handler(signal.SIGHUP, HangUp(self.exit, self.close_all))
        if self._opening is None:
            self.push_screen(StartScreen())
        else:
            self.push_screen(self._search_screen(self._opening))
        self.call_after_refresh(self._start_renderer)

    def on_cursor_position(self) -> None:
        self.graphics.on_cursor_position()

    @cached_property
    def graphics(self) -> Graphics:
        """Draws pictures in this terminal; made for the first of them."""
        from tui.graphics.service import Graphics

        return Graphics(self._terminal)

    @cached_property
    def renderer(self) -> Renderer:
        """Made after the first paint."""
        return self._make_renderer()

    @property
    def keys_count(self) -> bool:
        """False at the very start, while late answers of the terminal may still arrive as keys."""
        return time.monotonic() - self._started > KEY_GRACE_SECONDS

    @property
    def places(self) -> int:
        """Pictures in a new grid, as the window is now."""
        if self._arguments.grid != "auto":
            return int(self._arguments.grid) ** 2
        from tui.app.layout import side_that_fits

        return side_that_fits(self.size.width, self.size.height - ROWS_OF_TEXT) ** 2

    @property
    def search_screen(self) -> SearchScreen | None:
        """The search that is going on, also when another screen covers it."""
        return self._shown if self._shown in self.screen_stack else None

    def begin_prompt(self, prompt: str) -> None:
        """A new search."""
        from engine.open import open_prompt

        self._try_to_open(lambda options: open_prompt(options, prompt), self._options)

    def resume(self) -> None:
        """Goes on with the last session."""
        if self._journal is not None:
            from engine.open import open_journal

            journal = self._journal
            self._try_to_open(lambda options: open_journal(options, journal), self._options)

    def open_picture(self, path: Path) -> None:
        """Goes on from a picture."""
        from engine.open import open_picture

        self._try_to_open(lambda options: open_picture(options, path), self._options)

    def save_as(self, finished: Finished) -> None:
        """Asks for a name and saves a copy there."""
        from tui.app.screens.ask import PathScreen, problem_of_new

        async def save(path: Path | None) -> None:
            if path is not None:
                await self._save_copy(path, finished)

        name = f"round{len(finished.record.lineage.rounds)}.png"
        question = f"save a copy as (in {Path.cwd()} unless you say another folder)"
        self.push_screen(PathScreen(question, value=name, check=problem_of_new), save)

    def view(self, screen: SearchScreen) -> None:
        """One picture in full size."""
        from tui.app.screens.viewer import ViewerScreen

        async def choose(place: int | None) -> None:
            if place is not None:
                await screen.choose(place)

        self.push_screen(ViewerScreen(screen), choose)

    def action_open(self) -> None:
        from engine.search.folder import recent_pictures
        from tui.app.screens.ask import PathScreen, problem_of_picture

        def opened(path: Path | None) -> None:
            if path is not None:
                self.open_picture(path)

        recent = recent_pictures(self._sessions, RECENT)
        question = "open which picture? type a path, or choose one below"
        self.push_screen(PathScreen(question, value="", check=problem_of_picture, suggestions=recent), opened)

    async def action_start(self) -> None:
        """Back to the start screen, for a new prompt; what was picked is saved."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self._close_search()
        self._opening, self._shown = None, None
        self.__dict__.pop("_journal", None)  # it is another by now
        screen = StartScreen()
        await self.push_screen(screen)
        self._fill_start_screen(screen)

    def action_help(self) -> None:
        from tui.app.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.description and not binding.system and not binding.action.startswith(("move", "pick", "go(")):
                run = partial(self.run_action, binding.action, active.node)
                yield SystemCommand(f"{binding.description} ({binding.key_display or binding.key})", "", run)

    async def on_engine_reported(self) -> None:
        for event in self._inbox.take():
            await self._take(event)

    async def _take(self, event: Event) -> None:
        from engine.rendering.events import JobFailed, LoadingProgressed, ModelReady

        match event:
            case ModelReady(request=request) if request == self._requested:
                self._model_ready, self.load_failed = event, False
            case JobFailed(job=job) if job < 0:
                self._model_ready, self.load_failed = None, True
        search_screen = self.search_screen
        if search_screen is not None:
            await search_screen.take(event)
            await self._begin_if_ready(search_screen)
        elif isinstance(self.screen, StartScreen):
            match event:
                case LoadingProgressed(stage=words) | JobFailed(sentence=words):
                    self.screen.say(words)
                case ModelReady(device=device):
                    self.screen.say(f"{self._target.load.model.name} is ready on {device}")

    def on_trouble_found(self, message: TroubleFound) -> None:
        if self.search_screen is not None:
            self.search_screen.trouble(message.sentence)

    def load_again(self) -> None:
        """Once more, after loading failed."""
        if self.load_failed and self._requested is not None:
            self.load_failed = False
            self.renderer.load(self._requested)

    async def close_all(self) -> None:
        """Ends the renderer and waits for the disk."""
        await self._close_search()
        if self._requested is not None:
            await asyncio.to_thread(self.renderer.close)
        self.graphics.close()

    async def on_unmount(self) -> None:
        await self.close_all()

    @cached_property
    def _target(self) -> Target:
        """What renders until a picture says otherwise."""
        from engine.target import target_for_prompt

        return target_for_prompt(self._options, "")

    @cached_property
    def _journal(self) -> Journal | None:
        """The last session, to be offered."""
        from engine.search.journal import read_journal

        return read_journal(self._journal_path)

    def _fill_start_screen(self, screen: StartScreen) -> None:
        from engine.search.folder import recent_pictures

        screen.offer(
            resume=self._journal.folder.name if self._journal else "",
            prompts=self._target.defaults.prompts,
            recent=recent_pictures(self._sessions, RECENT),
        )

    def _search_screen(self, opening: Opening) -> SearchScreen:
        from tui.app.screens.search import SearchScreen

        self._shown = SearchScreen(opening.beginning)
        return self._shown

    def _start_renderer(self) -> None:
        from tui.app.inbox import Inbox

        if isinstance(self.screen, StartScreen):
            self._fill_start_screen(self.screen)
        self._inbox = Inbox()
        self.renderer.start(self._report)
        self._load(self._opening.target if self._opening else self._target)

    def _report(self, event: Event) -> None:
        """Called in the renderer's thread."""
        if self._inbox.put(event):
            self.post_message(EngineReported())

    def _report_trouble(self, sentence: str) -> None:
        """Called in the thread that saves."""
        self.troubles.append(sentence)
        self.post_message(TroubleFound(sentence))

    def _load(self, target: Target) -> None:
        """Asks for a model at a size, unless just that was asked for last."""
        request, last = target.load, self._requested
        if last is None or self.load_failed or last.load_key != request.load_key:
            self._requested, self._model_ready, self.load_failed = request, None, False
            self.renderer.load(request)

    def _try_to_open(self, opener: Opener, options: Options) -> None:
        self.run_worker(self._open(opener, options), exclusive=True, group="open")

    async def _open(self, opener: Opener, options: Options) -> None:
        """Replaces what is on screen by a new search; a file may take its time, the screen does not wait."""
        try:
            opening = await asyncio.to_thread(opener, options)
        except UnknownModelError as error:
            self._ask_for_model(error, opener)
            return
        except (EngineError, LatentPngError, OSError) as error:
            self._say(str(error))
            return
        self._opening = opening
        screen = self._search_screen(opening)
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self._close_search()
        await self.push_screen(screen)
        self._load(opening.target)
        await self._begin_if_ready(screen)

    def _ask_for_model(self, error: UnknownModelError, opener: Opener) -> None:
        """A picture's model is not here: which one instead."""
        from tui.app.screens.ask import ask_for_model

        def chosen(path: Path | None) -> None:
            if path is not None:
                config = dict(error.near).get(str(path), self._options.config)
                self._try_to_open(opener, replace(self._options, model=str(path), config=config))

        self.push_screen(ask_for_model(error), chosen)

    async def _begin_if_ready(self, screen: SearchScreen) -> None:
        opening = self._opening
        if screen.search is not None or self._model_ready is None or opening is None:
            return
        from engine.open import folder_for, session_for
        from engine.search.folder import PictureFolder
        from engine.search.running import Search

        folder = folder_for(opening, self._arguments.out, self._sessions)
        search = Search(
            opening.beginning,
            session_for(opening, self._options, self._model_ready, self.places - 1),
            self.renderer,
            PictureFolder(folder),
            journal=self._journal_path,
            keep_all=self._arguments.keep == "all",
            on_trouble=self._report_trouble,
        )
        self._search = search
        self.saved_to.append(folder)
        await screen.begin(search)
        if opening.target.notice:
            screen.trouble(opening.target.notice)

    async def _close_search(self) -> None:
        """Stops rendering; everything is on disk afterwards."""
        if self._search is not None:
            search, self._search = self._search, None
            search.stop()
            await asyncio.to_thread(search.wait)

    async def _save_copy(self, path: Path, finished: Finished) -> None:
        from latentpng.png.files import write_picture

        picture = finished.picture
        try:
            await asyncio.to_thread(write_picture, path, picture.width, picture.height, picture.rgb, finished.record)
        except LatentPngError as error:
            self._say(str(error))
        else:
            self._say(f"saved {path.absolute()}")

    def _say(self, words: str) -> None:
        if self.search_screen is not None:
            self.search_screen.trouble(words)
        elif isinstance(self.screen, StartScreen):
            self.screen.say(words)
