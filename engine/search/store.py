"""The pictures of a running search: in memory for undo, the picked ones on disk.

Pictures are known by a key: the identity of their lineage.  One that is shown again is never rendered or saved twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import EngineError
from engine.rendering.events import Picture
from engine.search.folder import PictureFolder, has_failed
from latentpng.identity import Key
from latentpng.lru import LruCache
from latentpng.record import LatentRecord

MAX_CACHED_BYTES = 512 * 2**20
"""Pixels of finished pictures that stay in memory: of earlier grids, for undo, and of those that may come next."""
MAX_CACHED_PICTURES = 300
"""Such pictures, however small they are: about thirty grids.  What was picked is on the disk anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A rendered picture.

    Attributes:
        picture: Its pixels.
        record: What its file carries.
    """

    picture: Picture
    record: LatentRecord


class PictureStore:
    """Finished pictures by the key of their lineage.

    Attributes:
        memory: The bytes of pixels that stay in memory, beside those of the grid on the screen.
    """

    def __init__(
        self,
        folder: PictureFolder,
        *,
        on_trouble: Callable[[str], None],
        on_saved: Callable[[], None],
        memory: int = MAX_CACHED_BYTES,
    ) -> None:
        """Create an empty store.

        Args:
            folder: Where pictures are saved.
            on_trouble: Called with a sentence when something cannot be saved, in the thread that saves.
            on_saved: Called when a picture was saved, in the same thread.
            memory: As the attribute.
        """
        self.memory = memory
        self._folder, self._on_trouble, self._on_saved = folder, on_trouble, on_saved
        self._pictures: LruCache[Key, Finished] = LruCache(max_size=memory, max_entries=MAX_CACHED_PICTURES)
        self._files: dict[Key, Future[Path]] = {}
        self._unsaved: dict[Key, Finished] = {}
        self._has_failed = False

    @property
    def files(self) -> dict[Key, Future[Path]]:
        """The files of all pictures that are saved or being saved, as they are now."""
        return dict(self._files)

    @property
    def unsaved(self) -> int:
        """The number of pictures that were to be saved and could not be."""
        return sum(map(has_failed, self.files.values()))

    def __contains__(self, key: Key) -> bool:
        """Return whether a picture is in memory; it does not count as used because of that."""
        return key in self._pictures or self._waiting(key) is not None

    def get(self, key: Key) -> Finished | None:
        """Return a picture, or None when it is not in memory."""
        return self._pictures.get(key) or self._waiting(key)

    def add(self, key: Key, finished: Finished, *, protected: Collection[Key]) -> None:
        """Keep a picture in memory, and forget the least recently used ones.

        Args:
            key: Its key.
            finished: The picture.
            protected: The keys of pictures that are not forgotten: those of the grid on the screen, among others.
        """
        self._pictures.put(key, finished, size=len(finished.picture.rgb), protected=protected)

    def demote(self, key: Key) -> None:
        """Let a picture be the next one that is forgotten."""
        self._pictures.demote(key)

    def add_file(self, key: Key, path: Path) -> None:
        """Register the file of a picture that was saved before, which need not be written again."""
        self._files[key] = Future()
        self._files[key].set_result(path)

    def forget_file(self, key: Key) -> None:
        """Forget the file of a picture, which is no longer what it was: the picture is rendered and saved again."""
        self._folder.forget(self._files.pop(key, None))

    def file(self, key: Key) -> Path | None:
        """Return the file of a picture; None while it is not written, or when that failed."""
        return written(self._files.get(key))

    def save(self, key: Key) -> None:
        """Begin to save a picture, unless it is not in memory, or has a file already."""
        finished, file = self.get(key), self._files.get(key)
        if finished is not None and (file is None or has_failed(file)):
            self._begin(key, finished)

    def save_again(self, limit: int = sys.maxsize) -> None:
        """Begin to save pictures that could not be saved before, the oldest first.

        Args:
            limit: The number of them that are tried: on a full disk, each of them takes time and fails.
        """
        failed = [(key, each) for key in tuple(self._unsaved) if (each := self._waiting(key)) is not None]
        for key, finished in failed[:limit]:
            self._begin(key, finished)

    def close(self) -> None:
        """Wait until everything is on disk; what could not be saved is tried once more."""
        wait(self._files.values())
        self.save_again()
        self._folder.close()

    def _waiting(self, key: Key) -> Finished | None:
        """Return a picture that could not be saved; None for others."""
        finished, file = self._unsaved.get(key), self._files.get(key)
        return finished if file is not None and has_failed(file) else None

    def _begin(self, key: Key, finished: Finished) -> None:
        self._unsaved[key] = finished
        saving = self._files[key] = self._folder.save(finished.picture, finished.record)
        saving.add_done_callback(partial(self._report, key))

    def _report(self, key: Key, future: Future[Path]) -> None:
        error = future.exception()
        if error is not None:
            self._bound()
            self._has_failed = True
            self._on_trouble(f"{trouble(error)}; it stays in memory and is tried again with the next save")
            return
        self._unsaved.pop(key, None)
        self._on_saved()
        if self._has_failed and not self.unsaved:
            self._has_failed = False
            self._folder.tell("the pictures that could not be saved before are saved now")

    def _bound(self) -> None:
        """Forget the oldest pictures that could not be saved: what can be rendered again must not take all memory."""
        size = sum(len(each.picture.rgb) for each in tuple(self._unsaved.values()))
        for key in tuple(self._unsaved):
            if size <= self.memory:
                return
            if (forgotten := self._waiting(key)) is not None:
                self._unsaved.pop(key, None)
                size -= len(forgotten.picture.rgb)


def written(saving: Future[Path] | None) -> Path | None:
    """Return the file that was written; None while it is not, or when that failed."""
    return saving.result() if saving is not None and saving.done() and not has_failed(saving) else None


def trouble(error: BaseException) -> str:
    """Return why something cannot be saved, as a sentence."""
    return str(error) if isinstance(error, EngineError) else f"saving failed: {error!r}"
