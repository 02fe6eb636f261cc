"""Writes the journal behind the pictures that are saved before it; of many changes in a row, the newest only."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from engine.errors import StoreError
from engine.search.folder import PictureFolder
from engine.search.journal import Journal, read_summary, write_journal
from engine.search.journal_files import JOURNAL_NAME, alone_in, free_journal
from engine.search.sessions import register
from engine.search.store import trouble, written
from latentpng.errors import UnwritableFileError
from latentpng.identity import Key


# Two programs may search in one folder: because both were told to (`--out`), or because a session was continued twice.
# So a search replaces a journal only when it wrote it itself or continues it, and nobody else did so since; else its
# own gets the next free name, and both are listed.
class JournalWriter:
    """Writes the journal of one session, and never over that of another search."""

    def __init__(
        self, folder: PictureFolder, index: Path, on_trouble: Callable[[str], None], continued: Journal | None = None
    ) -> None:
        """Write nothing yet.

        Args:
            folder: The folder of the session; its thread writes the journal.
            index: The file that names the folders of sessions.
            on_trouble: Called with a sentence when the journal cannot be saved, in the thread that saves.
            continued: The journal of the session that is continued; None for a new one, or in a different folder.
        """
        self._folder, self._index, self._on_trouble = folder, index, on_trouble
        self._lock = threading.Lock()
        self._queued = 0
        self._is_registered = self._has_failed = False
        self._name = JOURNAL_NAME if continued is None else continued.name
        self._replaced = None if continued is None else continued.writer
        self._writer = secrets.token_hex(8)
        self._continued = continued

    @property
    def has_failed(self) -> bool:
        """Whether the journal that was to be written last could not be."""
        return self._has_failed

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
        with alone_in(journal.folder):
            if not self._is_free(journal.folder):
                if self._is_as_it_was(journal):
                    return
                self._name = free_journal(journal.folder)
            write_journal(replace(journal, files=paths, name=self._name, writer=self._writer))
        self._replaced = self._writer
        if not self._is_registered:
            try:
                register(self._index, journal.folder)
            except UnwritableFileError as error:
                raise StoreError(f"the list of sessions cannot be saved: {error}") from error
            self._is_registered = True

    def _is_free(self, folder: Path) -> bool:
        """Return whether the journal may be written: there is none yet, or it may be replaced."""
        file = folder / self._name
        if not file.exists() and not file.is_symlink():
            return True
        with contextlib.suppress(OSError):
            found = read_summary(file)
            return found is not None and self._replaced is not None and found.writer == self._replaced
        return False

    def _is_as_it_was(self, journal: Journal) -> bool:
        """Return whether nothing was done yet in a session that is continued."""
        if self._continued is None:
            return False
        now, before = journal.session, self._continued.session
        return (now.tree, now.past, now.future) == (before.tree, before.past, before.future)

    def _report(self, future: Future[None]) -> None:
        error = future.exception()
        self._has_failed = error is not None
        if error is not None:
            self._on_trouble(trouble(error))
