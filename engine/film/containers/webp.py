"""Animated WebP: a RIFF file with a frame (ANMF) for each picture, as in Google's "WebP Container Specification"."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.film.containers.container import Sheet

if TYPE_CHECKING:
    from PIL import Image

_QUALITY = 82
_IS_ANIMATION = 0x02
_DO_NOT_BLEND = 0x02
_RIFF_HEADER_BYTES = 12
_MAX_MILLISECONDS = 2**24 - 1


class WebP:
    """Lossy WebP, 24 bits a pixel."""

    def encode(self, image: Image.Image, milliseconds: int, number: int) -> bytes:  # noqa: ARG002 (of the interface)
        """Return an ANMF chunk with the frame's VP8 bitstream; see `Container.encode`."""
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=_QUALITY, method=4)
        bitstream = buffer.getvalue()[_RIFF_HEADER_BYTES:]
        duration = min(milliseconds, _MAX_MILLISECONDS)
        header = b"".join(_uint24(value) for value in (0, 0, image.width - 1, image.height - 1, duration))
        return _chunk(b"ANMF", header + bytes([_DO_NOT_BLEND]) + bitstream)

    def join(self, sheet: Sheet, frames: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of the file; see `Container.join`."""
        size = _uint24(sheet.width - 1) + _uint24(sheet.height - 1)
        head = _chunk(b"VP8X", struct.pack("<I", _IS_ANIMATION) + size)
        head += _chunk(b"ANIM", struct.pack("<IH", 0, 0))  # no background; for ever
        yield b"RIFF" + struct.pack("<I", len(b"WEBP") + len(head) + sheet.length) + b"WEBP" + head
        yield from frames


def _uint24(value: int) -> bytes:
    return value.to_bytes(3, "little")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
