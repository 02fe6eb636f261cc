"""Decode the pixels of a JPEG, WebP or AVIF with Pillow, so that another tool's picture can be written as a PNG."""

from __future__ import annotations

import io
import os
import warnings
from typing import TYPE_CHECKING, BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.avif import open_avif
from latentpng.foreign.containers.jpeg import check_scans
from latentpng.png import kinds
from latentpng.png.chunks import SIGNATURE
from latentpng.png.open import open_picture
from latentpng.png.pixels import MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image

SMALL_PIXELS = 2**24
"""Pixels that are decoded whatever the size of the file."""
SPARSEST = 128
"""The most pixels for each byte of a file that has more than SMALL_PIXELS."""
_STRIP_PIXELS = 2**18
_FORMATS = {kinds.JPEG: "JPEG", kinds.WEBP: "WEBP"}  # as Pillow names them


def is_png(path: str | os.PathLike[str]) -> bool:
    """Return True when the file starts with the signature of PNG.

    Raises:
        UnreadableFileError: The file cannot be read.
    """
    with open_picture(path) as (stream, _, _):
        return stream.read(len(SIGNATURE)) == SIGNATURE


def decode_other(path: str | os.PathLike[str]) -> tuple[int, int, bytes]:
    """Decode a JPEG, WebP or AVIF.

    The orientation of EXIF is not applied, and alpha is dropped.

    Returns:
        Width and height in pixels, and 8-bit R, G, B of each pixel, row by row.

    Raises:
        UnreadableFileError: The file cannot be read or decoded, has too many pixels, or is not a JPEG, WebP or AVIF.
    """
    with open_picture(path) as (stream, size, name):
        try:
            with open_other(stream, size, name) as image:
                check_pixels(*image.size, size, name)
                if image.format == "JPEG":
                    stream.seek(0)
                    check_scans(stream.read(size), name)
                return *image.size, rgb_of(image)
        except UnreadableFileError:
            raise
        except Exception as error:  # on broken data Pillow raises many undocumented kinds
            raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error


def check_pixels(width: int, height: int, size: int, name: str) -> None:
    """Check that a picture which Pillow decodes as a whole does not take much memory for a small file.

    Args:
        width: In pixels.
        height: In pixels.
        size: The length of the file in bytes.
        name: The start of the message.

    Raises:
        UnreadableFileError: It has more than MAX_PIXELS; or more than SMALL_PIXELS, and less than a byte for each
            SPARSEST of them.
    """
    # A decoder takes up to 21 bytes for each pixel, and a WebP of 38 bytes has 67 million of them.  A photograph takes
    # a byte for 40 pixels at least, so only a file that is made to cost much is refused.
    pixels = width * height
    if pixels > MAX_PIXELS:
        raise UnreadableFileError(f"{name}: 1 to {MAX_PIXELS} pixels are supported, found {width} x {height}")
    if pixels > max(SMALL_PIXELS, size * SPARSEST):
        raise UnreadableFileError(
            f"{name}: a picture of more than {SMALL_PIXELS} pixels takes at least a byte for each {SPARSEST} of them, "
            f"found {width} x {height} pixels in {size} bytes; scale it down first"
        )


def rgb_of(image: Image.Image) -> bytes:
    """Return R, G, B of each pixel, row by row, without holding a second copy of the picture."""
    rgb = io.BytesIO()  # it gives its bytes away without a copy
    rows = max(1, _STRIP_PIXELS // image.width)
    image.load()
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        rgb.write((strip if strip.mode == "RGB" else strip.convert("RGB")).tobytes())
    return rgb.getvalue()


def open_other(stream: BinaryIO, size: int, name: str) -> Image.Image:
    """Open a JPEG, WebP or AVIF with Pillow, without decoding it.

    Args:
        stream: The file.
        size: The length of the file in bytes.
        name: The name of the file in error messages.

    Raises:
        UnreadableFileError: The file is not a JPEG, WebP or AVIF, or its header is invalid.
    """
    from PIL import Image, UnidentifiedImageError

    stream.seek(0)
    kind = kinds.kind_of(stream.read(kinds.START_BYTES))
    if kind == kinds.AVIF:
        return open_avif(stream, size, name)
    if kind not in _FORMATS:
        raise UnreadableFileError(f"{name}: it is not a PNG, JPEG, WebP or AVIF")
    stream.seek(0)
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow decodes EXIF too, and warns if it is damaged
            return Image.open(stream, formats=[_FORMATS[kind]])
    except UnidentifiedImageError as error:
        raise UnreadableFileError(f"{name}: its pixels cannot be decoded (its header is invalid)") from error
