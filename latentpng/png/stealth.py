"""Text that is hidden in the lowest bits of pixels ("stealth PNG info" of web UIs, and NovelAI): read it, clear it.

The bits run down the first column, then down the second, and so on: one bit of alpha for each pixel, or one each of
red, green and blue. They hold a signature, the number of bits that follow, and the text as it is or with gzip. The
layout is that of the extension sd-webui-stealth-pnginfo.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

MAX_STORED = 2**22  # bytes of the text as it is stored
SIGNATURES = {
    "alpha": (b"stealth_pnginfo", b"stealth_pngcomp"),
    "colours": (b"stealth_rgbinfo", b"stealth_rgbcomp"),
}
SIGNATURE_BITS = 8 * 15
_LENGTH_BITS = 32
_MODES = {"alpha": ("A", 1), "colours": ("RGB", 3)}  # the channels, and the bits of each pixel
_TO_DIGITS = bytes(ord("1") if value & 1 else ord("0") for value in range(256))
_SET = bytes(value | 1 for value in range(256))
_CLEARED = bytes(value & ~1 for value in range(256))


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


def find_hidden(picture: Image.Image, limit: int) -> Hidden | None:
    """Return the text in the pixels of a decoded picture; None when no signature is there.

    Args:
        picture: A picture of 8-bit RGB or RGBA.
        limit: The greatest length of the text in bytes; no more is inflated.
    """
    for channel in SIGNATURES:
        if channel == "alpha" and picture.mode != "RGBA":
            continue
        found = _find(channel, _columns(picture, channel), limit)
        if found is not None:
            return found
    return None


def without_hidden(picture: Image.Image, hidden: Hidden) -> Image.Image:
    """Return a copy of a picture in which the bits of a hidden text are all alike, and all else is as it was.

    The bits of alpha become 1, because opaque pixels then are fully opaque again; those of colours become 0.
    """
    from PIL import Image

    data = _columns(picture, hidden.channel)
    table = _SET if hidden.channel == "alpha" else _CLEARED
    cleared = data[: hidden.bits].translate(table) + data[hidden.bits :]
    mode = "L" if hidden.channel == "alpha" else "RGB"
    changed = Image.frombytes(mode, picture.size[::-1], cleared).transpose(Image.Transpose.TRANSPOSE)
    result = picture.copy()
    if hidden.channel == "alpha":
        result.putalpha(changed)
    elif picture.mode == "RGBA":
        changed.putalpha(picture.getchannel("A"))
        result = changed
    else:
        result = changed
    return result


def _columns(picture: Image.Image, channel: str) -> bytes:
    """Return the values of a channel, column by column."""
    from PIL import Image

    part = picture.getchannel("A") if channel == "alpha" else picture.convert("RGB")
    return part.transpose(Image.Transpose.TRANSPOSE).tobytes()


def _find(channel: str, values: bytes, limit: int) -> Hidden | None:
    plain, packed = SIGNATURES[channel]
    signature = _bytes(values, 0, SIGNATURE_BITS)
    if signature not in (plain, packed):
        return None
    start = SIGNATURE_BITS + _LENGTH_BITS
    length = int.from_bytes(_bytes(values, SIGNATURE_BITS, _LENGTH_BITS), "big")
    end = min(start + length, len(values))
    if length % 8 or length // 8 > MAX_STORED or start + length > len(values):
        return Hidden(channel, end, None)
    data: bytes | None = _bytes(values, start, length)
    if signature == packed and data is not None:
        data = _inflated(data, limit)
    return Hidden(channel, end, None if data is None or len(data) > limit else data.decode("utf-8", "replace"))


def _bytes(values: bytes, start: int, bits: int) -> bytes:
    """Return the bytes that the lowest bits of values spell, the highest bit of a byte first; b"" beyond the end."""
    digits = values[start : start + bits].translate(_TO_DIGITS)
    return int(digits, 2).to_bytes(bits // 8, "big") if bits and len(digits) == bits else b""


def _inflated(data: bytes, limit: int) -> bytes | None:
    inflater = zlib.decompressobj(wbits=31)  # gzip
    try:
        text = inflater.decompress(data, limit)
    except zlib.error:
        return None
    return text if inflater.eof else None
