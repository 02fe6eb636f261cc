"""Read the texts of a PNG, JPEG, WebP, AVIF or GIF by keyword, without interpreting them.

All texts are read up to the limits of `found`; a limit that is hit is named in a note.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.avif import avif_blocks, open_avif
from latentpng.foreign.containers.blocks import add_block
from latentpng.foreign.containers.found import Collection, FoundTexts, Texts
from latentpng.foreign.containers.gif import gif_comment
from latentpng.foreign.containers.png import collect_png
from latentpng.foreign.containers.segments import (
    COMMENT,
    EXIF,
    XMP,
    Block,
    jpeg_blocks,
    webp_blocks,
)
from latentpng.png import kinds
from latentpng.png.open import open_picture

__all__ = ["FoundTexts", "Texts", "read_texts", "texts_of"]


def read_texts(path: str | os.PathLike[str]) -> FoundTexts:
    """Read the texts of a file.

    Returns:
        The texts by keyword, and what a person should know about how they were read.

    Raises:
        UnreadableFileError: The file cannot be read, is damaged, or is not a PNG, JPEG, WebP, AVIF or GIF.
    """
    with open_picture(path) as (stream, size, name):
        return texts_of(stream, size, name)


def texts_of(stream: BinaryIO, size: int, name: str) -> FoundTexts:
    """Read the texts of an open file.

    Args:
        stream: The file, which must be seekable.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Returns:
        The texts by keyword, and what a person should know about how they were read.

    Raises:
        UnreadableFileError: The file is damaged, or is not a PNG, JPEG, WebP, AVIF or GIF.
    """
    stream.seek(0)
    start = stream.read(kinds.START_BYTES)
    kind = kinds.kind_of(start)
    found = Collection()
    if kind == kinds.PNG:
        collect_png(stream, size, name, found)
    elif kind == kinds.JPEG:
        _collect_blocks(stream, jpeg_blocks(stream, size, name), found)
    elif kind == kinds.WEBP:
        _collect_blocks(stream, webp_blocks(stream, size, name), found)
    elif kind == kinds.AVIF:
        _collect_avif(stream, size, name, found)
    elif kind == kinds.GIF:
        add_block(found, COMMENT, gif_comment(stream, size, name))
    elif kind == kinds.HEIF:
        raise UnreadableFileError(
            f"{name}: it is a HEIF picture, which is not supported; convert it to PNG, JPEG, WebP or AVIF"
        )
    else:
        raise UnreadableFileError(f"{name}: it is not a {kinds.READ}" + ("" if start else ", it is empty"))
    return found.result()


def _collect_blocks(stream: BinaryIO, blocks: Iterable[Block], found: Collection) -> None:
    """Collect the texts of blocks; those of one manifest or of Photoshop's resources may be in several parts."""
    parts: dict[str, list[bytes]] = {}
    for block in blocks:
        if not found.has_room(f"its {block.kind}", block.length):
            continue
        stream.seek(block.at)
        data = stream.read(block.length)
        if block.kind in (EXIF, XMP, COMMENT):
            add_block(found, block.kind, data)
        else:
            parts.setdefault(block.kind, []).append(data)
    for kind, pieces in parts.items():
        add_block(found, kind, b"".join(pieces))


def _collect_avif(stream: BinaryIO, size: int, name: str, found: Collection) -> None:
    with open_avif(stream, size, name) as picture:
        blocks = {kind: picture.info.get(kind.lower(), b"") for kind in (EXIF, XMP)}
    for kind, data in blocks.items():
        if data and found.has_room(f"its {kind}", len(data)):
            add_block(found, kind, data)
    _collect_blocks(stream, avif_blocks(stream, size), found)
