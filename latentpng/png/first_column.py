"""Whether the first column of a PNG starts with the signature of a hidden text, without decoding the picture.

The bits of a hidden text start in the first column. A pixel there depends on the filtered bytes of its row and on the
pixel above alone, so rows are inflated one by one until a bit is wrong: mostly a few of them, whatever the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.png import chunks
from latentpng.png.image_data import MAX_PIXELS, Inflated
from latentpng.png.stealth import SIGNATURE_BITS, SIGNATURES

_CHANNELS = {2: 3, 6: 4}  # of RGB and RGBA
_AVERAGE = 3
_FROM_ABOVE = (2, 4)  # Up, Paeth
_MAX_WIDTH = 2**17  # pixels: a row is kept in memory
_BITS = {
    channel: tuple("".join(f"{byte:08b}" for byte in text) for text in texts) for channel, texts in SIGNATURES.items()
}


def may_hide_text(stream: BinaryIO, size: int, context: str, max_pixels: int = MAX_PIXELS) -> bool:
    """Return whether the first column starts with a signature; False for pictures that hold no such text.

    Only RGB and RGBA of 8 bits without interlacing can hold one, and none is looked for in very wide pictures. If the
    column is shorter than a signature, the part of it that the column holds decides.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        context: The start of every message.
        max_pixels: In pictures of more pixels, no text is looked for.

    Raises:
        UnreadableFileError: If it is not a PNG.
    """
    header = chunks.first_bytes(stream, next(chunks.walk(stream, size, context)), 13)
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    channels = _CHANNELS.get(header[9], 0)
    is_plain = header[8] == 8 and not header[12] and channels
    if not is_plain or width > _MAX_WIDTH or not 0 < width * height <= max_pixels:
        return False
    column = _column(Inflated(stream, size, context), 1 + width * channels, channels)
    return _starts_with_signature(column, min(height, SIGNATURE_BITS))


def _starts_with_signature(column: Iterator[bytes], rows: int) -> bool:
    """Return whether the lowest bits of the first pixels are those of a signature, as far as these rows hold it."""
    candidates = [(channel, bits) for channel, texts in _BITS.items() for bits in texts]
    for row, pixel in zip(range(rows), column, strict=False):
        found = {"alpha": pixel[3:], "colours": pixel[:3]}
        candidates = [
            (channel, bits)
            for channel, bits in candidates
            if _has_bits(found[channel], bits, row * len(found[channel]))
        ]
        if not candidates:
            return False
    return True


def _has_bits(values: bytes, bits: str, at: int) -> bool:
    wanted = bits[at : at + len(values)]
    return bool(values) and all(value & 1 == int(bit) for value, bit in zip(values, wanted, strict=False))


def _column(data: Inflated, row_bytes: int, channels: int) -> Iterator[bytes]:
    """Yield the first pixel of each row, with its filter undone.

    Nothing stands left of it, so Sub leaves it as it is, and Paeth predicts the pixel above, as Up does.
    """
    above = bytes(channels)
    for row in _rows(data, row_bytes):
        kind, pixel = row[0], row[1 : 1 + channels]
        if kind == _AVERAGE:
            pixel = bytes((value + (before >> 1)) & 255 for value, before in zip(pixel, above, strict=True))
        elif kind in _FROM_ABOVE:
            pixel = bytes((value + before) & 255 for value, before in zip(pixel, above, strict=True))
        yield pixel
        above = pixel


def _rows(data: Inflated, row_bytes: int) -> Iterator[bytes]:
    """Yield whole rows with their filter byte, as far as the data are right; no more than a row is inflated at once."""
    with suppress(UnreadableFileError):
        while True:
            yield data.take(row_bytes)
