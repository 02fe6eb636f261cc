"""Find the blocks of metadata in JPEG and WebP files, without reading them and without decoding pixels.

A file that ends inside a block is unreadable; a file with too many blocks is read up to a limit. Sources: ITU T.81 for
JPEG, Exif 2.3, the XMP and C2PA specifications for its segments, the WebP container specification for RIFF chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.iptc import PHOTOSHOP

MAX_BLOCKS = 4096

EXIF, XMP, COMMENT, RESOURCES, MANIFEST = "EXIF", "XMP", "comment", "Photoshop resources", "C2PA manifest"
_APP1, _APP11, _APP13, _COMMENT, _SCAN, _END = 0xE1, 0xEB, 0xED, 0xFE, 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_PREFIX_BYTES = 32
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_KINDS = (
    (_APP1, b"Exif\0\0", EXIF),
    (_APP1, _JPEG_XMP, XMP),
    (_APP13, PHOTOSHOP, RESOURCES),
    (_COMMENT, b"", COMMENT),
)
_JUMBF, _JUMBF_HEAD, _JUMBF_REPEATED = b"JP", 8, 8  # what stands before the box, and what later segments repeat of it
_WEBP_KINDS = {b"EXIF": EXIF, b"XMP ": XMP, b"C2PA": MANIFEST}


class Block(NamedTuple):
    """Where a block of metadata stands in its file.

    Attributes:
        kind: EXIF, XMP, COMMENT, RESOURCES or MANIFEST; the parts of a manifest are several blocks.
        at: Where its data starts, in bytes from the start of the file, behind the header of its segment or chunk.
        length: The length of the data in bytes.
    """

    kind: str
    at: int
    length: int


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
        head = stream.read(4 + _PREFIX_BYTES)
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
            raise UnreadableFileError(f"{name}: a JPEG segment is needed at byte {at}, found {head[:4]!r}")
        yield from _jpeg_block(marker, head[4 : 2 + length], at + 4, length - 2)
        at += 2 + length


def _jpeg_block(marker: int, start: bytes, at: int, length: int) -> Iterator[Block]:
    if marker == _APP11 and start.startswith(_JUMBF):
        is_first = start[4:_JUMBF_HEAD] == b"\0\0\0\1"
        skipped = min(length, _JUMBF_HEAD + (0 if is_first else _JUMBF_REPEATED))
        yield Block(MANIFEST, at + skipped, length - skipped)
    for wanted, prefix, kind in _JPEG_KINDS:
        if marker == wanted and start.startswith(prefix):
            yield Block(kind, at + len(prefix), length - len(prefix))
            return


def webp_blocks(stream: BinaryIO, size: int, name: str) -> Iterator[Block]:
    """Yield the metadata blocks of a WebP, before or behind its pixels.

    Args:
        stream: The file; it is read from byte 12, behind the RIFF header.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Raises:
        UnreadableFileError: The file ends inside a chunk.
    """
    for kind, at, length in webp_chunks(stream, size, name):
        if kind in _WEBP_KINDS:
            yield Block(_WEBP_KINDS[kind], at, length)


def webp_chunks(stream: BinaryIO, size: int, name: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of each RIFF chunk of a WebP, and where its data starts and how long it is.

    Args:
        stream: The file.
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
        yield head[:4], at + 8, length
        at += 8 + length + length % 2
