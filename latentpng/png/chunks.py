"""The stream of chunks that a PNG is: walk it, read a chunk's data, build one.  Knows nothing of latents.

Only framing and checksums are looked at: pixels are left to `pixels.py`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from latentpng.errors import UnreadableFileError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIECE = 2**20  # bytes to copy or look at at once
MAX_LENGTH = 2**31 - 1
MAX_CHUNKS = 2**17  # 1 GiB of pixels as libpng cuts them, into 8 KiB; a million of nothing would cost seconds
_FRAME_BYTES = 12  # length, type, checksum
_HEADER_BYTES = 13


class Chunk(NamedTuple):
    """Where a chunk stands.  offset: of its length field, from the start of the file.  length: of its data."""

    kind: bytes
    offset: int
    length: int

    @property
    def data_offset(self) -> int:
        """Where the data starts."""
        return self.offset + 8

    @property
    def end(self) -> int:
        """Where the next chunk starts."""
        return self.offset + _FRAME_BYTES + self.length


def walk(stream: BinaryIO, size: int, place: str) -> Iterator[Chunk]:
    """All chunks from IHDR to IEND, without reading their data; size: of the stream, in bytes.

    UnreadableFileError when the stream is not a PNG, ends too early, or has more than MAX_CHUNKS.
    """
    stream.seek(0)
    start = stream.read(len(SIGNATURE))
    if start != SIGNATURE:
        raise UnreadableFileError(f"{place}: it is not a PNG" + ("" if start else ", it is empty"))
    offset = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        stream.seek(offset)
        frame = stream.read(8)
        if len(frame) < 8:
            raise UnreadableFileError(f"{place}: it ends at byte {size}, before its last chunk (IEND)")
        length, kind = int.from_bytes(frame[:4], "big"), frame[4:]
        chunk = Chunk(kind, offset, length)
        if not kind.isalpha() or not kind.isascii() or length > MAX_LENGTH:
            raise UnreadableFileError(f"{place}: a chunk of PNG needed at byte {offset}, found {frame!r}")
        if (offset == len(SIGNATURE)) != (kind == b"IHDR") or (kind == b"IHDR" and length != _HEADER_BYTES):
            raise UnreadableFileError(
                f"{place}: one IHDR of {_HEADER_BYTES} bytes comes first, found {kind!r} at {offset}"
            )
        if chunk.end > size:
            raise UnreadableFileError(
                f"{place}: chunk {kind.decode()} ends at byte {chunk.end}, the file ends at {size}"
            )
        yield chunk
        if kind == b"IEND":
            return
        offset = chunk.end
    raise UnreadableFileError(f"{place}: at most {MAX_CHUNKS} chunks are read, found more")


def data_of(stream: BinaryIO, chunk: Chunk, place: str) -> bytes:
    """The data of a chunk.  UnreadableFileError when its checksum does not match."""
    stream.seek(chunk.data_offset)
    data = stream.read(chunk.length + 4)
    if len(data) != chunk.length + 4:
        raise UnreadableFileError(f"{place}: chunk {chunk.kind.decode()} is shorter than it says")
    if zlib.crc32(data[:-4], zlib.crc32(chunk.kind)) != int.from_bytes(data[-4:], "big"):
        raise UnreadableFileError(_mismatch(chunk, place))
    return data[:-4]


def check(stream: BinaryIO, chunk: Chunk, place: str) -> None:
    """UnreadableFileError when a chunk's checksum does not match.  Its data may be long: it is not kept."""
    stream.seek(chunk.offset + 4)
    left, found = chunk.length + 4, 0
    while left:
        piece = stream.read(min(left, PIECE))
        if not piece:
            raise UnreadableFileError(f"{place}: chunk {chunk.kind.decode()} is shorter than it says")
        left, found = left - len(piece), zlib.crc32(piece, found)
    if stream.read(4) != found.to_bytes(4, "big"):
        raise UnreadableFileError(_mismatch(chunk, place))


def _mismatch(chunk: Chunk, place: str) -> str:
    return f"{place}: the checksum of chunk {chunk.kind.decode()} at {chunk.offset} does not match"


def build(kind: bytes, data: bytes) -> bytes:
    """A whole chunk, ready to be written."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
