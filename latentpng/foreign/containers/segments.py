"""Find the EXIF, XMP and comment blocks of JPEG and WebP files, without decoding pixels.

A file that ends inside a block is unreadable; a file with too many blocks is read up to a limit. Sources: ITU T.81 for
JPEG, Exif 2.3 and the XMP specification for its segments, the WebP container specification for RIFF chunks.
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
    """One block of metadata.

    Attributes:
        kind: "exif", "xmp" or "comment".
        data: The bytes of the block, without the header of its segment or chunk.
    """

    kind: str
    data: bytes


def jpeg_blocks(stream: BinaryIO, size: int, name: str) -> Iterator[Block]:
    """Yield the metadata blocks of a JPEG that stand before its pixels.

    Args:
        stream: The file; it is read from byte 2, behind the start marker.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Raises:
        UnreadableFileError: A segment is malformed, or the file ends before its pixels.
    """
    at = 2
    for _ in range(MAX_BLOCKS):
        stream.seek(at)
        head = stream.read(4)
        marker = head[1] if len(head) > 1 and head[0] == 0xFF else -1
        if marker in (_SCAN, _END):
            return
        if marker == 0xFF:  # a fill byte before the marker
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if marker < 0 or length < 2 or at + 2 + length > size:
            raise UnreadableFileError(f"{name}: a JPEG segment is needed at byte {at}, found {head!r}")
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
    """Yield the metadata blocks of a WebP, before or behind its pixels.

    Args:
        stream: The file; it is read from byte 12, behind the RIFF header.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Raises:
        UnreadableFileError: The file ends inside a chunk.
    """
    at = 12
    for _ in range(MAX_BLOCKS):
        if at >= size:
            return
        stream.seek(at)
        head = stream.read(8)
        length = int.from_bytes(head[4:], "little")
        if len(head) < 8 or at + 8 + length > size:
            raise UnreadableFileError(f"{name}: a WebP chunk is needed at byte {at}, found {head!r}")
        if head[:4] in _WEBP_KINDS and length <= MAX_BLOCK_BYTES:
            yield Block(_WEBP_KINDS[head[:4]], stream.read(length))
        at += 8 + length + length % 2
