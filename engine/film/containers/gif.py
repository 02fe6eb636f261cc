"""Animated GIF (GIF89a): each frame has a palette of its own, so that no colour of a sunset is lost to a forest."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.film.containers.container import Sheet

if TYPE_CHECKING:
    from PIL import Image

_COLOURS = 256
_PALETTE_BYTES = 3 * _COLOURS
_EIGHT_BITS = 8
_LOCAL_PALETTE = 0x80 | (_EIGHT_BITS - 1)
_LOOP_FOR_EVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_MAX_HUNDREDTHS = 2**16 - 1


class Gif:
    """256 colours a frame, dithered."""

    def encode(self, image: Image.Image, milliseconds: int, number: int) -> bytes:  # noqa: ARG002 (of the interface)
        """Return a frame: its delay, its descriptor, its palette, its pixels; see `Container.encode`."""
        from PIL import Image

        delay = min(max(2, round(milliseconds / 10)), _MAX_HUNDREDTHS)
        small = image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
        palette = bytes(small.getpalette() or ())[:_PALETTE_BYTES].ljust(_PALETTE_BYTES, b"\0")
        return (
            b"\x21\xf9\x04\x04"  # graphic control: this frame stays until the next one covers it
            + struct.pack("<HBB", delay, 0, 0)
            + b"\x2c"
            + struct.pack("<HHHHB", 0, 0, image.width, image.height, _LOCAL_PALETTE)
            + palette
            + _pixels_of(small)
        )

    def join(self, sheet: Sheet, frames: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of the file; see `Container.join`."""
        yield b"GIF89a" + struct.pack("<HHBBB", sheet.width, sheet.height, 0x70, 0, 0) + _LOOP_FOR_EVER
        yield from frames
        yield b"\x3b"


def _pixels_of(image: Image.Image) -> bytes:
    """Return the pixels of a palette picture as a GIF stores them: the code size and the blocks that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, "GIF", optimize=False, interlace=False)
    data = buffer.getvalue()
    offset = 13 + _palette_length(data[10])
    while data[offset] == 0x21:  # extensions
        offset = _after_blocks(data, offset + 2)
    offset += 10 + _palette_length(data[offset + 9])  # the descriptor, and a palette that Pillow may repeat there
    return data[offset : _after_blocks(data, offset + 1)]


def _palette_length(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, offset: int) -> int:
    """Return where a chain of sub-blocks ends."""
    while data[offset]:
        offset += data[offset] + 1
    return offset + 1
