"""Where JPEG and WebP keep EXIF, XMP and comments: finds those blocks, and looks at no pixel.

A file that ends inside a block is unreadable; one with too many blocks is read up to a limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from latentpng.errors import UnreadableFileError

JPEG_START = b"\xff\xd8\xff"
RIFF, WEBP = b"RIFF", b"WEBP"
MAX_BLOCKS = 4096
MAX_BLOCK_BYTES = 2**21

_APP1, _COMMENT, _SCAN, _END = 0xE1, 0xFE, 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_EXIF, _JPEG_XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_WEBP_KINDS = {b"EXIF": "exif", b"XMP ": "xmp"}


class Block(NamedTuple):
    """kind: "exif", "xmp" or "comment"."""

    kind: str
    data: bytes


def jpeg_blocks(stream: BinaryIO, size: int, name: str) -> Iterator[Block]:
    """The blocks before the pixels.  UnreadableFileError when the file ends before its pixels."""
    at = 2
    for _ in range(MAX_BLOCKS):
        stream.seek(at)
        head = stream.read(4)
        marker = head[1] if len(head) > 1 and head[0] == 0xFF else -1
        if marker in (_SCAN, _END):
            return
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if marker < 0 or length < 2 or at + 2 + length > size:
            raise UnreadableFileError(f"{name}: a segment of JPEG needed at byte {at}, found {head!r}")
        if marker in (_APP1, _COMMENT):
            yield from _jpeg_block(marker, stream.read(length - 2))
        at += 2 + length


def _jpeg_block(marker: int, data: bytes) -> Iterator[Block]:
    if marker == _COMMENT:
        yield Block("comment", data)
    elif data.startswith(_JPEG_EXIF):
        yield Block("exif", data)
    elif data.startswith(_JPEG_XMP):
        yield Block("xmp", data.removeprefix(_JPEG_XMP))


def webp_blocks(stream: BinaryIO, size: int, name: str) -> Iterator[Block]:
    """The blocks of a WebP, wherever they stand.  UnreadableFileError when the file ends inside a chunk."""
    at = 12
    for _ in range(MAX_BLOCKS):
        if at >= size:
            return
        stream.seek(at)
        head = stream.read(8)
        length = int.from_bytes(head[4:], "little")
        if len(head) < 8 or at + 8 + length > size:
            raise UnreadableFileError(f"{name}: a chunk of WebP needed at byte {at}, found {head!r}")
        if head[:4] in _WEBP_KINDS and length <= MAX_BLOCK_BYTES:
            yield Block(_WEBP_KINDS[head[:4]], stream.read(length))
        at += 8 + length + length % 2
