"""Picture files that contain texts of other tools, written with Pillow or byte by byte."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable

from PIL import Image

from latentpng.png.chunks import build
from latentpng.png.pixels import encode_pixels
from latentpng.png.texts import build_text
from tests.support.latentpng.pictures import RGB, SIDE

USER_COMMENT = 0x9286


def png(chunks: Iterable[bytes] = ()) -> bytes:
    """Return a PNG with these chunks before its pixels."""
    whole = encode_pixels(SIDE, SIDE, RGB)
    return whole[:33] + b"".join(chunks) + whole[33:]


def png_of(texts: dict[str, str]) -> bytes:
    """Return a PNG with these texts."""
    return png(build_text(keyword, text) for keyword, text in texts.items())


def exif_of(tags: dict[int, str | bytes], sub: dict[int, str | bytes] | None = None) -> bytes:
    """Return an EXIF block as Pillow writes it.

    Args:
        tags: Values by tag of the first directory.
        sub: Values by tag of the Exif directory.
    """
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    if sub:
        exif.get_ifd(0x8769).update(sub)
    return exif.tobytes()


def picture(kind: str, exif: bytes = b"") -> bytes:
    """Return a picture with an EXIF block; kind: "JPEG" or "WEBP"."""
    stream = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), RGB).save(stream, kind, exif=exif)
    return stream.getvalue()


def unicode_comment(text: str, order: str = "be") -> bytes:
    """Return a UserComment as the web UI writes it: UTF-16, big-endian by default."""
    return b"UNICODE\0" + text.encode(f"utf-16-{order}")


def jpeg_of(segments: Iterable[tuple[int, bytes]]) -> bytes:
    """Return a JPEG of these segments, without pixels."""
    parts = [struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments]
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xda\x00\x02\xff\xd9"


def webp_of(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a WebP of these RIFF chunks."""
    parts = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def exif_chunk(data: bytes) -> bytes:
    """Return the EXIF chunk of a PNG."""
    return build(b"eXIf", data)
