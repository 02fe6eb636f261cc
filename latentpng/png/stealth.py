"""Text that is hidden in the lowest bits of pixels ("stealth PNG info" of web UIs, and NovelAI): read it, clear it.

The bits run down the first column, then down the second, and so on: one bit of alpha for each pixel, or one each of
red, green and blue. They hold a signature, the number of bits that follow, and the text as it is or with gzip. The
layout is that of the extension sd-webui-stealth-pnginfo.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from latentpng.png.scanlines import Strips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Source: TypeAlias = Callable[[], Strips]
"""Gives a picture of 8-bit RGB or RGBA from its first row on, each time that it is called."""

MAX_STORED = 2**22  # bytes of the text as it is stored
SIGNATURES = {
    "alpha": (b"stealth_pnginfo", b"stealth_pngcomp"),
    "colours": (b"stealth_rgbinfo", b"stealth_rgbcomp"),
}
SIGNATURE_BITS = 8 * 15
_LENGTH_BITS = 32
_PLACES = {"alpha": slice(3, 4), "colours": slice(0, 3)}  # of a pixel's values


class Hidden(NamedTuple):
    """A text in the pixels of a picture.

    Attributes:
        channel: "alpha" or "colours".
        bits: The number of bits that signature, length and text take.
        text: The text; None when it is malformed or longer than the limit.
    """

    channel: str
    bits: int
    text: str | None


def find_hidden(source: Source, limit: int) -> Hidden | None:
    """Return the text in the pixels of a picture; None when no signature is there.

    Args:
        source: The picture; it is taken again for each thing that is looked at.
        limit: The greatest length of the text in bytes; no more is inflated.

    Raises:
        UnreadableFileError: If the picture cannot be decoded.
    """
    channels = SIGNATURES if source().channels == len("RGBA") else ("colours",)
    found = (_find(source, channel, limit) for channel in channels)
    return next((hidden for hidden in found if hidden is not None), None)


def without_hidden(source: Source, hidden: Hidden) -> Source:
    """Return a picture in which the bits of a hidden text are all alike, and all else is as it was.

    The bits of alpha become 1, because opaque pixels then are fully opaque again; those of colours become 0.
    """

    def cleared() -> Strips:
        strips = source()
        return strips._replace(values=_cleared(strips, hidden))

    return cleared


def _cleared(strips: Strips, hidden: Hidden) -> Iterator[NDArray[np.uint8]]:
    import numpy as np

    place = _PLACES[hidden.channel]
    each = place.stop - place.start
    columns = np.arange(min(strips.width, -(-hidden.bits // (strips.height * each))))
    top = 0
    for values in strips.values:
        rows = np.arange(top, top + len(values))
        pixel = columns[np.newaxis, :, np.newaxis] * strips.height + rows[:, np.newaxis, np.newaxis]
        is_hidden = pixel * each + np.arange(each) < hidden.bits
        changed = values.copy()
        part = changed[:, : len(columns), place]
        part[...] = np.where(is_hidden, part | 1 if hidden.channel == "alpha" else part & 254, part)
        yield changed
        top += len(values)


def _find(source: Source, channel: str, limit: int) -> Hidden | None:
    plain, packed = SIGNATURES[channel]
    start = SIGNATURE_BITS + _LENGTH_BITS
    head = _bytes(_bits(source, channel, start))
    signature, length = head[:-4], int.from_bytes(head[-4:], "big")
    if signature not in (plain, packed):
        return None
    stored = _bits(source, channel, start + min(length, 8 * MAX_STORED))[start:]
    if length % 8 or length > len(stored):
        return Hidden(channel, start + len(stored), None)
    data: bytes | None = _bytes(stored)
    if signature == packed and data is not None:
        data = _inflated(data, limit)
    text = None if data is None or len(data) > limit else data.decode("utf-8", "replace")
    return Hidden(channel, start + length, text)


def _bits(source: Source, channel: str, count: int) -> NDArray[np.uint8]:
    """Return the lowest bits of a channel, column by column: this number of them, or all that there are."""
    import numpy as np

    strips, place = source(), _PLACES[channel]
    each = place.stop - place.start
    columns = min(strips.width, -(-count // (strips.height * each)))
    found = np.empty((columns, strips.height, each), np.uint8)
    top = 0
    for values in strips.values:
        part = values[:, :columns, place] & 1
        found[:, top : top + len(values)] = part.transpose(1, 0, 2)
        top += len(values)
    return found.reshape(-1)[:count]


def _bytes(bits: NDArray[np.uint8]) -> bytes:
    """Return the whole bytes that bits spell, the highest bit of a byte first."""
    import numpy as np

    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


def _inflated(data: bytes, limit: int) -> bytes | None:
    inflater = zlib.decompressobj(wbits=31)  # gzip
    try:
        text = inflater.decompress(data, limit)
    except zlib.error:
        return None
    return text if inflater.eof else None
