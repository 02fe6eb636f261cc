"""Reads pictures of a search from their files instead of rendering them again, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.rendering.events import Event, Picture, PictureRendered, PictureUnreadable
from engine.search.store import Finished
from latentpng.errors import LatentPngError
from latentpng.identity import Key, picture_keys


class SavedPictures:
    """Reads files one after the other and reports each as an event, as a renderer does."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        """Start nothing yet.

        Args:
            on_event: Called with PictureRendered or PictureUnreadable for each file, in the thread that reads.
        """
        self._on_event = on_event
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read")
        self._job = 0

    def read(self, job: int, files: Mapping[int, tuple[Key, Path]]) -> None:
        """Begin to read files; those of an earlier job that were not read yet are given up.

        Args:
            job: The number of the job; events repeat it.
            files: The key and the file of each picture, by its index in the job.
        """
        self._job = job
        for index, (key, path) in files.items():
            self._thread.submit(self._read, job, index, key, path)

    def close(self) -> None:
        """Give up what was not read yet, and wait for the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _read(self, job: int, index: int, key: Key, path: Path) -> None:
        if job != self._job:
            return
        found = read_saved(path, key)
        if found is None:
            self._on_event(PictureUnreadable(job=job, index=index))
        else:
            self._on_event(PictureRendered(job=job, index=index, picture=found.picture, record=found.record))


def read_saved(path: Path, key: Key) -> Finished | None:
    """Return a saved picture; None when it cannot be read, has edited pixels, or is not the picture with that key."""
    from latentpng.png.files import pixel_digest, read_picture, read_record  # numpy and Pillow: not before it is needed

    try:
        record = read_record(path)
        width, height, rgb = read_picture(path)
    except (LatentPngError, OSError):
        return None
    if picture_keys(record.lineage)[-1] != key or record.pixels != pixel_digest(rgb):
        return None
    return Finished(picture=Picture(width=width, height=height, rgb=rgb), record=record)
