"""What is left of a PNG when all texts and all metadata of any tool are removed: pixels, colours and orientation.

Of the chunks that a picture can do without, those stay that change how it looks; all others go, among them texts, EXIF,
C2PA manifests, our own carriers and the chunks of programs that nobody knows. Of EXIF the orientation stays. Bytes
behind the end go. Text that is hidden in the lowest bits of pixels is overwritten; only then the pixels are encoded
again.
"""

from __future__ import annotations

from typing import BinaryIO, Literal, NamedTuple, TypeAlias

from latentpng.png import chunks
from latentpng.png.chunks import Chunk
from latentpng.png.first_column import may_hide_text
from latentpng.png.pixels import value_strips
from latentpng.png.scanlines import Strips, compressed
from latentpng.png.stealth import Source, find_hidden, without_hidden

Part: TypeAlias = "tuple[int, int] | bytes"

_LOOKS = frozenset(
    {
        *(b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi", b"sBIT", b"bKGD"),
        *(b"hIST", b"pHYs", b"oFFs", b"sTER", b"acTL", b"fcTL", b"fdAT"),
    }
)
"""Chunks of PNG 3 and its extensions that say how the picture looks; critical chunks stay too."""
_ANCILLARY = 0x20  # the bit of the first byte by which a chunk may be left out
_EXIF = b"eXIf"
_JPEG_HEAD = b"Exif\0\0"  # stands before EXIF in JPEG, and some tools write it elsewhere too
_MAX_EXIF = 2**16  # bytes that are searched for the orientation
_MAX_ENTRIES = 512
_ORIENTATION = 0x0112
_SHORT = 3
_UPRIGHT = 1
_MAX_HIDDEN = 2**23  # bytes of a hidden text; of a longer one only what stands in the pixels counts


class Cleaned(NamedTuple):
    """A PNG without metadata.

    Attributes:
        parts: What it consists of: a range of the file (start and end), or new bytes.
        is_changed: Whether anything is left out or changed.
    """

    parts: list[Part]
    is_changed: bool


def cleaned(stream: BinaryIO, size: int, name: str) -> Cleaned:
    """Return the parts of a PNG without metadata of any tool.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        name: The start of every message.

    Raises:
        UnreadableFileError: If it is not a PNG, or a text in its pixels cannot be removed because they are damaged.
    """
    pixels = _pixels_without_text(stream, size, name)
    parts: list[Part] = [(0, len(chunks.SIGNATURE))]
    is_changed = pixels != b""
    end = 0
    for chunk in chunks.walk(stream, size, name):
        end = chunk.end
        if chunk.kind == _EXIF:
            exif = _orientation_alone(stream, chunk)
            is_changed = is_changed or not exif or not _is_at(stream, chunk, exif)
            parts.append(exif)
        elif chunk.kind[0] & _ANCILLARY and chunk.kind not in _LOOKS:
            is_changed = True
        elif chunk.kind == b"IDAT" and pixels:
            if parts[-1] is not pixels:  # once, in place of all
                parts.append(pixels)
        elif isinstance(parts[-1], tuple) and parts[-1][1] == chunk.offset:
            parts[-1] = (parts[-1][0], chunk.end)
        else:
            parts.append((chunk.offset, chunk.end))
    return Cleaned(parts, is_changed or end < size)


def _is_at(stream: BinaryIO, chunk: Chunk, data: bytes) -> bool:
    """Return whether these bytes are a chunk as it stands."""
    stream.seek(chunk.offset)
    return stream.read(len(data)) == data


def _orientation_alone(stream: BinaryIO, chunk: Chunk) -> bytes:
    """Return an EXIF chunk with nothing but the orientation; b"" for a picture that stands upright."""
    exif = orientation_alone(chunks.first_bytes(stream, chunk, _MAX_EXIF))
    return chunks.build(_EXIF, exif) if exif else b""


def orientation_alone(data: bytes) -> bytes:
    """Return EXIF with nothing but the orientation of other EXIF; b"" for a picture that stands upright."""
    orientation = _orientation(data.removeprefix(_JPEG_HEAD))
    if orientation == _UPRIGHT:
        return b""
    entry = b"".join(value.to_bytes(2, "big") for value in (_ORIENTATION, _SHORT, 0, 1, orientation, 0))
    return b"MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)


def _orientation(data: bytes) -> int:
    """Return the orientation that EXIF says, 2 to 8; 1 if it says nothing else."""
    order: Literal["little", "big"] = "little" if data.startswith(b"II*\0") else "big"
    at = int.from_bytes(data[4:8], order)
    number = min(int.from_bytes(data[at : at + 2], order), _MAX_ENTRIES)
    for start in range(at + 2, at + 2 + 12 * number, 12):
        entry = [int.from_bytes(data[start + part : start + part + 2], order) for part in (0, 2, 8)]
        if entry[:2] == [_ORIENTATION, _SHORT] and 2 <= entry[2] <= 8:
            return entry[2]
    return _UPRIGHT


def _pixels_without_text(stream: BinaryIO, size: int, name: str) -> bytes:
    """Return one IDAT chunk of a picture whose hidden texts are overwritten; b"" if there are none."""
    if not may_hide_text(stream, size, name):
        return b""

    def as_it_is() -> Strips:
        return value_strips(stream, size, name)

    source: Source = as_it_is
    while (hidden := find_hidden(source, _MAX_HIDDEN)) is not None:  # at most one in alpha and one in the colours
        source = without_hidden(source, hidden)
    if source is as_it_is:
        return b""
    return chunks.build(b"IDAT", b"".join(compressed(source())))
