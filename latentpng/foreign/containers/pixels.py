"""Decode the pixels of a JPEG, WebP or AVIF with Pillow, so that another tool's picture can be written as a PNG."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.avif import open_avif
from latentpng.png import kinds
from latentpng.png.chunks import SIGNATURE
from latentpng.png.open import open_picture
from latentpng.png.pixels import MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image

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
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UnreadableFileError(
                        f"{name}: 1 to {MAX_PIXELS} pixels are supported, found {width} x {height}"
                    )
                return width, height, image.convert("RGB").tobytes()
        except UnreadableFileError:
            raise
        except Exception as error:  # on broken data Pillow raises many undocumented kinds
            raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error


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
