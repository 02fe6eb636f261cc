"""Whole files and `laTn` chunks that differ from good ones in one place, with lengths and checksums that fit again."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable

from latentpng.chunk.codec import Codec, encode_record
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.pixels import encode_pixels
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data, seeded_record

PLACE = "x.png: latent chunk at byte 33"
"""How errors name the first chunk behind IHDR."""


def png_of(*chunks: tuple[bytes, bytes], head: bytes = SIGNATURE) -> bytes:
    """Return a PNG with these chunks, types and data, before its pixels."""
    whole = [(kind, data) for kind, data in independent.png_chunks(encode_pixels(SIDE, SIDE, RGB))]
    return head + b"".join(build(kind, data) for kind, data in [whole[0], *chunks, *whole[1:]])


def with_metadata(data: bytes, metadata: bytes) -> bytes:
    """Return a chunk's data with other metadata, its lengths and checksum right."""
    (old,) = struct.unpack_from("<I", data, 8)
    header = data[:8] + struct.pack("<I", len(metadata)) + data[12:68]
    return header + struct.pack("<I", zlib.crc32(header + metadata)) + metadata + data[72 + old :]


def with_payload(payload: bytes) -> bytes:
    """Return the data of the small chunk with another payload."""
    data = chunk_data()
    (length,) = struct.unpack_from("<I", data, 8)
    return changed(data[: 72 + length] + payload, 12, struct.pack("<I", len(payload)))


def changed(data: bytes, offset: int, new: bytes) -> bytes:
    """Return a chunk's data with some bytes of its header changed, its checksum right."""
    return repaired(data[:offset] + new + data[offset + len(new) :])


def repaired(data: bytes, digest_hex: str = "") -> bytes:
    """Return a chunk's data with its checksum right; digest_hex: the digest of the noise, "" to leave it."""
    (length,) = struct.unpack_from("<I", data, 8)
    header = data[:36] + bytes.fromhex(digest_hex) if digest_hex else data[:68]
    return header + struct.pack("<I", zlib.crc32(header + data[72 : 72 + length])) + data[72:]


def large_chunk() -> bytes:
    """Return the data of a laTn chunk whose noise has more values than a file may store; its digest is not right."""
    small = encode_record(seeded_record((), (1, 1, 1)), Codec.RECIPE)
    start = small[:5] + bytes([2, 1]) + small[7:20]
    return repaired(start + b"".join(side.to_bytes(4, "little") for side in (8, 1024, 1024, 0)) + small[36:])


def memory_of(action: Callable[[], object]) -> int:
    """Return the most bytes that Python holds while an action runs."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
