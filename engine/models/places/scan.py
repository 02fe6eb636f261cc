"""The weights files and model folders below a folder: names only, no file is opened.

Bounded in depth and number.  A folder that cannot be read is skipped, and a symlink that leads back is not followed
twice.  What was found is kept as long as no folder's time changes: a prompt of fifty words asks fifty times.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.models.model_root import INDEX
from engine.models.places.place import WEIGHTS_SUFFIXES, Contents, Entry, Place, name_without_suffix
from engine.models.shelves import is_not_for_us
from latentpng.lru import LruCache

MAX_DEPTH = 8
MAX_FILES = 50_000
_COMPONENT_NAMES = ("diffusion_pytorch_model", "model", "pytorch_model")
"""How diffusers and transformers begin the names of weights beside a config.json."""
_TRUSTED_SECONDS = 2.0
"""How long an answer is taken as it was, and how old a folder's last change must be for its time to tell a new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    contents: Contents
    times: tuple[tuple[str, int], ...]
    checked: float


_KNOWN: LruCache[Place, _Known] = LruCache(max_entries=1024)


def contents_of_place(place: Place) -> Contents:
    """Return what is in a place; nothing when the folder does not exist or cannot be read."""
    known, now = _KNOWN.get(place), time.monotonic()
    if known is not None:
        if now - known.checked < _TRUSTED_SECONDS:
            return known.contents
        if all(_time_of(folder) == changed for folder, changed in known.times):
            _KNOWN.put(place, _Known(contents=known.contents, times=known.times, checked=now))
            return known.contents
    walk = _Walk(place)
    contents = Contents(place=place, entries=tuple(sorted(walk.entries(), key=_order)), is_cut=walk.is_cut)
    newest = max((changed for _, changed in walk.times), default=0)
    if walk.times and newest < time.time_ns() - int(_TRUSTED_SECONDS * 1e9):
        _KNOWN.put(place, _Known(contents=contents, times=tuple(walk.times), checked=now))
    return contents


class _Walk:
    """One walk through a place, breadth first: what lies deepest is left out when there is too much."""

    def __init__(self, place: Place) -> None:
        self.is_cut = False
        self.times: list[tuple[str, int]] = []
        self._place = place
        self._seen: set[tuple[int, int]] = set()
        self._files = 0

    def entries(self) -> Iterator[Entry]:
        waiting: deque[tuple[Path, tuple[str, ...]]] = deque([(self._place.path, ())])
        while waiting and not self.is_cut:
            folder, above = waiting.popleft()
            try:
                files, folders = self._listed(folder)
            except OSError:
                continue
            if INDEX in files or _is_component(files):
                yield self._entry(folder, above)
                continue
            for name in files:
                if name.casefold().endswith(WEIGHTS_SUFFIXES):
                    yield self._entry(folder / name, (*above, name))
            if len(above) < MAX_DEPTH:
                left_out = self._place.without if not above else ()
                waiting.extend((folder / name, (*above, name)) for name in folders if name not in left_out)
            else:
                self.is_cut = self.is_cut or bool(folders)

    def _listed(self, folder: Path) -> tuple[list[str], list[str]]:
        """The names of files and folders; none when the folder was visited before."""
        status = folder.stat()
        if (status.st_dev, status.st_ino) in self._seen:
            return [], []
        self._seen.add((status.st_dev, status.st_ino))
        files, folders = [], []
        with os.scandir(folder) as found:
            for one in found:
                self._files += 1
                if self._files > MAX_FILES:
                    self.is_cut = True
                    break
                if one.name.startswith("."):
                    continue
                if _is_folder(one):
                    folders.append(one.name)
                else:
                    files.append(one.name)
        self.times.append((str(folder), status.st_mtime_ns))
        return sorted(files), sorted(name for name in folders if not is_not_for_us(name))

    def _entry(self, path: Path, below: tuple[str, ...]) -> Entry:
        place = self._place
        name = name_without_suffix("/".join(below) or path.name)
        return Entry(name=name, path=path, place=place, shelf=place.shelf, parts=(*place.path.parts, *below))


def _is_component(files: list[str]) -> bool:
    """Whether these are the files of a component that diffusers or transformers saved: the folder is the thing."""
    weights = [name for name in files if name.endswith((".safetensors", ".bin"))]
    return "config.json" in files and bool(weights) and all(name.startswith(_COMPONENT_NAMES) for name in weights)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _time_of(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return -1


def _order(entry: Entry) -> tuple[str, str]:
    return entry.name.casefold(), entry.name
