"""Pictures with a text in the lowest bits of their pixels, written pixel by pixel."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

from PIL import Image


def bits_of(text: bytes, *, in_alpha: bool, packed: bool) -> Iterator[int]:
    """Yield signature, length and text, bit by bit."""
    signature = f"stealth_{'png' if in_alpha else 'rgb'}{'comp' if packed else 'info'}".encode()
    data = gzip.compress(text, mtime=0) if packed else text
    for byte in signature + (8 * len(data)).to_bytes(4, "big") + data:
        yield from (byte >> shift & 1 for shift in range(7, -1, -1))


def hide(picture: Image.Image, bits: Iterator[int], *, in_alpha: bool) -> Image.Image:
    """Return a copy of an RGB or RGBA picture with these bits in the lowest bits, column by column."""
    hidden = picture.copy()
    channels = (3,) if in_alpha else (0, 1, 2)
    for x in range(picture.width):
        for y in range(picture.height):
            pixel = list(hidden.getpixel((x, y)))  # type: ignore[arg-type]  # a tuple in these modes
            for channel in channels:
                bit = next(bits, None)
                if bit is None:
                    hidden.putpixel((x, y), tuple(pixel))
                    return hidden
                pixel[channel] = pixel[channel] & ~1 | bit
            hidden.putpixel((x, y), tuple(pixel))
    return hidden


def noisy(mode: str, width: int = 60, height: int = 50) -> Image.Image:
    """Return a picture of many colours; alpha is 255 almost everywhere."""
    size = (width, height)
    red, green = (Image.effect_mandelbrot(size, (-2, -1, edge, 1), 60) for edge in (1, 2))
    picture = Image.merge("RGB", (red, green, Image.linear_gradient("L").resize(size)))
    if mode == "RGBA":
        picture.putalpha(255)
        picture.putpixel((width - 1, height - 1), (1, 2, 3, 100))
    return picture


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
