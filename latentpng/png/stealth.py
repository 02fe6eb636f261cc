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
_CHANNELS = {"alpha": 1, "colours": 3}  # bits of each pixel
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
    channels = SIGNATURES if picture.mode == "RGBA" else ("colours",)
    found = (_find(picture, channel, limit) for channel in channels)
    return next((hidden for hidden in found if hidden is not None), None)


def without_hidden(picture: Image.Image, hidden: Hidden) -> Image.Image:
    """Return a copy of a picture in which the bits of a hidden text are all alike, and all else is as it was.

    The bits of alpha become 1, because opaque pixels then are fully opaque again; those of colours become 0.
    """
    from PIL import Image

    data = _columns(picture, hidden.channel, hidden.bits)
    table = _SET if hidden.channel == "alpha" else _CLEARED
    values = data[: hidden.bits].translate(table) + data[hidden.bits :]
    width = len(data) // (picture.height * _CHANNELS[hidden.channel])
    mode = "L" if hidden.channel == "alpha" else "RGB"
    changed = Image.frombytes(mode, (picture.height, width), values).transpose(Image.Transpose.TRANSPOSE)
    result = picture.copy()
    if hidden.channel == "alpha":
        alpha = picture.getchannel("A")
        alpha.paste(changed)
        result.putalpha(alpha)
        return result
    if picture.mode == "RGBA":
        changed.putalpha(picture.getchannel("A").crop((0, 0, *changed.size)))
    result.paste(changed)
    return result


def _columns(picture: Image.Image, channel: str, bits: int) -> bytes:
    """Return the values of a channel, column by column: whole columns, as many as hold this number of bits."""
    from PIL import Image

    width = -(-bits // (picture.height * _CHANNELS[channel]))
    part = picture.crop((0, 0, min(width, picture.width), picture.height))
    part = part.getchannel("A") if channel == "alpha" else part.convert("RGB")
    return part.transpose(Image.Transpose.TRANSPOSE).tobytes()


def _find(picture: Image.Image, channel: str, limit: int) -> Hidden | None:
    plain, packed = SIGNATURES[channel]
    start = SIGNATURE_BITS + _LENGTH_BITS
    head = _bytes(_columns(picture, channel, start)[:start])
    signature, length = head[:-4], int.from_bytes(head[-4:], "big")
    if signature not in (plain, packed):
        return None
    stored = _columns(picture, channel, start + min(length, 8 * MAX_STORED))[start:]
    if length % 8 or length > len(stored):
        return Hidden(channel, start + min(length, len(stored)), None)
    data: bytes | None = _bytes(stored[:length])
    if signature == packed and data is not None:
        data = _inflated(data, limit)
    text = None if data is None or len(data) > limit else data.decode("utf-8", "replace")
    return Hidden(channel, start + length, text)


def _bytes(values: bytes) -> bytes:
    """Return the whole bytes that the lowest bits of values spell, the highest bit of a byte first."""
    digits = values[: len(values) // 8 * 8].translate(_TO_DIGITS)
    return int(digits, 2).to_bytes(len(digits) // 8, "big") if digits else b""


def _inflated(data: bytes, limit: int) -> bytes | None:
    inflater = zlib.decompressobj(wbits=31)  # gzip
    try:
        text = inflater.decompress(data, limit)
    except zlib.error:
        return None
    return text if inflater.eof else None
