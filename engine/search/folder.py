"""The folder of a session: pictures are saved in a thread of its own, the moment they exist."""

from __future__ import annotations

import contextlib
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path

from engine.errors import StoreError
from engine.rendering.events import Picture
from engine.search.journal_files import alone_in
from latentpng.errors import LatentPngError
from latentpng.identity import Key, picture_keys
from latentpng.record import LatentRecord
from latentpng.text import plain

MAX_TITLE = 60
"""Characters of the prompt in the name of a folder."""
_MAX_FOLDERS = 10_000
_NUMBER = re.compile(r"([0-9]{3,9})-(round)?")
_NOT_LOOKED = -1


def session_folder(parent: Path, prompt: str, day: date) -> Path:
    """Return a name for the folder of a new session: the date, the prompt, and a number when that is taken.

    Args:
        parent: The folder that holds the folders of all sessions.
        prompt: The prompt; characters that trouble file systems become spaces.
        day: The date.

    Returns:
        A path that does not exist yet.  Nothing is created.
    """
    title = re.sub(r"[^\w ,.-]+", " ", plain(prompt, limit=400)).strip(" .-")
    title = " ".join(title.split())[:MAX_TITLE].strip(" .-,") or "untitled"
    name = f"{day.isoformat()} {title}"
    candidates = (parent / (name if number == 1 else f"{name} {number}") for number in range(1, _MAX_FOLDERS))
    return next(folder for folder in candidates if not folder.exists())


def recent_pictures(parent: Path, limit: int) -> tuple[Path, ...]:
    """Return the newest pictures of all sessions under `parent`, newest first, at most `limit`."""
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError):
        for path in parent.glob("*/*.png"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime, path))
    return tuple(path for _, path in sorted(found, reverse=True)[:limit])


class PictureFolder:
    """Saves pictures in the order in which they come, each once.

    Names: `<number>-round<rounds>.png`; a picture that was already saved keeps its name.

    Attributes:
        folder: The folder; it is created with the first picture.
    """

    def __init__(self, folder: Path) -> None:
        """Create nothing yet.

        Args:
            folder: The folder.
        """
        self.folder = folder
        self._saved: dict[tuple[Key, str], Future[Path]] = {}
        self._last = _NOT_LOOKED
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="save")

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

    def close(self) -> None:
        """Wait until everything is written."""
        self._thread.shutdown(wait=True)

    def _write(self, picture: Picture, record: LatentRecord) -> Path:
        from latentpng.png.files import write_picture  # numpy and Pillow: not before the first picture

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with alone_in(self.folder):  # a second program saves here too
                path = self._next_path(len(record.lineage.rounds))
                write_picture(path, picture.width, picture.height, picture.rgb, record)
        except OSError as error:
            raise StoreError(
                f"{self.folder}: pictures cannot be saved in this folder: {error.strerror or error}"
            ) from error
        except LatentPngError as error:
            raise StoreError(str(error)) from error
        return path

    def _next_path(self, rounds: int) -> Path:
        """Return a name that no file has yet."""
        taken = _numbers(self.folder)
        if self._last == _NOT_LOOKED:
            self._last = max((number for number, is_ours in taken.items() if is_ours), default=0)
        self._last += 1
        while self._last in taken:
            self._last += 1
        return self.folder / f"{self._last:03d}-round{rounds}.png"


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
