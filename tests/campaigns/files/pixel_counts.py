"""How many pixels a hostile file may make a decoder produce."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from latentpng.png.chunks import SIGNATURE

_MEGAPIXEL = 2**20


def megapixels_of(data: bytes) -> tuple[float, bool]:
    """Return the pixels that the header of a file declares, in units of 2^20, and whether Pillow decodes it as a whole.

    Pillow reads headers of all formats but PNG, of which we read the header alone.
    """
    if data.startswith(SIGNATURE):
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        return _bounded(width * height), False
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            return _bounded(image.width * image.height), True
    except Exception:  # it is no picture, so nothing is decoded
        return 0.0, False


def _bounded(pixels: int) -> float:
    return min(pixels, 2**26) / _MEGAPIXEL
