"""The pixels of a JPEG or WebP, by Pillow: what a picture of another tool that is no PNG is rewritten from."""

from __future__ import annotations

import os

from latentpng.errors import UnreadableFileError
from latentpng.png.chunks import SIGNATURE
from latentpng.png.open import open_picture
from latentpng.png.pixels import MAX_PIXELS

_FORMATS = ("JPEG", "WEBP")


def is_png(path: str | os.PathLike[str]) -> bool:
    """True when the file starts as a PNG does.  UnreadableFileError."""
    with open_picture(path) as (stream, _, _):
        return stream.read(len(SIGNATURE)) == SIGNATURE


def decode_other(path: str | os.PathLike[str]) -> tuple[int, int, bytes]:
    """Width, height and RGB bytes row by row, as they are stored: no turning, alpha dropped.  UnreadableFileError."""
    from PIL import Image, UnidentifiedImageError

    with open_picture(path) as (stream, _, name):
        try:
            with Image.open(stream, formats=_FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UnreadableFileError(f"{name}: 1 to {MAX_PIXELS} pixels are read, found {width} x {height}")
                return width, height, image.convert("RGB").tobytes()
        except UnreadableFileError:
            raise
        except UnidentifiedImageError as error:
            raise UnreadableFileError(f"{name}: it is no PNG, JPEG or WebP") from error
        except Exception as error:  # Pillow raises many kinds, undocumented, on broken data
            raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error
