"""Writes the journal behind the pictures that are saved before it; of many changes in a row, the newest only."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from engine.errors import StoreError
from engine.search.folder import PictureFolder
from engine.search.journal import Journal, read_summary, write_journal, write_new_journal
from engine.search.journal_files import JOURNAL_NAME, journal_names
from engine.search.sessions import register
from engine.search.store import trouble, written
from latentpng.errors import UnwritableFileError
from latentpng.identity import Key
from latentpng.png.atomic import claimed


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
        folder = self._folder.folder.absolute()
        is_changed = bool(journal.session.past) or any(path.absolute().parent == folder for path in paths.values())
        if not paths or not is_changed:
            return
        journal = replace(journal, folder=self._create(), files=paths, writer=self._writer)
        if not (self._has_replaced(journal) or self._has_written_new(journal)):
            return
        self._replaced = self._writer
        if not self._is_registered:
            try:
                register(self._index, journal.folder)
            except UnwritableFileError as error:
                raise StoreError(f"the list of sessions cannot be saved: {error}") from error
            self._is_registered = True

    def _create(self) -> Path:
        """Create the folder of the session, and return it: a new one may have got a different name."""
        try:
            return self._folder.create()
        except OSError as error:
            found = error.strerror or error
            raise StoreError(f"{self._folder.folder}: the session cannot be saved in this folder: {found}") from error

    # Who wants to replace the journal of a writer claims it by that writer's name: so of two programs only one does it.
    def _has_replaced(self, journal: Journal) -> bool:
        """Replace the journal that this search wrote or continues, and return whether that was still allowed."""
        if self._replaced is None:
            return False
        file = journal.folder / self._name
        try:
            with claimed(journal.folder, f"{self._name} of {self._replaced}") as is_alone:
                if not (is_alone and self._is_replaceable(file)):
                    return False
                write_journal(replace(journal, name=self._name))
        except OSError as error:
            raise StoreError(f"{file}: it cannot be written ({error.strerror or error})") from error
        return True

    def _is_replaceable(self, file: Path) -> bool:
        """Return whether a file is the journal that this search wrote last, or the one that it continues."""
        with contextlib.suppress(OSError):
            found = read_summary(file)
            return found is not None and found.writer == self._replaced
        return False

    def _has_written_new(self, journal: Journal) -> bool:
        """Write the journal under a name that nothing has; return whether there was something to write."""
        if self._is_as_it_was(journal) and os.path.lexists(journal.folder / self._name):
            return False
        self._name = write_new_journal(journal, journal_names(self._name))
        return True

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
