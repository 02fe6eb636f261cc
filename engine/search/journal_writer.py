"""Writes the journal: what was answered is on the disk before the screen shows where it leads to.

Pictures are not waited for.  The lineage of a pick is known before anything of it is rendered, so the journal names the
pick first, and the file of its picture when that is written.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.errors import StoreError
from engine.search.folder import PictureFolder
from engine.search.journal import Journal, read_summary, write_journal
from engine.search.journal_files import JOURNAL_NAME, journal_names
from engine.search.root_noise import write_noise
from engine.search.sessions import register
from engine.search.store import trouble, written
from latentpng.errors import UnwritableFileError
from latentpng.identity import Key
from latentpng.png.atomic import claimed
from latentpng.record import LatentRecord

_Content = tuple[Journal, Callable[[], Mapping[Key, Future[Path]]]]


# Two programs may search in one folder: because both were told to (`--out`), or because a session was continued twice.
# So a search replaces a journal only when it wrote it itself or continues it, and nobody else did so since; else its
# own gets the next free name, and both are listed.
class JournalWriter:
    """Writes the journal of one session in a thread of its own, and never over that of another search.

    A journal holds the whole session, so of several that were saved while one was being written the newest is enough.
    """

    def __init__(
        self,
        folder: PictureFolder,
        index: Path,
        on_trouble: Callable[[str], None],
        *,
        continued: Journal | None = None,
        root: LatentRecord | None = None,
    ) -> None:
        """Write nothing yet.

        Args:
            folder: The folder of the session.
            index: The file that names the folders of sessions.
            on_trouble: Called with a sentence when the journal cannot be saved, in the thread that saves.
            continued: The journal of the session that is continued; None for a new one, or in a different folder.
            root: A record that holds the stored noise of a tensor root, which is saved beside the journal; None for a
                seed root.
        """
        self._folder, self._index, self._on_trouble, self._root = folder, index, on_trouble, root
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
    def has_failed(self) -> bool:
        """Whether the journal that was to be written last could not be."""
        return self._has_failed

    @property
    def saving(self) -> Future[None]:
        """A future that is done once the journal that was saved last is on the disk, or cannot be written."""
        return self._saving

    def save(self, journal: Journal, files: Callable[[], Mapping[Key, Future[Path]]]) -> None:
        """Begin to save a journal.

        Nothing is written before there is a picture in the folder or the first grid was answered: a picture that was
        only looked at leaves no session behind.

        Args:
            journal: The journal without its files.
            files: Returns the files of the pictures, written or not; called in the thread that writes.
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
        self._saving.result()
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
                self._write(content[0], content[1]())
        except Exception as error:  # whatever it is, who waits for the journal must not wait for ever
            self._has_failed = True
            self._on_trouble(trouble(error))
        finally:
            saving.set_result(None)

    def _write(self, journal: Journal, files: Mapping[Key, Future[Path]]) -> None:
        paths = {key: path for key, file in files.items() if (path := written(file)) is not None}
        is_saved = any(path.absolute().parent == self._folder.folder.absolute() for path in paths.values())
        if not (is_saved or journal.session.is_answered):
            return
        journal = replace(journal, folder=self._create(), files=paths, writer=self._writer)
        if not (self._replace_own(journal) or self._write_new(journal)):
            return
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

    def _create(self) -> Path:
        """Create the folder of the session, and return it: a new one may have got a different name."""
        try:
            return self._folder.create()
        except OSError as error:
            found = error.strerror or error
            raise StoreError(f"{self._folder.folder}: the session cannot be saved in this folder: {found}") from error

    # Who wants to replace the journal of a writer claims it by that writer's name: so of two programs only one does it.
    def _replace_own(self, journal: Journal) -> bool:
        """Replace the journal that this search wrote or continues, and return whether that was still allowed."""
        if self._replaced is None:
            return False
        file = journal.folder / self._name
        try:
            with claimed(journal.folder, f"{self._name} of {self._replaced}") as is_alone:
                if not (is_alone and self._is_replaceable(file)):
                    return False
                self._save_noise(journal.folder)
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

    def _write_new(self, journal: Journal) -> bool:
        """Write the journal under a name that nothing has; return whether there was something to write."""
        if self._is_as_it_was(journal) and os.path.lexists(journal.folder / self._name):
            return False
        self._save_noise(journal.folder)
        self._name = write_journal(journal, journal_names(self._name))
        return True

    def _is_as_it_was(self, journal: Journal) -> bool:
        """Return whether nothing was done yet in a session that is continued."""
        if self._continued is None:
            return False
        now, before = journal.session, self._continued.session
        return (now.tree, now.past, now.future) == (before.tree, before.past, before.future)
