"""The search that the app shows: what was opened, its screen, and the running search once its model is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.open import Opening
    from engine.options import Options
    from engine.rendering.events import Event, ModelReady
    from engine.rendering.renderer import Renderer
    from engine.rendering.requests import LoadModel
    from engine.search.folder import PictureFolder
    from engine.search.running import Search
    from engine.search.state import Session
    from tui.app.screens.search import SearchScreen
    from tui.arguments import AppArguments


class CurrentSearch:
    """At most one search at a time.

    Attributes:
        opening: What was opened last; None when the start screen is shown instead.
        screen: Its screen, which may be covered by others; None as for `opening`.
        folders: The folders of all searches since the start, oldest first.
        unsaved: What of the searches that were left could not be saved, as a sentence; "" for nothing.
    """

    def __init__(
        self,
        options: Options,
        arguments: AppArguments,
        *,
        sessions: Path,
        journal_path: Path,
        ignore_digits_until: float,
        on_saving_failed: Callable[[str], None],
        on_notice: Callable[[str], None],
    ) -> None:
        """Prepare for the first search.

        Args:
            options: What the person asked for.
            arguments: What only the app is asked for.
            sessions: The folder in which each session gets a folder of its own.
            journal_path: The file that names the folders of sessions.
            ignore_digits_until: As for `SearchScreen`.
            on_saving_failed: Called with a sentence, in the thread that saves.
            on_notice: Called with a sentence about saving that is no failure, likewise.
        """
        self.opening: Opening | None = None
        self.screen: SearchScreen | None = None
        self.folders: list[PictureFolder] = []
        self.unsaved = ""
        self._options, self._arguments = options, arguments
        self._sessions, self._journal_path = sessions, journal_path
        self._ignore_digits_until = ignore_digits_until
        self._on_saving_failed, self._on_notice = on_saving_failed, on_notice
        self._search: Search | None = None
        self._ready: ModelReady | None = None

    @property
    def search(self) -> Search | None:
        """The running search; None before its model is ready, and after it was left."""
        return self._search

    def show(self, opening: Opening) -> SearchScreen:
        """Return the screen of an opening; the search begins on it later, when its model is ready."""
        from tui.app.screens.search import SearchScreen

        side = 0 if self._arguments.grid == "auto" else int(self._arguments.grid)
        self.opening = opening
        self.screen = SearchScreen(opening.beginning, side=side, ignore_digits_until=self._ignore_digits_until)
        return self.screen

    async def begin(
        self,
        renderer: Renderer,
        ready: ModelReady,
        on_load: Callable[[LoadModel], None],
        on_event: Callable[[Event], None],
    ) -> None:
        """Begin the search of the opening on its screen, or let it go on when its model was loaded anew.

        Args:
            renderer: What renders.
            ready: The model that is loaded.
            on_load: Called with the request for a model that the search needs.
            on_event: Called with the events of files that were read, in the thread that reads.
        """
        opening, screen = self.opening, self.screen
        if opening is None or screen is None:
            return
        before, self._ready = self._ready, ready
        if screen.search is not None:
            await self._go_on(screen, before or ready, ready)
            return
        from engine.edit_noise import noise_notice
        from engine.open import beginning_of, folder_for
        from engine.search.running import Search
        from engine.search.store import MAX_CACHED_BYTES

        session, refused = self._session(opening, ready, screen.pictures_that_fit - 1)
        folder = folder_for(opening, self._arguments.out, self._sessions, self._on_notice)
        self._search = Search(
            beginning_of(opening, session, ready),
            session,
            renderer,
            folder,
            index=self._journal_path,
            keep_all=self._arguments.keep == "all",
            drafts=self._arguments.draft,
            memory=self._arguments.picture_memory * 2**20 or MAX_CACHED_BYTES,
            on_load=on_load,
            on_event=on_event,
            on_trouble=self._on_saving_failed,
        )
        self.folders.append(folder)
        await screen.begin(self._search)
        opened = opening.beginning.root_record
        noise = noise_notice(opened, ready) if opened is not None else ""
        screen.notice = "; ".join(filter(None, (refused, opening.target.notice, noise)))

    def _session(self, opening: Opening, ready: ModelReady, candidates: int) -> tuple[Session, str]:
        """Return the session of an opening, and why it varies the whole picture although a region was asked for."""
        from engine.errors import InvalidRequestError
        from engine.open import session_for
        from engine.search.axis import Axis
        from tui.app.phrases import ONLY_PROMPT

        is_varied = self._arguments.first == "varied"
        try:
            session = session_for(opening, self._options, ready, candidates, is_varied=is_varied)
        except InvalidRequestError as error:
            whole = replace(self._options, region="")
            return session_for(opening, whole, ready, candidates, is_varied=is_varied), str(error)
        return session, ONLY_PROMPT if session.region and session.axis is Axis.PROMPT else ""

    async def _go_on(self, screen: SearchScreen, before: ModelReady, ready: ModelReady) -> None:
        search = screen.search
        if search is not None and search.is_loading and ready.request.load_key == search.variant.load.load_key:
            from engine.edit_noise import other_noise_notice
            from engine.search.grid import PARENT
            from latentpng.shapes import octaves, spatial_shape

            is_new = search.finished(PARENT) is None and search.file(search.session.place.node) is None
            notice = other_noise_notice(before, ready) if is_new else ""
            search.ready(
                octaves(ready.noise_shape, ready.noise_axes), spatial_shape(ready.noise_shape, ready.noise_axes)
            )
            await screen.show_round()
            if notice:
                screen.notice = "; ".join(filter(None, (screen.notice, notice)))

    async def close(self) -> None:
        """Stop rendering and return when everything is on disk."""
        if self._search is not None:
            search, self._search = self._search, None
            search.stop()
            await asyncio.to_thread(search.wait)
            self.unsaved = search.unsaved or self.unsaved

    async def leave(self) -> None:
        """Close the search and forget it: the start screen is shown next."""
        await self.close()
        self.opening = self.screen = None
