"""Decode the pixels of a JPEG, WebP or AVIF with Pillow, so that another tool's picture can be written as a PNG."""

from __future__ import annotations

import os
import warnings

from latentpng.errors import UnreadableFileError
from latentpng.png import kinds
from latentpng.png.chunks import SIGNATURE
from latentpng.png.open import open_picture
from latentpng.png.pixels import MAX_PIXELS

_FORMATS = {kinds.JPEG: "JPEG", kinds.WEBP: "WEBP", kinds.AVIF: "AVIF"}


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
    from PIL import Image, UnidentifiedImageError

    with open_picture(path) as (stream, _, name):
        found = kinds.kind_of(stream.read(kinds.START_BYTES))
        if found not in _FORMATS:
            raise UnreadableFileError(f"{name}: it is not a PNG, JPEG, WebP or AVIF")
        stream.seek(0)
        try:
            with warnings.catch_warnings(), Image.open(stream, formats=[_FORMATS[found]]) as image:
                warnings.simplefilter("ignore")  # Pillow decodes EXIF too, and warns if it is damaged
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UnreadableFileError(
                        f"{name}: 1 to {MAX_PIXELS} pixels are supported, found {width} x {height}"
                    )
                return width, height, image.convert("RGB").tobytes()
        except UnreadableFileError:
            raise
        except UnidentifiedImageError as error:
            raise UnreadableFileError(f"{name}: its pixels cannot be decoded (its header is invalid)") from error
        except Exception as error:  # on broken data Pillow raises many undocumented kinds
            raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error
