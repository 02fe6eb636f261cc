"""Good photographs of every format and of many inner forms, small."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from tests.support.photos.making import exif_of, swapped_profile, two_colours

_SAVED: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("RGB", "JPEG", {}),
    ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
    ("CMYK", "JPEG", {}),
    ("L", "JPEG", {"exif": exif_of(6)}),
    ("RGB", "JPEG", {"icc_profile": swapped_profile()}),
    ("RGB", "MPO", {"save_all": True, "append_images": [two_colours(16, 16)]}),
    ("RGB", "WEBP", {}),
    ("RGBA", "WEBP", {"lossless": True, "exif": exif_of(3)}),
    ("RGB", "WEBP", {"save_all": True, "append_images": [two_colours(24, 24)]}),
    ("RGB", "AVIF", {"exif": exif_of(8)}),
    ("RGBA", "AVIF", {"save_all": True, "append_images": [two_colours(24, 24).convert("RGBA")]}),
    ("RGB", "TIFF", {}),
    ("RGB", "TIFF", {"compression": "tiff_lzw", "icc_profile": swapped_profile()}),
    ("RGB", "TIFF", {"compression": "tiff_adobe_deflate", "exif": exif_of(5)}),
    ("RGB", "TIFF", {"compression": "jpeg"}),
    ("1", "TIFF", {"compression": "group4"}),
    ("CMYK", "TIFF", {}),
    ("F", "TIFF", {}),
    ("I;16", "TIFF", {}),
    ("LAB", "TIFF", {}),
    ("RGB", "TIFF", {"save_all": True, "append_images": [two_colours(16, 16)]}),
    ("RGB", "BMP", {}),
    ("P", "BMP", {}),
    ("1", "BMP", {}),
    ("P", "GIF", {"save_all": True, "append_images": [two_colours(24, 24)]}),
    ("P", "GIF", {"transparency": 0}),
    ("RGB", "PPM", {}),
    ("L", "PPM", {}),
    ("1", "PPM", {}),
    ("RGB", "PNG", {"icc_profile": swapped_profile(), "exif": exif_of(2)}),
    ("RGBA", "PNG", {"save_all": True, "append_images": [two_colours(24, 24)]}),
    ("P", "PNG", {"transparency": 1}),
    ("I;16", "PNG", {}),
    ("LA", "PNG", {}),
)
_PLAIN = (b"P3 2 2 255\n0 1 2 3 4 5 6 7 8 9 10 11\n", b"P2 2 2 9\n0 1 2 3\n", b"P1 2 2\n0 1 1 0\n", b"P6 1 1 7\n\1\2\3")


def photo_seeds() -> list[bytes]:
    """Return all good photographs, always in the same order."""
    return [*_saved(), *_PLAIN]


def _saved() -> Iterator[bytes]:
    for mode, kind, options in _SAVED:
        file = io.BytesIO()
        picture = two_colours(24, 24)
        in_mode = picture.convert("L").convert("I").convert("I;16") if mode == "I;16" else _converted(picture, mode)
        in_mode.save(file, kind, **options)
        yield file.getvalue()


def _converted(picture: Image.Image, mode: str) -> Image.Image:
    if mode == "F":
        return picture.convert("L").convert("F")
    if mode == "LAB":
        from PIL import ImageCms

        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
        return picture if converted is None else converted
    return picture.convert(mode)
