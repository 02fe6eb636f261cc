"""What is left of a JPEG or WebP when all metadata of any tool is removed: pixels, colours and orientation.

The pixels are copied and never encoded again. Of a JPEG those segments stay that its decoder needs, and the colour
profile; of a WebP its pictures, their alpha and the colour profile. Of EXIF the orientation stays. Bytes behind the end
go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.hidden import hidden_text
from latentpng.foreign.containers.jpeg import segments_of
from latentpng.foreign.containers.segments import webp_chunks
from latentpng.png import kinds
from latentpng.png.clean import orientation_alone

MAX_FILE = 2**28  # bytes; the file is held in memory
_EXIF_HEAD = b"Exif\0\0"
_APP0, _APP1, _APP2, _ADOBE, _LAST_APP, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_KEPT = {_APP0: b"JFIF\0", _APP2: b"ICC_PROFILE\0", _ADOBE: b"Adobe"}  # the last one says how colours are stored
_WEBP_PICTURE = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"})
_WEBP_EXIF, _EXIF_FLAG, _XMP_FLAG = b"EXIF", 0x08, 0x04


def cleaned_other(stream: BinaryIO, size: int, name: str) -> tuple[bytes, bool]:
    """Return a JPEG or WebP without metadata, and whether anything was left out.

    Args:
        stream: The file.
        size: Its length in bytes.
        name: The start of every message.

    Raises:
        UnreadableFileError: It is no JPEG or WebP, is damaged or too long, or has a text in its pixels, which cannot
            be removed without encoding them again.
    """
    if size > MAX_FILE:
        raise UnreadableFileError(f"{name}: pictures of at most {MAX_FILE:,} bytes are stripped, found {size:,}")
    stream.seek(0)
    data = stream.read(size)
    if kinds.kind_of(data[: kinds.START_BYTES]) == kinds.JPEG:
        clean = b"".join(_jpeg_parts(data, name))
    else:
        if hidden_text(stream, size, name).texts:
            raise UnreadableFileError(
                f"{name}: a text is hidden in its pixels, which strip removes from PNG only; convert it to PNG first"
            )
        clean = _webp(stream, data, name)
    return clean, clean != data


def _jpeg_parts(data: bytes, name: str) -> Iterator[bytes]:
    """Yield the parts of a JPEG; the orientation stands behind the header of JFIF, where EXIF is looked for."""
    exif = b""
    front: list[bytes] = [data[:2]]
    rest: list[bytes] = []
    for marker, start, end in segments_of(data, name):
        segment = data[start:end]
        if marker == _APP1 and segment[4:].startswith(_EXIF_HEAD):
            exif = exif or orientation_alone(segment[4:])
        if _is_kept(marker, segment):
            (front if marker == _APP0 else rest).append(segment)
    body = _EXIF_HEAD + exif
    yield b"".join(front)
    yield b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body if exif else b""
    yield b"".join(rest) + b"\xff\xd9"


def _is_kept(marker: int, segment: bytes) -> bool:
    if marker in _KEPT:
        return segment[4:].startswith(_KEPT[marker])
    return marker != _COMMENT and not _APP0 <= marker <= _LAST_APP


def _webp(stream: BinaryIO, data: bytes, name: str) -> bytes:
    """Return a WebP with the chunks of the picture, whose header says what there is."""
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    found = [(kind, data[at : at + length]) for kind, at, length in webp_chunks(stream, end, name)]
    exif = next((orientation_alone(part) for kind, part in found if kind == _WEBP_EXIF), b"")
    chunks: list[tuple[bytes, bytes]] = []
    for kind, part in found:
        if kind == b"VP8X" and part:
            flags = part[0] & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if exif else 0)
            part = bytes([flags]) + part[1:]
        if kind in _WEBP_PICTURE:
            chunks.append((kind, part))
    if exif:
        chunks.append((_WEBP_EXIF, exif))
    body = b"".join(kind + len(part).to_bytes(4, "little") + part + b"\0" * (len(part) % 2) for kind, part in chunks)
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
