"""Pictures of the way that are on disk already: the picture's own file, and its ancestors in the same folder.

A file is used when it is the same picture: the same lineage with the same root, the same recorded settings, and pixels
that nobody has edited since.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.film.way import Way
from engine.rendering.events import Picture
from latentpng.ancestors import OF_ONE_RENDERING
from latentpng.errors import FileError, PixelsDifferError
from latentpng.identity import picture_keys
from latentpng.record import JsonObject, LatentRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FILES = 2_000
"""The maximum number of files of a folder that are looked at."""
_FREE = OF_ONE_RENDERING | {"confirmed"}
"""Settings that say how a picture was rendered, and not which picture it is."""


def known_files(record: LatentRecord, file: Path, way: Way, settings: Mapping[int, JsonObject]) -> dict[int, Path]:
    """Return the files that hold pictures of the way.

    Args:
        record: The record of the picture at the end of the way.
        file: Its file.
        way: The way.
        settings: What the files have to record, by the number of edits; stops with other numbers are not looked for.

    Returns:
        The files by the index of their stop.
    """
    keys = picture_keys(record.lineage)
    wanted = {keys[stop.rounds]: index for index, stop in enumerate(way.stops) if stop.edits in settings}
    found: dict[int, Path] = {}
    for path, other in _records((file, *_siblings(file))):
        index = wanted.get(picture_keys(other.lineage)[-1])
        if index is None or index in found or not other.pixels:
            continue
        if _same_root(record.root_tensor, other.root_tensor) and _same(
            settings[way.stops[index].edits], other.settings
        ):
            found[index] = path
        if len(found) == len(wanted):
            break
    return found


def is_whole(path: Path) -> bool:
    """Return whether the picture of a file can be read, and was not edited after it was rendered."""
    try:
        read_known(path)
    except FileError:
        return False
    return True


def read_known(path: Path) -> Picture:
    """Return the picture of a file.

    Raises:
        FileError: It cannot be read, or was edited after it was rendered.
    """
    from latentpng.png.files import pixel_digest, read_picture, read_record

    record = read_record(path)
    width, height, rgb = read_picture(path)
    if record.pixels != pixel_digest(rgb):
        raise PixelsDifferError(f"{path}: this picture was edited after it was rendered")
    return Picture(width=width, height=height, rgb=rgb)


def _siblings(file: Path) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(file.parent) if name.lower().endswith(".png"))  # noqa: PTH208 (names alone)
    except OSError:
        return []
    return [file.parent / name for name in names[:MAX_FILES] if name != file.name]


def _records(paths: Iterable[Path]) -> Iterator[tuple[Path, LatentRecord]]:
    from latentpng.png.files import read_record

    for path in paths:
        try:
            yield path, read_record(path)
        except FileError:
            continue


def _same_root(first: NDArray[np.float16] | None, second: NDArray[np.float16] | None) -> bool:
    """Return whether two pictures whose lineages begin alike begin with the same noise."""
    if first is None or second is None:
        return first is second
    return first.shape == second.shape and first.tobytes() == second.tobytes()


def _same(first: JsonObject, second: JsonObject) -> bool:
    return {name: value for name, value in first.items() if name not in _FREE} == {
        name: value for name, value in second.items() if name not in _FREE
    }
