"""Read any photograph as 8-bit sRGB: upright, its colour profile converted, its transparency flattened."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentpng.errors import UnreadableFileError
from latentpng.png.open import open_picture
from latentpng.png.pixels import MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image

MAX_FILE = 2**28
"""Bytes of a file that are read."""
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "PPM")
"""Formats of Pillow that are read; others run programs, or are no photographs."""
_BACKGROUND = (255, 255, 255)
_HEIC_BRANDS = (b"heic", b"heix", b"mif1", b"heim", b"hevc")


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
    from PIL import Image, UnidentifiedImageError

    with open_picture(path) as (stream, size, name):
        if size > MAX_FILE:
            raise UnreadableFileError(f"{name}: at most {MAX_FILE} bytes are read, found {size}")
        stream.seek(0)
        data = stream.read(size)
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UnreadableFileError(
                        f"{name}: 1 to {MAX_PIXELS} pixels are supported, found {width} x {height}"
                    )
                return _photo(image)
        except UnreadableFileError:
            raise
        except UnidentifiedImageError as error:
            raise UnreadableFileError(f"{name}: {_not_read(data)}") from error
        except Exception as error:  # on broken data Pillow raises many undocumented kinds
            raise UnreadableFileError(f"{name}: its pixels cannot be decoded ({error})") from error


def _not_read(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "HEIC photographs are not read: convert it to JPEG or PNG first"
    return "it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM" + ("" if data else ", it is empty")


def _photo(image: Image.Image) -> Photo:
    from PIL import ImageOps

    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append("only the first picture of the file was read")
    upright = ImageOps.exif_transpose(image)
    if upright.size != image.size or upright.getexif().get(0x0112) != image.getexif().get(0x0112):
        notes.append("it was turned upright, as its EXIF says")
    profile = image.info.get("icc_profile")
    eight_bits = _eight_bits(upright)
    flat, is_flattened = _flattened(eight_bits)
    if is_flattened:
        notes.append("its transparent parts are white")
    rgb, note = _in_srgb(flat, profile) if isinstance(profile, bytes) else (flat.convert("RGB"), "")
    notes += [note] if note else []
    return Photo(width=rgb.width, height=rgb.height, rgb=rgb.tobytes(), notes=tuple(notes))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 16-bit or floating grey as 8-bit grey; Pillow would cut all values at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    import numpy as np
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    most = 65535.0 if image.mode.startswith("I") else max(float(values.max(initial=0.0)), 1.0)
    return Image.fromarray(np.clip(values * (255.0 / most), 0.0, 255.0).astype(np.uint8))


def _flattened(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return a picture without alpha, and whether any of it was transparent."""
    from PIL import Image

    if not image.has_transparency_data:
        return image, False
    grey = image.mode in ("LA", "La")
    layered = image.convert("LA" if grey else "RGBA")
    is_transparent = layered.getchannel("A").getextrema()[0] < 255  # type: ignore[operator]  # of one channel: a pair
    below = Image.new("RGBA", image.size, (*_BACKGROUND, 255))
    flat = Image.alpha_composite(below, layered.convert("RGBA")).convert("L" if grey else "RGB")
    return flat, is_transparent


def _in_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, str]:
    """Return a picture in sRGB, and what was done; a profile that cannot be used is left out of account."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(source).strip()
        usable = image if image.mode in ("RGB", "CMYK", "L", "LAB") else image.convert("RGB")
        converted = ImageCms.profileToProfile(usable, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB"), "its colour profile cannot be used, so sRGB was assumed"
    if converted is None or "srgb" in name.lower():
        return (converted or image).convert("RGB"), ""
    return converted, f"its colours were converted from the profile {name[:60]!r} to sRGB"
