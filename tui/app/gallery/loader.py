"""Loads pictures for the gallery, one after the other in a thread: those that are seen, the newest request first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.widget import Widget

from engine.rendering.events import Picture
from latentpng.errors import LatentPngError
from tui.app.work import begin


class PictureLoader:
    """Loads what is wanted and forgets what is no longer wanted; all calls come from the app's own thread."""

    def __init__(
        self, owner: Widget, load: Callable[[str], Picture], loaded: Callable[[str, Picture | None], Any]
    ) -> None:
        """Prepare the loader.

        Args:
            owner: The widget whose end ends the loading.
            load: Called in a thread with a path.  It returns the picture, or raises LatentPngError or OSError.
            loaded: Called with a path and its picture, or None for a file that cannot be shown.
        """
        self._owner, self._load, self._loaded = owner, load, loaded
        self._wanted: list[str] = []
        self._is_running = False

    def want(self, paths: list[str]) -> None:
        """Load these pictures in this order, and nothing else any more."""
        self._wanted = list(paths)
        if self._wanted and not self._is_running:
            self._is_running = True
            begin(self._owner, self._run, "gallery pictures")

    async def _run(self) -> None:
        try:
            while self._wanted:
                path = self._wanted.pop(0)
                picture = await asyncio.to_thread(self._picture, path)
                self._loaded(path, picture)
        finally:
            self._is_running = False

    def _picture(self, path: str) -> Picture | None:
        try:
            return self._load(path)
        except (LatentPngError, OSError):
            return None
