"""Find pictures on the disk and read what they record; runs in a thread and reports as it goes."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from latentpng.errors import LatentPngError
from tui.app.gallery.index import PictureIndex
from tui.app.gallery.rows import Contents, PictureRow, SessionRow

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif")
REPORT_SECONDS = 0.3
"""The least time between two reports: each of them is filtered and drawn."""


def read_contents(
    sessions: tuple[SessionRow, ...],
    root: Path,
    index_path: Path,
    report: Callable[[Contents], None],
    is_cancelled: Callable[[], bool],
) -> None:
    """Find and read all pictures, and report what is known so far, complete at the end.

    Args:
        sessions: The searches, which are reported with the pictures.
        root: The folder of all sessions; sessions elsewhere are in `sessions`.
        index_path: The file that remembers what was read before.
        report: Called with what is known so far.
        is_cancelled: Asked now and then; when it returns True, the reading ends.
    """
    folders = dict.fromkeys([*_folders(root), *(str(row.folder) for row in sessions)])
    with PictureIndex(index_path) as index:
        known = index.known()
        found = sorted(_pictures(folders), key=lambda row: row.changed, reverse=True)
        rows = [known[row.path] if _is_same(row, known.get(row.path)) else row for row in found]
        index.forget(known.keys() - {row.path for row in found})
        unread = [number for number, row in enumerate(rows) if not row.is_read]
        report(Contents(sessions=sessions, pictures=tuple(rows), unread=len(unread), is_listed=True))
        while unread and not is_cancelled():
            now, unread = _read_some(rows, unread)
            index.remember(rows[number] for number in now)
            report(Contents(sessions=sessions, pictures=tuple(rows), unread=len(unread), is_listed=True))


def _read_some(rows: list[PictureRow], unread: list[int]) -> tuple[list[int], list[int]]:
    """Read rows in place for a short time; return the numbers of those that were read, and of the others."""
    end = time.monotonic() + REPORT_SECONDS
    for done, number in enumerate(unread, start=1):
        rows[number] = read_row(rows[number])
        if time.monotonic() >= end:
            return unread[:done], unread[done:]
    return unread, []


def read_row(row: PictureRow) -> PictureRow:
    """Return a row with the prompt and the model that its file records; without them when it records none."""
    from latentpng.reports.fields import value_of
    from latentpng.reports.look import look

    try:
        info = look(row.path)
    except LatentPngError:
        return row.read(prompt="", model="")
    prompt, model = value_of("prompt", info), value_of("model", info)
    return row.read(prompt=str(prompt or ""), model=str(model or ""))


def _is_same(row: PictureRow, known: PictureRow | None) -> bool:
    return known is not None and (known.changed, known.size) == (row.changed, row.size)


def _folders(root: Path) -> list[str]:
    with contextlib.suppress(OSError), os.scandir(root) as entries:
        return [str(root), *(entry.path for entry in entries if not entry.name.startswith(".") and _is_folder(entry))]
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):
        return entry.is_dir()
    return False


def _pictures(folders: Iterable[str]) -> list[PictureRow]:
    """Return the pictures directly in these folders, with nothing read of them."""
    found = []
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith("."):
                    with contextlib.suppress(OSError):
                        if entry.is_file():
                            status = entry.stat()
                            found.append(PictureRow.found(entry.path, status.st_mtime_ns, status.st_size))
    return found
