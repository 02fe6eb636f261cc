"""Read the comment of a GIF, where tools that write animations put their settings. Source: the GIF89a specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from latentpng.errors import UnreadableFileError

MAX_PARTS = 4096  # of 255 bytes each, of all blocks before the first frame
_HEAD_BYTES = 13
_COMMENT = 0xFE


def gif_comment(stream: BinaryIO, size: int, name: str) -> bytes:
    """Return the comments of a GIF that stand before its first frame, joined; b"" when there is none.

    Args:
        stream: The file.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Raises:
        UnreadableFileError: The file ends inside its header.
    """
    return b"".join(part for label, part in _parts(stream, size, name) if label == _COMMENT)


def _parts(stream: BinaryIO, size: int, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the label of each extension block with each part of its data."""
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        raise UnreadableFileError(f"{name}: a GIF header of {_HEAD_BYTES} bytes is needed, the file ends at {size}")
    flags = head[10]
    at = _HEAD_BYTES + (3 << (flags & 7) + 1 if flags & 0x80 else 0)  # behind the table of colours
    label = -1  # of the block that the next part belongs to
    for _ in range(MAX_PARTS):
        stream.seek(at)
        start = stream.read(3 if label < 0 else 256)
        if not start:
            return
        if label < 0:
            if start[:1] != b"!":
                return  # the first frame, or damage
            label, at = start[1] if len(start) > 1 else 0, at + 2
            continue
        length = start[0]
        if not length:
            label = -1
        elif len(start) > length:
            yield label, start[1 : 1 + length]
        at += 1 + length
