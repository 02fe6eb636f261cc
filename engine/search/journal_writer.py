"""Writes the journal behind the pictures that are saved before it; of many changes in a row, the newest only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from engine.errors import StoreError
from engine.search.folder import PictureFolder
from engine.search.journal import Journal, write_journal
from engine.search.sessions import register
from engine.search.store import trouble, written
from latentpng.errors import UnwritableFileError
from latentpng.identity import Key


class JournalWriter:
    """Writes the journal of one session."""

    def __init__(self, folder: PictureFolder, index: Path, on_trouble: Callable[[str], None]) -> None:
        """Write nothing yet.

        Args:
            folder: The folder of the session; its thread writes the journal.
            index: The file that names the folders of sessions.
            on_trouble: Called with a sentence when the journal cannot be saved, in the thread that saves.
        """
        self._folder, self._index, self._on_trouble = folder, index, on_trouble
        self._lock = threading.Lock()
        self._queued = 0
        self._is_registered = False

    def save(self, journal: Journal, files: Mapping[Key, Future[Path]]) -> None:
        """Begin to save a journal.

        Nothing is written before there is a picture in the folder or the first grid was answered: a picture that was
        only looked at leaves no session behind.

        Args:
            journal: The journal without its files.
            files: The files of the pictures, written or not.
        """
        with self._lock:
            self._queued += 1
        self._folder.run(lambda: self._write(journal, files)).add_done_callback(self._report)

    def _write(self, journal: Journal, files: Mapping[Key, Future[Path]]) -> None:
        with self._lock:
            self._queued -= 1
            if self._queued:  # a newer one follows
                return
        paths = {key: path for key, file in files.items() if (path := written(file)) is not None}
        is_changed = bool(journal.session.past) or any(
            path.absolute().parent == journal.folder.absolute() for path in paths.values()
        )
        if not paths or not is_changed:
            return
        write_journal(replace(journal, files=paths))
        if not self._is_registered:
            try:
                register(self._index, journal.folder)
            except UnwritableFileError as error:
                raise StoreError(f"the list of sessions cannot be saved: {error}") from error
            self._is_registered = True

    def _report(self, future: Future[None]) -> None:
        error = future.exception()
        if error is not None:
            self._on_trouble(trouble(error))
