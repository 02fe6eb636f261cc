"""Writes the journal: what was answered is on the disk before the screen shows where it leads to.

Pictures are not waited for.  The lineage of a pick is known before anything of it is rendered, so the journal names the
pick first, and the file of its picture when that is written.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.errors import StoreError
from engine.search.journal import Journal, read_summary, write_journal
from engine.search.journal_files import JOURNAL_NAME, alone_in, free_journal
from engine.search.root_noise import write_noise
from engine.search.sessions import register
from engine.search.store import trouble, written
from latentpng.errors import UnwritableFileError
from latentpng.identity import Key
from latentpng.record import LatentRecord

_Content = tuple[Journal, Mapping[Key, Future[Path]]]


# Two programs may search in one folder: because both were told to (`--out`), or because a session was continued twice.
# So a search replaces a journal only when it wrote it itself or continues it, and nobody else did so since; else its
# own gets the next free name, and both are listed.
class JournalWriter:
    """Writes the journal of one session in a thread of its own, and never over that of another search.

    A journal holds the whole session, so of several that were saved while one was being written the newest is enough.
    """

    def __init__(
        self,
        index: Path,
        on_trouble: Callable[[str], None],
        *,
        continued: Journal | None = None,
        root: LatentRecord | None = None,
    ) -> None:
        """Write nothing yet.

        Args:
            index: The file that names the folders of sessions.
            on_trouble: Called with a sentence when the journal cannot be saved, in the thread that saves.
            continued: The journal of the session that is continued; None for a new one, or in a different folder.
            root: A record that holds the stored noise of a tensor root, which is saved beside the journal; None for a
                seed root.
        """
        self._index, self._on_trouble, self._root = index, on_trouble, root
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._content: _Content | None = None
        self._saving: Future[None] = Future()
        self._saving.set_result(None)
        self._is_queued = self._has_failed = self._is_registered = False
        self._name = JOURNAL_NAME if continued is None else continued.name
        self._replaced = None if continued is None else continued.writer
        self._writer = secrets.token_hex(8)
        self._continued = continued

    @property
    def saving(self) -> Future[None]:
        """A future that is done once the journal that was saved last is on the disk, or cannot be written."""
        return self._saving

    def save(self, journal: Journal, files: Mapping[Key, Future[Path]]) -> None:
        """Begin to save a journal.

        Nothing is written before there is a picture in the folder or the first grid was answered: a picture that was
        only looked at leaves no session behind.

        Args:
            journal: The journal without its files.
            files: The files of the pictures, written or not.
        """
        with self._lock:
            self._content = journal, files
            self._queue()

    def save_again(self) -> None:
        """Begin to save the last journal again, because the file of a picture was written meanwhile."""
        with self._lock:
            if self._content is not None:
                self._queue()

    def close(self) -> None:
        """Wait until the journal is on the disk; one that could not be written is tried once more."""
        if self._has_failed:
            self.save_again()
        self._thread.shutdown(wait=True)

    def _queue(self) -> None:
        if not self._is_queued:
            self._is_queued, self._saving = True, Future()
            self._thread.submit(self._run)

    def _run(self) -> None:
        with self._lock:
            content, saving, self._is_queued = self._content, self._saving, False
        self._has_failed = False
        try:
            if content is not None:
                self._write(*content)
        except Exception as error:  # whatever it is, who waits for the journal must not wait for ever
            self._has_failed = True
            self._on_trouble(trouble(error))
        finally:
            saving.set_result(None)

    def _write(self, journal: Journal, files: Mapping[Key, Future[Path]]) -> None:
        paths = {key: path for key, file in files.items() if (path := written(file)) is not None}
        is_saved = any(path.absolute().parent == journal.folder.absolute() for path in paths.values())
        if not (is_saved or journal.session.is_answered):
            return
        with alone_in(journal.folder):
            if not self._is_free(journal.folder):
                if self._is_as_it_was(journal):
                    return
                self._name = free_journal(journal.folder)
            self._save_noise(journal.folder)
            write_journal(replace(journal, files=paths, name=self._name, writer=self._writer))
        self._replaced = self._writer
        if not self._is_registered:
            try:
                register(self._index, journal.folder)
            except UnwritableFileError as error:
                raise StoreError(f"the list of sessions cannot be saved: {error}") from error
            self._is_registered = True

    def _save_noise(self, folder: Path) -> None:
        """Save the noise of a tensor root; the journal is worth writing without it, for pictures hold it too."""
        if self._root is not None:
            try:
                write_noise(folder, self._root)
                self._root = None
            except StoreError as error:
                self._on_trouble(str(error))

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
