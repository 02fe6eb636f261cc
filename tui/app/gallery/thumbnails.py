"""Small pictures of files: made once, kept on the disk under the name, time and size of the file, bounded in size.

Everything here takes time and runs in a thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.rendering.events import Picture
from latentpng.errors import UnwritableFileError
from latentpng.lru import LruCache
from latentpng.png.atomic import write_atomically
from tui.graphics.images import THUMBNAIL_SIDE, to_picture

if TYPE_CHECKING:
    from PIL import Image

MAX_DISK_BYTES = 128 * 2**20
"""All thumbnails on the disk: about 15,000 of them."""
MAX_MEMORY_BYTES = 16 * 2**20
"""Pixels of thumbnails in memory: about 150 of them."""
LARGEST_SIDE = 1024
"""The longer side of a picture that is shown large."""
_TRIM_AFTER = 500
"""Thumbnails written between two looks at their total size."""


class Thumbnails:
    """Thumbnails by path.  Used in one thread at a time."""

    def __init__(self, folder: Path, limit: int = MAX_DISK_BYTES) -> None:
        """Create nothing yet.

        Args:
            folder: Where thumbnails are kept; it holds nothing else.
            limit: The bytes that they may take together.
        """
        self._folder, self._limit = folder, limit
        self._memory: LruCache[str, Picture] = LruCache(max_size=MAX_MEMORY_BYTES)
        self._written = _TRIM_AFTER  # the first one that is written looks at what earlier runs left

    def get(self, path: str) -> Picture:
        """Return the thumbnail of a picture file: from memory, from the disk, or made now.

        Raises:
            FileError: The file cannot be read, or is no picture.
            OSError: Likewise.
        """
        name = _name_of(path)
        known = self._memory.get(name)
        if known is None:
            known = self._from_disk(name) or self._made(name, path)
            self._memory.put(name, known, size=len(known.rgb))
        return known

    def _from_disk(self, name: str) -> Picture | None:
        from PIL import Image

        file = self._folder / name
        try:
            with Image.open(file, formats=("JPEG",)) as image:
                picture = to_picture(image.convert("RGB"))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None  # there is none, or it is damaged: it is made again
        with contextlib.suppress(OSError):
            os.utime(file)  # the ones that were used last are removed last
        return picture

    def _made(self, name: str, path: str) -> Picture:
        image = read_scaled(path, THUMBNAIL_SIDE)
        data = io.BytesIO()
        image.save(data, "JPEG", quality=88)
        # a thumbnail that cannot be kept is made again the next time
        with contextlib.suppress(OSError, UnwritableFileError):
            self._keep(name, data.getvalue())
        return to_picture(image)

    def _keep(self, name: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._written >= _TRIM_AFTER:
            self._written = 0
            trim(self._folder, self._limit)
        write_atomically(self._folder / name, (data,), is_durable=False)
        self._written += 1


def large_picture(path: str) -> Picture:
    """Return a picture for a large view, scaled down where it has more pixels than a terminal shows.

    Raises:
        FileError: As `Thumbnails.get`.
        OSError: Likewise.
    """
    return to_picture(read_scaled(path, LARGEST_SIDE))


def read_scaled(path: str, side: int) -> Image.Image:
    """Return a picture file as an RGB image whose longer side has at most `side` pixels.

    Raises:
        FileError: As `Thumbnails.get`.
        OSError: Likewise.
    """
    from PIL import Image

    from engine.photos.read import read_photo

    photo = read_photo(path)
    image = Image.frombytes("RGB", (photo.width, photo.height), photo.rgb)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def trim(folder: Path, limit: int) -> None:
    """Remove the files of a folder that were used longest ago, until the others take at most three quarters of `limit`.

    Nothing is removed while all of them take no more than `limit`.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                found.append((status.st_mtime_ns, status.st_size, entry.path))
    total = sum(size for _, size, _ in found)
    if total <= limit:
        return
    for _, size, path in sorted(found):
        if total <= limit * 3 // 4:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108 (paths of scandir are texts)
            total -= size


def _name_of(path: str) -> str:
    """Return the name of the thumbnail of a file as it is now: a file that changes gets another one."""
    status = os.stat(path)  # noqa: PTH116
    key = b"\0".join([os.fsencode(os.path.abspath(path)), b"%d %d" % (status.st_mtime_ns, status.st_size)])  # noqa: PTH100
    return f"{hashlib.sha256(key).hexdigest()[:32]}.jpg"
