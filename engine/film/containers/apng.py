"""Animated PNG: the frames after the first stand in fdAT chunks (PNG, third edition, section 11.3.6)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.film.containers.container import Sheet

if TYPE_CHECKING:
    from PIL import Image

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BITS = b"\x08\x02\x00\x00\x00"
_MAX_MILLISECONDS = 2**16 - 1


class Apng:
    """Lossless, 24 bits a pixel; viewers that know no animation show the first frame."""

    def encode(self, image: Image.Image, milliseconds: int, number: int) -> bytes:
        """Return the fcTL chunk of a frame and its IDAT or fdAT chunk; see `Container.encode`."""
        # Frame 0 has the sequence number 0; each later frame has two, one for its fcTL and one for its fdAT.
        sequence = max(0, 2 * number - 1)
        delay = min(milliseconds, _MAX_MILLISECONDS)
        control = struct.pack(">IIIIIHHBB", sequence, image.width, image.height, 0, 0, delay, 1000, 0, 0)
        pixels = _compressed(image)
        data = _chunk(b"IDAT", pixels) if not number else _chunk(b"fdAT", struct.pack(">I", sequence + 1) + pixels)
        return _chunk(b"fcTL", control) + data

    def join(self, sheet: Sheet, frames: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of the file; see `Container.join`."""
        yield _SIGNATURE
        yield _chunk(b"IHDR", struct.pack(">II", sheet.width, sheet.height) + _RGB_8_BITS)
        yield _chunk(b"acTL", struct.pack(">II", sheet.frames, 0))  # 0: for ever
        yield from frames
        yield _chunk(b"IEND", b"")


def _compressed(image: Image.Image) -> bytes:
    """Return the zlib stream of an RGB picture: the data of the IDAT chunks that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=9)
    data, offset, found = buffer.getvalue(), len(_SIGNATURE), b""
    while offset < len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        if kind == b"IDAT":
            found += data[offset + 8 : offset + 8 + length]
        offset += length + 12
    return found


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
