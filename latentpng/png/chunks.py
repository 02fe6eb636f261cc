"""The chunks of a PNG: walk through them, read the data of one, build one.  Latents are not known here.

Only framing and checksums are checked: `pixels.py` decodes pixels.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from latentpng.errors import UnreadableFileError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIECE = 2**20  # bytes that are copied or checked at once
START_BYTES = 4096  # one page, read at once: it holds all that `inspect` shows of most files
MAX_LENGTH = 2**31 - 1
MAX_CHUNKS = 2**17  # 1 GiB of pixels as libpng cuts them, into 8 KiB; a million of nothing would cost seconds
_FIRST = len(SIGNATURE)  # where the first chunk starts
_FRAME_BYTES = 12  # length and type before the data, checksum behind it
_HEADER_BYTES = 13
_FRAME = struct.Struct(">I4s")  # length and type


class Chunk(NamedTuple):
    """Where a chunk stands in its file.

    Attributes:
        kind: The type, four ASCII letters.
        offset: Where the length field starts, in bytes from the start of the file.
        length: The length of the data, in bytes.
        head: What follows the type (data, then checksum), as far as the first START_BYTES of the file hold it.
    """

    kind: bytes
    offset: int
    length: int
    head: bytes = b""

    @property
    def data_offset(self) -> int:
        """Where the data starts."""
        return self.offset + 8

    @property
    def end(self) -> int:
        """Where the next chunk starts."""
        return self.offset + _FRAME_BYTES + self.length


def walk(stream: BinaryIO, size: int, context: str) -> Iterator[Chunk]:
    """Yield the chunks of a PNG from IHDR to IEND, without reading their data.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        context: The start of every message, usually the name of the file.

    Raises:
        UnreadableFileError: If it is not a PNG, ends too early, or has more than MAX_CHUNKS chunks.
    """
    # Most files have their latent in the first page.  So one read fetches that page, the frames of the chunks are
    # unpacked from it, and each chunk takes its part of it along; only frames behind the page cost a read each.
    stream.seek(0)
    start = stream.read(START_BYTES)
    if not start.startswith(SIGNATURE):
        raise UnreadableFileError(f"{context}: it is not a PNG" + ("" if start else ", it is empty"))
    offset, last = _FIRST, len(start) - _FRAME.size  # last: where the last frame starts that `start` holds
    for _ in range(MAX_CHUNKS):
        if offset <= last:
            length, kind = _FRAME.unpack_from(start, offset)
        else:
            stream.seek(offset)
            frame = stream.read(_FRAME.size)
            if len(frame) < _FRAME.size:
                raise UnreadableFileError(f"{context}: it ends at byte {size}, before its last chunk (IEND)")
            length, kind = _FRAME.unpack(frame)
        end = offset + _FRAME_BYTES + length
        if not kind.isalpha() or length > MAX_LENGTH:
            found = _FRAME.pack(length, kind)
            raise UnreadableFileError(f"{context}: a PNG chunk needed at byte {offset}, found {found!r}")
        if (kind == b"IHDR") != (offset == _FIRST) or (offset == _FIRST and length != _HEADER_BYTES):
            raise UnreadableFileError(
                f"{context}: one IHDR of {_HEADER_BYTES} bytes comes first, found {kind!r} at {offset}"
            )
        if end > size:
            raise UnreadableFileError(f"{context}: chunk {kind.decode()} ends at byte {end}, the file ends at {size}")
        yield Chunk(kind, offset, length, start[offset + 8 : end])
        if kind == b"IEND":
            return
        offset = end
    raise UnreadableFileError(f"{context}: at most {MAX_CHUNKS} chunks are supported, found more")


def first_bytes(stream: BinaryIO, chunk: Chunk, count: int) -> bytes:
    """Return the first `count` bytes of a chunk's data, or all of shorter data; the checksum is not checked."""
    count = min(count, chunk.length)
    if count <= len(chunk.head):
        return chunk.head[:count]
    stream.seek(chunk.data_offset)
    return stream.read(count)


def data_of(stream: BinaryIO, chunk: Chunk, context: str) -> bytes:
    """Return the data of a chunk.

    Raises:
        UnreadableFileError: If its checksum does not match.
    """
    data, is_right = unchecked_data_of(stream, chunk, context)
    if not is_right:
        raise UnreadableFileError(_mismatch(chunk, context))
    return data


def unchecked_data_of(stream: BinaryIO, chunk: Chunk, context: str) -> tuple[bytes, bool]:
    """Return the data of a chunk, and whether its checksum matches.

    Raises:
        UnreadableFileError: If the file ends inside the chunk.
    """
    data = chunk.head
    if len(data) != chunk.length + 4:
        stream.seek(chunk.data_offset)
        data = stream.read(chunk.length + 4)
    if len(data) != chunk.length + 4:
        raise UnreadableFileError(f"{context}: chunk {chunk.kind.decode()} ends before its declared length")
    return data[:-4], zlib.crc32(data[:-4], zlib.crc32(chunk.kind)) == int.from_bytes(data[-4:], "big")


def check(stream: BinaryIO, chunk: Chunk, context: str) -> None:
    """Check the checksum of a chunk without keeping its data, which may be long.

    Raises:
        UnreadableFileError: If it does not match.
    """
    right, found = checksums_of(stream, chunk, context)
    if right != found:
        raise UnreadableFileError(_mismatch(chunk, context))


def checksums_of(stream: BinaryIO, chunk: Chunk, context: str) -> tuple[bytes, bytes]:
    """Return the checksum that a chunk should have, and the one that it has, without keeping its data.

    Raises:
        UnreadableFileError: If the file ends inside the chunk.
    """
    stream.seek(chunk.offset + 4)
    left, found = chunk.length + 4, 0
    while left:
        piece = stream.read(min(left, PIECE))
        if not piece:
            raise UnreadableFileError(f"{context}: chunk {chunk.kind.decode()} ends before its declared length")
        left, found = left - len(piece), zlib.crc32(piece, found)
    return found.to_bytes(4, "big"), stream.read(4)


def _mismatch(chunk: Chunk, context: str) -> str:
    return f"{context}: the checksum of chunk {chunk.kind.decode()} at {chunk.offset} does not match"


def build(kind: bytes, data: bytes) -> bytes:
    """Return a whole chunk, ready to be written."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
