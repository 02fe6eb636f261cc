"""Bring the values of a decoded picture to 8 bits, and its colours to sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image, ImageCms

_MAX_NAME = 60
_CONVERTED = ("RGB", "CMYK", "L", "LAB")
"""Modes of Pillow that its colour management takes."""
_BYTE, _WORD = 255.0, 65535.0
_STRIP_PIXELS = 2**18  # whose values are widened at once


def eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of wider grey (16 bits, 32 bits, floating point) as 8-bit grey; Pillow cuts all values at 255.

    Floating values count from 0 to 1, or to 255 where one is above 1, or to the largest one above that; 32-bit values
    likewise to 65535.

    Args:
        image: A decoded picture in any mode of Pillow.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    import numpy as np
    from PIL import Image

    bytes_ = Image.new("L", image.size)
    largest = max(float(values.max(initial=0.0)) for _, values in _rows(image))
    least = _WORD if image.mode.startswith("I") else 1.0 if largest <= 1.0 else _BYTE
    most = max(least, largest)
    # as many values become 255 as any other byte: of 16 bits the high 8 remain
    factor = 256.0 / (most + (1.0 if most >= _WORD else 0.0))
    for top, values in _rows(image):
        bytes_.paste(Image.fromarray(np.clip(np.floor(values * factor), 0.0, _BYTE).astype(np.uint8)), (0, top))
    return bytes_


def _rows(image: Image.Image) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield the finite values of some rows at a time, with the number of the first of them."""
    import numpy as np

    count = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, count):
        strip = np.asarray(image.crop((0, top, image.width, min(top + count, image.height))))
        yield top, np.nan_to_num(strip.astype(np.float64), posinf=0.0, neginf=0.0)


def in_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    """Return a picture in sRGB, and what was done, as a clause; "" when its colours are as they were.

    Args:
        image: A decoded picture without alpha, of 8 bits a channel.
        profile: Its ICC profile; b"" for none, so that its mode says which colours it has.

    Returns:
        A picture of the mode RGB, and the clause.
    """
    from PIL import ImageCms

    if not profile:
        return _without_profile(image)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        converted = _converted(image, source)
    except (ImageCms.PyCMSError, ImportError, OSError, TypeError, ValueError):
        return _without_profile(image)[0], "its colour profile cannot be used, so sRGB was assumed"
    if "srgb" in name.lower():
        return converted, ""
    return converted, f"its colours were converted from the profile {name[:_MAX_NAME]!r} to sRGB"


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    """Return a picture in sRGB.  Some grey pictures carry a profile of RGB, which then converts them as RGB."""
    from PIL import ImageCms

    usable = image if image.mode in _CONVERTED else image.convert("RGB")
    target = ImageCms.createProfile("sRGB")
    try:
        converted = ImageCms.profileToProfile(usable, source, target, outputMode="RGB")
    except ImageCms.PyCMSError:
        if usable.mode != "L":
            raise
        converted = ImageCms.profileToProfile(usable.convert("RGB"), source, target, outputMode="RGB")
    return usable.convert("RGB") if converted is None else converted


def _without_profile(image: Image.Image) -> tuple[Image.Image, str]:
    from PIL import ImageCms

    if image.mode == "LAB":
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))), ""
    note = "it is CMYK without a colour profile, so its colours are approximate" if image.mode == "CMYK" else ""
    return image if image.mode == "RGB" else image.convert("RGB"), note
