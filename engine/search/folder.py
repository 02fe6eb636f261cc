"""The folder of a session: pictures are saved in a thread of its own, the moment they exist."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from itertools import count
from pathlib import Path
from typing import TypeAlias

from engine.errors import StoreError
from engine.rendering.events import Picture
from latentpng.errors import LatentPngError
from latentpng.identity import Key, picture_keys
from latentpng.png.abandoned import recover, recovered_words
from latentpng.png.disk import make_folder
from latentpng.record import LatentRecord
from latentpng.text import plain

MAX_TITLE = 60
"""Characters of the prompt in the name of a folder."""
_NUMBER = re.compile(r"([0-9]{3,9})-(round)?")
_NOT_LOOKED = -1

Tell: TypeAlias = Callable[[str], None]


def session_folders(parent: Path, prompt: str, day: date) -> Iterator[Path]:
    """Yield names for the folder of a new session that nothing has: the date and the prompt, then also a number.

    Args:
        parent: The folder that holds the folders of all sessions.
        prompt: The prompt; characters that trouble file systems become spaces.
        day: The date.
    """
    title = re.sub(r"[^\w ,.-]+", " ", plain(prompt, limit=400)).strip(" .-")
    title = " ".join(title.split())[:MAX_TITLE].strip(" .-,") or "untitled"
    name = f"{day.isoformat()} {title}"
    folders = (parent / (name if number == 1 else f"{name} {number}") for number in count(1))
    return (folder for folder in folders if not os.path.lexists(folder))


def recent_pictures(parent: Path, limit: int) -> tuple[Path, ...]:
    """Return the newest pictures of all sessions under `parent`, newest first, at most `limit`."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for path in parent.glob("*/*.png"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime, path))
    return tuple(path for _, path in sorted(found, reverse=True)[:limit])


def later_pictures(folder: Path, files: Iterable[Path], limit: int) -> list[Path]:
    """Return the pictures that were saved in a folder after others, the oldest first.

    Args:
        folder: The folder.
        files: The others; those elsewhere do not count.
        limit: The most that are returned.
    """
    named = [path.name for path in files if path.parent == folder]
    last = max((int(match[1]) for match in map(_NUMBER.match, named) if match), default=0)
    found: list[tuple[int, str]] = []
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 (a Path for each takes longer)
            match = _NUMBER.match(name)
            if match and match[2] and int(match[1]) > last:
                found.append((int(match[1]), name))
    return [folder / name for _, name in sorted(found)[:limit]]


def _ignore(sentence: str) -> None:
    """Tell nobody."""


class PictureFolder:
    """Saves pictures in the order in which they come, each once, and never over what is there.

    Names: `<number>-round<rounds>.png`; a picture that was already saved keeps its name.

    Attributes:
        folder: The folder; it is created with the first picture, and may get a different name then.
        tell: Called with a sentence that is no failure, in the thread that saves.
    """

    def __init__(self, folder: Path, *, others: Iterator[Path] | None = None, tell: Tell = _ignore) -> None:
        """Create nothing yet.

        Args:
            folder: The folder.
            others: For a folder that nobody else may use: the names that follow when somebody else has taken it.  None
                for a folder that may be there.
            tell: As the attribute.
        """
        self.folder, self.tell = folder, tell
        self._recovered: tuple[Path, ...] = ()
        self._others = others
        self._creating = threading.Lock()
        self._saved: dict[tuple[Key, str], Future[Path]] = {}
        self._last = _NOT_LOOKED
        self._taken: frozenset[int] = frozenset()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="save")

    @classmethod
    def new(cls, names: Iterator[Path], tell: Tell = _ignore) -> PictureFolder:
        """Return a folder that no other program uses: the first of these names that is free when it is created."""
        return cls(next(names), others=names, tell=tell)

    def save(self, picture: Picture, record: LatentRecord) -> Future[Path]:
        """Begin to save a picture.

        Args:
            picture: Its pixels.
            record: What its file carries.

        Returns:
            A future of the file's path.  It fails with StoreError.
        """
        key = picture_keys(record.lineage)[-1], record.pixels
        earlier = self._saved.get(key)
        if earlier is None or has_failed(earlier):
            earlier = self._thread.submit(self._write, picture, record)
            self._saved[key] = earlier
        return earlier

    def forget(self, saving: Future[Path] | None) -> None:
        """Save a picture again when it comes again: its file is no longer what it was, and stays as it is."""
        self._saved = {key: earlier for key, earlier in self._saved.items() if earlier is not saving}

    def create(self) -> Path:
        """Create the folder unless it was created, and return it; what is saved into it comes after that.

        Raises:
            OSError: It cannot be created.
        """
        with self._creating:
            while self._others is not None:
                try:
                    make_folder(self.folder, is_new=True)
                except FileExistsError:
                    self.folder = next(self._others)
                else:
                    self._others = None
            make_folder(self.folder)
            if recovered := recover(self.folder):
                self._recovered += recovered
                self.tell(recovered_words(recovered))
            return self.folder

    def close(self) -> None:
        """Wait until everything is written."""
        self._thread.shutdown(wait=True)

    def _write(self, picture: Picture, record: LatentRecord) -> Path:
        from latentpng.png.files import write_new_picture  # numpy and Pillow: not before the first picture

        try:
            self.create()
            if self._last == _NOT_LOOKED:
                self._look()
            if (known := self._recovered_file(record)) is not None:
                return known
            names = self._names(len(record.lineage.rounds))
            path = write_new_picture(names, picture.width, picture.height, picture.rgb, record)
        except OSError as error:
            raise StoreError(
                f"{self.folder}: pictures cannot be saved in this folder: {error.strerror or error}"
            ) from error
        except LatentPngError as error:
            raise StoreError(str(error)) from error
        self._last = int(path.name.partition("-")[0])
        return path

    def _names(self, rounds: int) -> Iterator[Path]:
        """Yield the names that a picture may get, the best one first; a different program may take them meanwhile."""
        numbers = (number for number in count(self._last + 1) if number not in self._taken)
        return (self.folder / f"{number:03d}-round{rounds}.png" for number in numbers)

    def _look(self) -> None:
        """Learn which numbers are taken, once: a folder may hold very many files."""
        taken = _numbers(self.folder)
        self._last = max((number for number, is_ours in taken.items() if is_ours), default=0)
        self._taken = frozenset(number for number in taken if number > self._last)

    def _recovered_file(self, record: LatentRecord) -> Path | None:
        """Return the recovered file of a picture, which need not be written again; None where there is none."""
        from latentpng.png.files import read_record

        for path in self._recovered:
            with contextlib.suppress(LatentPngError, OSError):
                found = read_record(path)
                if found.lineage == record.lineage and found.pixels == record.pixels:
                    return path
        return None


def has_failed(saving: Future[Path]) -> bool:
    """Return whether saving is over and nothing was written."""
    return saving.done() and saving.exception() is not None


def _numbers(folder: Path) -> dict[int, bool]:
    """Return the numbers that names in a folder begin with, and whether one of them is that of a saved picture."""
    numbers: dict[int, bool] = {}
    for name in os.listdir(folder):  # noqa: PTH208 (a Path for each takes longer)
        if match := _NUMBER.match(name):
            number = int(match[1])
            numbers[number] = numbers.get(number, False) or bool(match[2])
    return numbers
