"""The chunks of a PNG that make its pixels: what IHDR says of them, whether they are whole, and the inflated rows.

Everything is read in pieces, so a picture of any size costs the memory of some rows.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from latentpng.errors import UnreadableFileError
from latentpng.png import chunks, texts
from latentpng.png.carriers import KIND
from latentpng.png.chunks import Chunk
from latentpng.png.twin import is_twin

MAX_PIXELS = 2**26
MAX_INTERLACED = 2**24
"""Pixels of an interlaced picture, which has to be held whole: its first row is known only at the end."""
MAX_WIDTH = 2**18
"""Pixels of a row: the rows above and below are held besides."""
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6  # the colour types of IHDR

_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
_DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
_MAX_BYTES_PER_PIXEL = 16  # compressed: twice what four channels of 16 bits take
_SLACK = 2**16
_MAX_RATIO = 1032  # no byte of a zlib stream stands for more: 258 bytes take at least two bits
_PIXEL_KINDS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_MAX_PALETTE = 3 * 256
_PIECE = 2**14  # compressed bytes at once


class Header(NamedTuple):
    """What IHDR says.

    Attributes:
        width: In pixels.
        height: In pixels.
        depth: Bits of a value.
        colour: The colour type.
        is_interlaced: Whether the picture is stored in the seven passes of Adam7.
    """

    width: int
    height: int
    depth: int
    colour: int
    is_interlaced: bool

    @property
    def channels(self) -> int:
        """The number of values of a pixel."""
        return _CHANNELS[self.colour]

    def row_bytes(self, width: int) -> int:
        """Return the length of a row of this many pixels, without the byte of its filter."""
        return -(-width * self.channels * self.depth // 8)


def checked(stream: BinaryIO, size: int, path: str) -> tuple[Header, bytes]:
    """Check every checksum of a PNG and that its pixels can be all there.

    Wrong checksums of texts are accepted in files that carry no latent, because some editors of metadata write them.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        path: The start of every message.

    Returns:
        The header, and the palette; b"" if there is none.

    Raises:
        UnreadableFileError: If it is not a whole PNG, or has too many pixels.
    """
    header, palette, has_pixels = Header(0, 0, 8, GREY, False), b"", False
    stored = compressed = 0  # bytes of the chunks that make pixels, and of IDAT among them
    wrong_text, is_ours = None, False
    for chunk in chunks.walk(stream, size, path):
        if chunk.kind == b"IHDR":
            header = _header(chunks.data_of(stream, chunk, path), path)
        elif chunk.kind in _PIXEL_KINDS:
            stored += chunk.length
            _check_most(header, stored, path)
            if chunk.kind == b"PLTE" and not has_pixels and chunk.length <= _MAX_PALETTE:
                palette = chunks.data_of(stream, chunk, path)
            else:
                chunks.check(stream, chunk, path)
            if chunk.kind == b"IDAT":
                has_pixels, compressed = True, compressed + chunk.length
        else:
            is_ours = is_ours or chunk.kind == KIND or is_twin(stream, chunk)
            found = _wrong_text(stream, chunk, path)
            wrong_text = wrong_text or found
    if wrong_text is not None and is_ours:
        raise wrong_text
    _check_least(header, compressed, path)
    return header, palette


# IHDR says how many pixels there are, so it bounds what their chunks may hold: a file with more data is refused before
# it is inflated, and so is one with less than the best compression needs.
def _check_most(header: Header, stored: int, path: str) -> None:
    if stored > _MAX_BYTES_PER_PIXEL * header.width * header.height + _SLACK:
        raise UnreadableFileError(
            f"{path}: its chunks hold more data than {header.width} x {header.height} pixels need"
        )


def _check_least(header: Header, compressed: int, path: str) -> None:
    if compressed < header.width * header.height * header.depth * header.channels // (8 * _MAX_RATIO):
        raise UnreadableFileError(
            f"{path}: its chunks hold less data than {header.width} x {header.height} pixels need"
        )


def _wrong_text(stream: BinaryIO, chunk: Chunk, path: str) -> UnreadableFileError | None:
    """Return the error for a text of a tool whose checksum is wrong; any other chunk with a wrong one raises it."""
    try:
        chunks.check(stream, chunk, path)
    except UnreadableFileError as error:
        if chunk.kind not in texts.KINDS_OF_TOOLS:
            raise
        return error
    return None


def _header(data: bytes, path: str) -> Header:
    width, height = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    if not 0 < width * height <= MAX_PIXELS:
        raise UnreadableFileError(f"{path}: 1 to {MAX_PIXELS} pixels are supported, found {width} x {height}")
    if width > MAX_WIDTH:
        raise UnreadableFileError(f"{path}: at most {MAX_WIDTH} pixels in a row are supported, found {width}")
    depth, colour, compression, filtering, interlacing = data[8:13]
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlacing > 1:
        raise UnreadableFileError(f"{path}: its pixels cannot be decoded (its header is invalid)")
    if interlacing and width * height > MAX_INTERLACED:
        found = f"{width} x {height}"
        raise UnreadableFileError(f"{path}: at most {MAX_INTERLACED} interlaced pixels are supported, found {found}")
    return Header(width, height, depth, colour, bool(interlacing))


class Inflated:
    """The inflated data of the pixels, read from the file as it is asked for."""

    def __init__(self, stream: BinaryIO, size: int, path: str) -> None:
        """Read nothing yet.

        Args:
            stream: The file.
            size: The size of the file in bytes.
            path: The start of every message.
        """
        self._pieces = _pieces(stream, chunks.walk(stream, size, path))
        self._inflater = zlib.decompressobj()
        self._path = path

    def take(self, count: int) -> bytes:
        """Return the next bytes.

        Args:
            count: How many.

        Raises:
            UnreadableFileError: If the data are damaged, or end before.
        """
        found: list[bytes] = []
        while count:
            waiting = self._inflater.unconsumed_tail or next(self._pieces, b"")
            try:
                found.append(self._inflater.decompress(waiting, count))
            except zlib.error as error:
                raise UnreadableFileError(f"{self._path}: its pixels cannot be decoded ({error})") from error
            count -= len(found[-1])
            if count and (self._inflater.eof or not (waiting or found[-1])):
                raise UnreadableFileError(f"{self._path}: its pixels cannot be decoded (they end too early)")
        return b"".join(found)


def _pieces(stream: BinaryIO, walk: Iterator[Chunk]) -> Iterator[bytes]:
    for chunk in walk:
        if chunk.kind == b"IDAT":
            for start in range(0, chunk.length, _PIECE):
                stream.seek(chunk.data_offset + start)
                yield stream.read(min(_PIECE, chunk.length - start))
