"""The sessions of this machine: which there are, for lists, and the journal of one of them, to go on with it.

A session is a journal in a folder; several may share one.  Those in the folder of all sessions are found by looking;
those elsewhere (`--out`) by an index, a text file to which each session adds a line: the path of its folder as a JSON
string.  Programs that add a line lock the index.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.paths import open_regular
from engine.search.journal import Journal, Summary, read_journal, read_summary
from engine.search.journal_files import JOURNAL_NAME, journals_in
from latentpng.errors import UnwritableFileError
from latentpng.png.atomic import write_atomically
from latentpng.png.disk import flush_folder, make_folder

MAX_INDEXED = 500
"""Folders that the index keeps, the newest."""
_MAX_INDEX_BYTES = 2**18


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedSession:
    """A session that can be continued, as a list shows it.

    Attributes:
        folder: Its folder.
        prompt: The prompt in use when it was left, as it was typed: it may hold anything.
        model: The name of the model in use then; likewise.
        changed: When it was changed last, in seconds since 1970.
        pictures: The number of its saved pictures.
        cover: The newest saved picture on the way to where it was left; None when that is gone.
        journal: The name of its journal in the folder.
    """

    folder: Path
    prompt: str
    model: str
    changed: float
    pictures: int
    cover: Path | None
    journal: str = JOURNAL_NAME


def saved_sessions(root: Path, index: Path) -> tuple[SavedSession, ...]:
    """Return all sessions that can be continued, the one that was changed last first.

    Of each journal only the first line is read.  Those that are damaged or are none are left out.

    Args:
        root: The folder that holds the folders of all sessions.
        index: The file that names the folders elsewhere.
    """
    folders = dict.fromkeys([*_folders_in(root), *indexed_folders(index)])
    found: dict[tuple[str, str], SavedSession] = {}
    for folder in folders:
        for name in journals_in(folder):
            session = _saved_session(folder, name)
            if session is not None:
                found.setdefault((os.path.realpath(folder), name), session)
    return tuple(sorted(found.values(), key=lambda session: session.changed, reverse=True))


def read_session(folder: Path, name: str = JOURNAL_NAME) -> Journal:
    """Return the journal of a session.

    Args:
        folder: Its folder.
        name: The name of the journal in it.

    Raises:
        StoreError: There is no journal in it, or it is damaged; the message is a sentence.
    """
    return read_journal(folder, name)


def indexed_folders(index: Path) -> tuple[Path, ...]:
    """Return the folders that an index names, the newest first; () when it cannot be read."""
    try:
        with open_regular(index) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _MAX_INDEX_BYTES))
            lines = file.read().splitlines()
    except OSError:
        return ()
    folders = list(_paths(reversed(lines)))
    return tuple(dict.fromkeys(folders))[:MAX_INDEXED]


def register(index: Path, folder: Path) -> None:
    """Add the folder of a session to an index, unless it is the newest there.

    An index that became large is written anew, without the oldest folders.

    Args:
        index: The index.
        folder: The folder of the session.

    Raises:
        UnwritableFileError: The index cannot be written.
    """
    try:
        make_folder(index.parent)
        with _locked(index) as file:
            folders = indexed_folders(index)
            if folders[:1] == (folder.absolute(),):
                return
            size = file.seek(0, os.SEEK_END)
            if size > _MAX_INDEX_BYTES // 2:
                write_atomically(index, map(_line, reversed((folder.absolute(), *folders[: MAX_INDEXED - 1]))))
            else:
                is_cut = bool(size) and file.seek(size - 1) >= 0 and file.read(1) != b"\n"  # by a full disk
                file.write((b"\n" if is_cut else b"") + _line(folder.absolute()))
                file.flush()
                os.fsync(file.fileno())
                if not size:
                    flush_folder(index.parent)
    except OSError as error:
        raise UnwritableFileError(f"{index}: it cannot be written ({error.strerror or error})") from error


# Whoever rewrites the index replaces the file, so a program that waited for the lock may hold one without a name.
@contextlib.contextmanager
def _locked(index: Path) -> Iterator[BinaryIO]:
    """Open the index for reading and appending, alone among all programs; it is created where it is missing."""
    while True:
        with index.open("a+b") as file:
            with contextlib.suppress(OSError):  # without locks, two programs can still append, but not rewrite it
                fcntl.flock(file, fcntl.LOCK_EX)
            if _is_file_of(index, file):
                yield file
                return


def _is_file_of(index: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), index.stat())
    except FileNotFoundError:
        return False


def _saved_session(folder: Path, name: str) -> SavedSession | None:
    found: Summary | None = None
    with contextlib.suppress(OSError):
        file = folder / name
        changed = file.stat().st_mtime
        found = read_summary(file)
    if found is None:
        return None
    cover = folder / found.cover if found.cover else None
    return SavedSession(
        folder=folder,
        prompt=found.prompt,
        model=found.model,
        changed=changed,
        pictures=found.pictures,
        cover=cover if cover is not None and cover.is_file() else None,
        journal=name,
    )


def _folders_in(root: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for entry in os.scandir(root):
            with contextlib.suppress(OSError):
                if entry.is_dir():
                    yield Path(entry.path)


def _paths(lines: Iterator[bytes]) -> Iterator[Path]:
    """Yield the absolute paths among the lines of an index; other lines are ignored."""
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            text = json.loads(line)
            if isinstance(text, str) and text.startswith("/") and "\0" not in text:
                yield Path(text)


def _line(folder: Path) -> bytes:
    """Return the line of a folder, ASCII: bytes of a name that are no UTF-8 stay as halves of surrogate pairs."""
    return json.dumps(str(folder)).encode("ascii") + b"\n"
