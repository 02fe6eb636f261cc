"""Pictures with other tools' texts in them, written by Pillow or byte by byte."""

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
    """A PNG with these chunks before its pixels."""
    whole = encode_pixels(SIDE, SIDE, RGB)
    return whole[:33] + b"".join(chunks) + whole[33:]


def png_of(texts: dict[str, str]) -> bytes:
    """A PNG with these texts."""
    return png(build_text(keyword, text) for keyword, text in texts.items())


def exif_of(tags: dict[int, str | bytes], sub: dict[int, str | bytes] | None = None) -> bytes:
    """An EXIF block, as Pillow writes it.  sub: tags of the Exif directory."""
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    if sub:
        exif.get_ifd(0x8769).update(sub)
    return exif.tobytes()


def picture(format: str, exif: bytes = b"") -> bytes:
    """A JPEG or WebP with an EXIF block."""
    stream = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), RGB).save(stream, format, exif=exif)
    return stream.getvalue()


def unicode_comment(text: str, order: str = "be") -> bytes:
    """A UserComment as web UI writes it: UTF-16, most significant byte first."""
    return b"UNICODE\0" + text.encode(f"utf-16-{order}")


def jpeg_of(segments: Iterable[tuple[int, bytes]]) -> bytes:
    """The segments of a JPEG up to its pixels, of which there are none."""
    parts = [struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data for marker, data in segments]
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xda\x00\x02\xff\xd9"


def webp_of(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A RIFF of these chunks."""
    parts = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def exif_chunk(data: bytes) -> bytes:
    """The EXIF chunk of a PNG."""
    return build(b"eXIf", data)
