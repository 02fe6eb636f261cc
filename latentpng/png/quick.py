"""The front of a PNG that has its one `laTn` chunk before its pixels, in a few calls to the system and no more.

Reads what is good and usual, and judges nothing: everything else, good or bad, is None, and `carriers.read_front` says
what it is.
"""

from __future__ import annotations

import os
import stat
import struct

from latentpng.chunk.header import HEADER_BYTES, MAJOR, MAX_METADATA, Front, decode_front
from latentpng.errors import LatentPngError
from latentpng.png import texts
from latentpng.png.carriers import KIND, TWIN
from latentpng.png.chunks import MAX_LENGTH, SIGNATURE
from latentpng.png.open import STANDARD_INPUT
from latentpng.png.parameters import KEYWORD as PARAMETERS
from latentpng.png.parameters import is_ours

_PIECE = 4096
_READ = os.O_RDONLY | os.O_NONBLOCK  # a pipe opens at once, too
_MOST_CHUNKS = 64  # before the pixels; more is not usual
_START = SIGNATURE + b"\0\0\0\rIHDR"
_AFTER_IHDR = len(SIGNATURE) + 12 + 13
_FRAME = struct.Struct(">I4s")
_NOTHING = (0, 0, False)
_TEXT_KINDS = (*texts.KINDS, b"eXIf")
_TWIN, _PARAMETERS = f"{TWIN}\0".encode(), f"{PARAMETERS}\0".encode()
_ENDING = 100  # characters that hold the end of our text


def quick_front(path: str | os.PathLike[str]) -> tuple[Front, bool] | None:
    """What stands before the tensor of a usual file, every rule checked; None for all others.  Raises nothing.

    True behind it: other texts than ours stand before the pixels.
    """
    if path == STANDARD_INPUT:
        return None
    try:
        file = os.open(path, _READ)
        try:
            status = os.fstat(file)
            return _front(file, os.read(file, _PIECE), status.st_size) if stat.S_ISREG(status.st_mode) else None
        finally:
            os.close(file)
    except (OSError, ValueError, LatentPngError, struct.error):
        return None


def _front(file: int, start: bytes, size: int) -> tuple[Front, bool] | None:
    """The front, of a file whose first bytes are `start`."""
    offset, length, has_others = _latent(file, start, size)
    if not offset:
        return None
    data = start[offset : offset + length]
    if len(data) < HEADER_BYTES:
        data = os.pread(file, min(length, _PIECE), offset)
    missing = HEADER_BYTES + int.from_bytes(data[8:12], "little") - len(data)
    if 0 < missing <= MAX_METADATA:
        data += os.pread(file, missing, offset + len(data))
    return (decode_front(data, length, ""), has_others) if data[4] == MAJOR else None


def _latent(file: int, start: bytes, size: int) -> tuple[int, int, bool]:
    """Where the data of the one `laTn` chunk before the first IDAT starts, its length, and whether others' texts do.

    (0, 0, False) for other files.
    """
    if not start.startswith(_START):
        return _NOTHING
    offset, found, found_length, has_others = _AFTER_IHDR, 0, 0, False
    for _ in range(_MOST_CHUNKS):
        frame = start[offset : offset + 8] if offset + 8 <= len(start) else os.pread(file, 8, offset)
        length, kind = _FRAME.unpack(frame)
        end = offset + 12 + length
        if end > size or length > MAX_LENGTH or not kind.isalpha():
            return _NOTHING
        if kind == b"IDAT":
            return found, found_length, has_others
        if kind == KIND:
            if found:
                return _NOTHING
            found, found_length = offset + 8, length
        elif kind in _TEXT_KINDS:
            has_others = has_others or not _is_ours(start[offset + 8 : end - 4], length)
        elif kind in (b"IHDR", b"IEND"):
            return _NOTHING
        offset = end
    return _NOTHING


def _is_ours(data: bytes, length: int) -> bool:
    """True for our twin and for our `parameters`; data: of a text chunk, as far as it was read."""
    return data.startswith(_TWIN) or (
        data.startswith(_PARAMETERS) and len(data) == length and is_ours(data[-_ENDING:].decode("latin-1"))
    )
