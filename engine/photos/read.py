"""Read any photograph as 8-bit sRGB: upright, its colour profile converted, its transparency flattened."""

from __future__ import annotations

import io
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from engine.photos.kinds import FORMATS, why_not_read
from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.jpeg import check_scans
from latentpng.foreign.containers.pixels import check_pixels, rgb_of
from latentpng.png.open import open_picture
from latentpng.png.pixels import MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image

MAX_FILE = 2**28
"""Bytes of a file that are read."""
MAX_SECONDS = 20.0
"""Processor time that decoding takes at most, as far as the decoder asks for more of the file."""
_BACKGROUND = (255, 255, 255)
_ORIENTATION = 0x0112
_STDERR = 2
_of_standard_error = Lock()
_JPEG = ("JPEG", "MPO")  # as Pillow names them


@dataclass(frozen=True, kw_only=True, slots=True)
class Photo:
    """A photograph.

    Attributes:
        width: In pixels, upright.
        height: Likewise.
        rgb: height * width * 3 bytes, rows from the top, 8-bit sRGB.
        notes: What was done to it besides decoding, a clause each ("its transparent parts are white").
    """

    width: int
    height: int
    rgb: bytes
    notes: tuple[str, ...] = ()


def read_photo(path: str | os.PathLike[str]) -> Photo:
    """Read a photograph.

    The orientation that EXIF records is applied.  A colour profile is converted to sRGB; without one, sRGB is assumed.
    Transparent parts become white, of 16 bits the high 8 count, and of an animation the first picture is read.

    Args:
        path: A PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM; "-" is standard input.

    Returns:
        The photograph.

    Raises:
        UnreadableFileError: The file cannot be read or decoded, is too large, or is in no format that is read.
    """
    with open_picture(path) as (stream, size, name):
        if size > MAX_FILE:
            raise UnreadableFileError(f"{name}: at most {MAX_FILE} bytes are read, found {size}")
        stream.seek(0)
        data = stream.read(size)
    return _decoded(data, name)


class _TimedBytes(io.BytesIO):
    """A file in memory that is not read for ever: some decoders of Pillow take a second for two megabytes."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self._name, self._end = name, time.thread_time() + MAX_SECONDS

    def read(self, size: int | None = -1) -> bytes:
        if time.thread_time() > self._end:
            raise UnreadableFileError(f"{self._name}: decoding it takes more than {MAX_SECONDS:g} s; convert it to PNG")
        return super().read(size)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Discard what is written to standard error by its number: libtiff prints there, over the screen of the app."""
    with _of_standard_error:
        kept = os.dup(_STDERR)
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, _STDERR)
            os.close(null)
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)


def _decoded(data: bytes, name: str) -> Photo:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about metadata and sizes: they would land on the screen
            with Image.open(_TimedBytes(data, name), formats=_known_formats()) as image:
                check_pixels(*image.size, len(data), name)
                if image.format in _JPEG:
                    check_scans(data, name)
                with _without_stderr() if image.format == "TIFF" else nullcontext():
                    return _photo(image)
    except UnreadableFileError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableFileError(f"{name}: {why_not_read(data)}") from error
    except Image.DecompressionBombError as error:
        raise UnreadableFileError(
            f"{name}: 1 to {MAX_PIXELS} pixels are supported, found more than twice as many"
        ) from error
    except Exception as error:  # on broken data Pillow raises many undocumented kinds
        raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error


def _known_formats() -> list[str]:
    """Return the formats that this build of Pillow has; AVIF came with 11.3."""
    from PIL import Image

    Image.init()
    return [each for each in FORMATS if each in Image.OPEN]


def _photo(image: Image.Image) -> Photo:
    from PIL import ImageOps

    from engine.photos.colours import eight_bits, in_srgb

    notes = []
    is_jpeg = image.format in _JPEG  # which may hold a gain map or a preview besides
    if not is_jpeg and getattr(image, "is_animated", False):
        notes.append("only the first picture of the file was read")
    is_upright = _is_upright(image)
    image.load()  # which turns a TIFF, and nothing else
    if not is_upright:
        notes.append("it was turned upright, as its EXIF says")
    upright = image if is_upright else ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    flat, was_flattened = _flattened(eight_bits(upright))
    if was_flattened:
        notes.append("its transparent parts are white")
    rgb, note = in_srgb(flat, profile if isinstance(profile, bytes) else b"")
    notes += [note] if note else []
    return Photo(width=rgb.width, height=rgb.height, rgb=rgb_of(rgb), notes=tuple(notes))


def _is_upright(image: Image.Image) -> bool:
    """Return whether a picture is to be seen as it is stored; EXIF that is broken says nothing."""
    try:
        return image.getexif().get(_ORIENTATION, 1) not in range(2, 9)
    except Exception:  # on broken EXIF Pillow raises many undocumented kinds; the pixels are sound
        return True


def _flattened(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return a picture without alpha, and whether any of it was transparent."""
    from PIL import Image

    if not image.has_transparency_data:
        return image, False
    is_grey = image.mode in ("1", "L", "LA", "La")
    layered = image.convert("LA" if is_grey else "RGBA")
    is_transparent = layered.getchannel("A").getextrema()[0] < 255  # type: ignore[operator]  # of one channel: a pair
    below = Image.new("RGBA", image.size, (*_BACKGROUND, 255))
    flat = Image.alpha_composite(below, layered.convert("RGBA")).convert("L" if is_grey else "RGB")
    return flat, is_transparent
