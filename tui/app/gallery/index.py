"""What picture files record, remembered on the disk, so that ten thousand files need not be opened at every start.

The index is a cache: where it cannot be read or written, the files are read again, and nobody is told.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tui.app.gallery.rows import PictureRow

_VERSION = 1
_TABLE = "CREATE TABLE pictures (path TEXT PRIMARY KEY, changed INTEGER, size INTEGER, prompt TEXT, model TEXT)"


class PictureIndex:
    """Rows of pictures by path.  Used in one thread; a context manager, which closes it."""

    def __init__(self, path: Path) -> None:
        """Open the index, or begin a new one where there is none or it is damaged.

        Args:
            path: Its file.
        """
        self._database: sqlite3.Connection | None = None
        with contextlib.suppress(OSError, sqlite3.Error):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._database = _opened(path)
            except sqlite3.DatabaseError:
                path.unlink(missing_ok=True)
                self._database = _opened(path)

    def __enter__(self) -> PictureIndex:
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.close()

    def known(self) -> dict[str, PictureRow]:
        """Return every picture that is remembered; whether its file is still the same has to be checked."""
        with contextlib.suppress(sqlite3.Error, TypeError, ValueError):
            return {row.path: row for row in self._rows()}
        return {}

    def _rows(self) -> Iterator[PictureRow]:
        if self._database is not None:
            query = "SELECT path, changed, size, prompt, model FROM pictures"
            for path, changed, size, prompt, model in self._database.execute(query):
                if _is_row(path, changed, size, prompt, model):
                    yield PictureRow.found(path, changed, size).read(prompt=prompt, model=model)

    def remember(self, rows: Iterable[PictureRow]) -> None:
        """Store what was read of pictures."""
        values = [(row.path, row.changed, row.size, row.prompt, row.model) for row in rows if _is_text(row.path)]
        self._change("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?)", values)

    def forget(self, paths: Iterable[str]) -> None:
        """Remove pictures whose files are gone."""
        self._change("DELETE FROM pictures WHERE path = ?", [(path,) for path in paths])

    def _change(self, statement: str, values: Sequence[tuple[str | int, ...]]) -> None:
        if self._database is not None and values:
            with contextlib.suppress(sqlite3.Error, OverflowError), self._database:
                self._database.executemany(statement, values)


def _is_row(path: object, changed: object, size: object, prompt: object, model: object) -> bool:
    """Return whether these are the values of a picture: SQLite stores any kind in any column."""
    texts, numbers = (path, prompt, model), (changed, size)
    return all(isinstance(text, str) for text in texts) and all(isinstance(number, int) for number in numbers)


def _is_text(path: str) -> bool:
    """Return whether a path can be stored: names that are not valid UTF-8 cannot."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=1.0)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            with database:
                database.execute("DROP TABLE IF EXISTS pictures")
                database.execute(_TABLE)
                database.execute(f"PRAGMA user_version = {_VERSION}")
    except sqlite3.Error:
        database.close()
        raise
    return database
