"""Make small photographs of every kind, and a colour profile that is not sRGB."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from PIL import Image, ImageCms

ORIENTATION = 0x0112


def two_colours(width: int = 4, height: int = 2) -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return image


def photo_file(path: Path, width: int = 64, height: int = 48, exif: Image.Exif | bytes = b"") -> Path:
    """Write `two_colours` in the format that the name ends in, and return its path."""
    image = two_colours(width, height)
    if exif:
        image.save(path, exif=exif)
    else:  # BMP and PPM know no EXIF
        image.save(path)
    return path


def exif_of(orientation: int) -> Image.Exif:
    """Return EXIF with an orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def swapped_profile() -> bytes:
    """Return an ICC profile named "xRGB built-in", in which the primaries red and green of sRGB are exchanged.

    The names of two tags are exchanged in the tag table, whose entries are a name, an offset and a length.
    """
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    names = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}
    (count,) = struct.unpack_from(">I", profile, 128)
    changed = bytearray(profile)
    for start in range(132, 132 + 12 * count, 12):
        name = bytes(changed[start : start + 4])
        changed[start : start + 4] = names.get(name, name)
    return bytes(changed).replace("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be"))


def empty_png(width: int, height: int) -> bytes:
    """Return a PNG that announces a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
