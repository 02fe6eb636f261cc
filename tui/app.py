"""The app: wiring between renderer, terminal pictures, screens and files.  It decides nothing else."""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.errors import EngineError
from engine.events import Event, JobFailed, LoadingProgressed, ModelReady
from engine.plan import LoadModel
from engine.renderer import Renderer
from engine.search import Finished, Search
from engine.store import Journal, PictureFolder, recent_pictures, session_folder
from latentpng.errors import LatentPngError
from latentpng.files import write_picture
from tui.graphics.capabilities import KEY_GRACE_SECONDS
from tui.graphics.service import Graphics
from tui.layout import side_that_fits
from tui.messages import EngineReported, TroubleFound
from tui.opening import Opening, open_journal, open_picture, open_prompt, session_for
from tui.options import Target
from tui.screens.ask import PathScreen
from tui.screens.help import HelpScreen
from tui.screens.search import SearchScreen
from tui.screens.start import StartScreen
from tui.screens.viewer import ViewerScreen

RECENT = 12
ROWS_OF_TEXT = 4
"""Prompt, where, status and footer."""


class WarmerApp(App[None]):
    """The parts, and who hears of what.

    target: what renders until a picture says otherwise.  opening: begin with this instead of the start screen.
    journal: the last session, to be offered.  sessions, journal_path: where pictures and the journal go.
    """

    CSS_PATH = "theme.tcss"
    TITLE = "warmer"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "quit", "quit", show=False, priority=True)]

    def __init__(
        self,
        *,
        renderer: Renderer,
        graphics: Graphics,
        options: argparse.Namespace,
        target: Target,
        sessions: Path,
        journal_path: Path,
        opening: Opening | None = None,
        journal: Journal | None = None,
    ) -> None:
        super().__init__()
        self.graphics = graphics
        self.renderer = renderer
        self._options, self._target, self._opening = options, target, opening
        self._sessions, self._journal_path, self._journal = sessions, journal_path, journal
        self._started = time.monotonic()
        self._requested: LoadModel | None = None
        self._model_ready: ModelReady | None = None
        self._pending_loads = 0
        self._search: Search | None = None
        self.saved_to: list[Path] = []

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.exit)
        if self._opening is None:
            self.push_screen(self._start_screen())
        else:
            self.push_screen(SearchScreen(self._opening.beginning))
        self.call_after_refresh(self._start_renderer)

    def on_cursor_position(self) -> None:
        self.graphics.on_cursor_position()

    @property
    def keys_count(self) -> bool:
        """False at the very start, while late answers of the terminal may still arrive as keys."""
        return time.monotonic() - self._started > KEY_GRACE_SECONDS

    @property
    def places(self) -> int:
        """Pictures in a new grid, as the window is now."""
        if self._options.grid != "auto":
            return int(self._options.grid) ** 2
        return side_that_fits(self.size.width, self.size.height - ROWS_OF_TEXT) ** 2

    @property
    def search_screen(self) -> SearchScreen | None:
        """The search that is going on, also when another screen covers it."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, SearchScreen)), None)

    def begin_prompt(self, prompt: str) -> None:
        """A new search."""
        self._try_to_open(partial(open_prompt, self._options, prompt))

    def resume(self) -> None:
        """Goes on with the last session."""
        if self._journal is not None:
            self._try_to_open(partial(open_journal, self._options, self._journal))

    def open_picture(self, path: Path) -> None:
        """Goes on from a picture."""
        self._try_to_open(partial(open_picture, self._options, path))

    def save_as(self, finished: Finished) -> None:
        """Asks for a name and saves a copy there."""

        async def save(path: Path | None) -> None:
            if path is not None:
                await self._save_copy(path, finished)

        name = f"round{len(finished.record.lineage.rounds)}.png"
        question = f"save a copy as (a name is taken in {Path.cwd()})"
        self.push_screen(PathScreen(question, value=name, check=_check_new), save)

    def view(self, screen: SearchScreen) -> None:
        """One picture in full size."""

        async def choose(place: int | None) -> None:
            if place is not None:
                await screen.choose(place)

        self.push_screen(ViewerScreen(screen), choose)

    def action_open(self) -> None:
        def opened(path: Path | None) -> None:
            if path is not None:
                self.open_picture(path)

        recent = recent_pictures(self._sessions, RECENT)
        question = "open which picture? type a path, or choose one below"
        self.push_screen(PathScreen(question, value="", check=_check_picture, suggestions=recent), opened)

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    async def action_quit(self) -> None:
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.description and not binding.system:
                run = partial(self.run_action, binding.action, active.node)
                yield SystemCommand(f"{binding.description} ({binding.key_display or binding.key})", "", run)

    async def on_engine_reported(self, message: EngineReported) -> None:
        event = message.event
        if isinstance(event, ModelReady) or (isinstance(event, JobFailed) and event.job < 0):
            self._pending_loads = max(0, self._pending_loads - 1)
        if isinstance(event, ModelReady) and not self._pending_loads:
            self._model_ready = event
        search_screen = self.search_screen
        if search_screen is not None:
            await search_screen.take(event)
            await self._begin_if_ready(search_screen)
        elif isinstance(self.screen, StartScreen):
            match event:
                case LoadingProgressed(stage=words) | JobFailed(sentence=words):
                    self.screen.say(words)
                case ModelReady(device=device):
                    self.screen.say(f"{self._target.model.name} is ready on {device}")

    def on_trouble_found(self, message: TroubleFound) -> None:
        if self.search_screen is not None:
            self.search_screen.trouble(message.sentence)

    async def close_all(self) -> None:
        """Ends the renderer and waits for the disk."""
        await self._close_search()
        if self._requested is not None:
            await asyncio.to_thread(self.renderer.close)
        self.graphics.close()

    async def on_unmount(self) -> None:
        await self.close_all()

    def _start_screen(self) -> StartScreen:
        journal = self._journal
        return StartScreen(
            resume=journal.folder.name if journal else "",
            prompts=self._target.defaults.prompts,
            recent=recent_pictures(self._sessions, RECENT),
            model=self._target.model.name,
        )

    def _start_renderer(self) -> None:
        self.renderer.start(self._report)
        self._load(self._opening.target if self._opening else self._target)

    def _report(self, event: Event) -> None:
        """Called in the renderer's thread."""
        self.post_message(EngineReported(event))

    def _report_trouble(self, sentence: str) -> None:
        """Called in the thread that saves."""
        self.post_message(TroubleFound(sentence))

    def _load(self, target: Target) -> None:
        """Asks for a model at a size, unless just that was asked for last."""
        request = LoadModel(
            model=target.model,
            settings=target.settings,
            device=target.device,
            dtype=target.dtype,
            micro_batch=target.micro_batch,
        )
        last = self._requested
        if (
            last is None
            or _what_matters(last) != _what_matters(request)
            or not (self._model_ready or self._pending_loads)
        ):
            self._requested, self._model_ready = request, None
            self._pending_loads += 1
            self.renderer.load(request)

    def _try_to_open(self, opener: partial[Opening]) -> None:
        try:
            opening = opener()
        except (EngineError, LatentPngError) as error:
            self._say(str(error))
            return
        self.run_worker(self._enter(opening), exclusive=True, group="enter")

    async def _enter(self, opening: Opening) -> None:
        """Replaces what is on screen by a new search."""
        self._opening = opening
        screen = SearchScreen(opening.beginning)
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self._close_search()
        await self.push_screen(screen)
        self._load(opening.target)
        await self._begin_if_ready(screen)

    async def _begin_if_ready(self, screen: SearchScreen) -> None:
        opening = self._opening
        if screen.search is not None or self._model_ready is None or opening is None:
            return
        folder = self._folder(opening)
        search = Search(
            opening.beginning,
            session_for(opening, self._options, self._model_ready, self.places - 1),
            self.renderer,
            PictureFolder(folder),
            journal=self._journal_path,
            keep_all=self._options.keep == "all",
            on_trouble=self._report_trouble,
        )
        self._search = search
        self.saved_to.append(folder)
        await screen.begin(search)

    async def _close_search(self) -> None:
        """Stops rendering; everything is on disk afterwards."""
        if self._search is not None:
            search, self._search = self._search, None
            await asyncio.to_thread(search.close)

    def _folder(self, opening: Opening) -> Path:
        if self._options.out is not None:
            return Path(self._options.out)
        if opening.journal is not None:
            return opening.journal.folder
        return session_folder(self._sessions, opening.beginning.settings.prompt, date.today())

    async def _save_copy(self, path: Path, finished: Finished) -> None:
        picture = finished.picture
        try:
            await asyncio.to_thread(write_picture, path, picture.width, picture.height, picture.rgb, finished.record)
        except (OSError, LatentPngError) as error:
            self._say(f"{path}: cannot be saved: {getattr(error, 'strerror', None) or error}")
        else:
            self._say(f"saved {path.absolute()}")

    def _say(self, words: str) -> None:
        if self.search_screen is not None:
            self.search_screen.trouble(words)
        elif isinstance(self.screen, StartScreen):
            self.screen.say(words)


def _what_matters(request: LoadModel) -> tuple[object, ...]:
    """What makes one load differ from another: the noise depends on the model and the size alone."""
    return request.model, request.settings.width, request.settings.height, request.device, request.dtype


def _check_picture(path: Path, _: bool) -> str:
    if path.is_dir():
        return f"{path}: this is a folder, a PNG file is needed"
    return "" if path.exists() else f"{path}: there is no such file"


def _check_new(path: Path, insisted: bool) -> str:
    if path.suffix.lower() != ".png":
        return f"{path}: the name ends in .png"
    if path.is_dir() or not path.parent.is_dir():
        return f"{path}: there is no folder {path.parent}"
    if path.exists() and not insisted:
        return f"{path}: this file exists; Enter again replaces it"
    return ""
