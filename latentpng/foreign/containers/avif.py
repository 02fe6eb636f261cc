"""Open AVIF files with Pillow, which finds their metadata without decoding pixels; look for their C2PA manifest.

Pillow reads the whole file into memory, so its size is limited.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.segments import MANIFEST, Block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

MAX_FILE = 2**26  # bytes
MAX_BOXES = 1024
_MANIFEST_ID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # as C2PA registered it
_MANIFEST_HEAD = 8 + len(_MANIFEST_ID)


def open_avif(stream: BinaryIO, size: int, name: str) -> Image.Image:
    """Open an AVIF file, without decoding it.

    Args:
        stream: The file.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Returns:
        The picture; `info` has the blocks "exif" and "xmp" if the file has them.

    Raises:
        UnreadableFileError: The file is longer than MAX_FILE or damaged, or the installed Pillow has no AVIF.
    """
    from PIL import Image, features

    if "avif" not in features.modules or not features.check("avif"):
        raise UnreadableFileError(f"{name}: it is an AVIF picture; install Pillow 11.3 or newer to read it")
    if size > MAX_FILE:
        raise UnreadableFileError(f"{name}: AVIF pictures of at most {MAX_FILE:,} bytes are read, found {size:,}")
    stream.seek(0)
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow decodes EXIF too, and warns if it is damaged
            return Image.open(stream, formats=["AVIF"])
    except Exception as error:  # on broken data Pillow raises many undocumented kinds
        raise UnreadableFileError(f"{name}: it is an AVIF picture, but a damaged one") from error


def avif_blocks(stream: BinaryIO, size: int) -> Iterator[Block]:
    """Yield the C2PA manifests of an AVIF file, which stand in boxes of their own at the top level.

    Args:
        stream: The file.
        size: The length of the file in bytes.
    """
    at = 0
    for _ in range(MAX_BOXES):
        stream.seek(at)
        head = stream.read(_MANIFEST_HEAD)
        length = int.from_bytes(head[:4], "big") or size - at  # 0: up to the end of the file
        if length == 1:  # a length of 64 bits behind the type; a manifest is never so long
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or at + length > size:
            return
        if head[4:8] == b"uuid" and head[8:] == _MANIFEST_ID and length > _MANIFEST_HEAD:
            yield Block(MANIFEST, at + _MANIFEST_HEAD, length - _MANIFEST_HEAD)
        at += length
