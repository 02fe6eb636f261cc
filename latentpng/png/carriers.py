"""Where a PNG carries a latent: the `laTn` chunk, its text twin, and the `parameters` text.  SPEC.md, section 2.

This module finds the carriers and builds them.  It needs no NumPy, and of a file whose chunk stands in front it reads a
few kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

from latentpng.chunk.header import HEADER_BYTES, MAJOR, MAX_CHUNK, Front, decode_front, front_length
from latentpng.errors import DamagedLatentError, NoLatentError, UnreadableFileError
from latentpng.png import chunks, texts
from latentpng.png.chunks import Chunk
from latentpng.png.parameters import KEYWORD as PARAMETERS
from latentpng.png.parameters import is_own_text, parameters_text
from latentpng.png.twin import MAX_TWIN, build_twin, front_of_twin, is_twin
from latentpng.record import LatentRecord

KIND = b"laTn"
SIGNED_KIND = b"caBX"
MAX_PARAMETERS = 16  # to look into a compressed one takes a millisecond, and a file could hold thousands
_PARAMETERS_START = f"{PARAMETERS}\0".encode()
_ENDING_BYTES = 100  # more than the last field of our `parameters` text has


class Origin(Enum):
    """The origin of a chunk.

    Attributes:
        LATENTPNG: A carrier of this format.
        OTHER_PARAMETERS: A `parameters` text of another tool.
        OTHER: Any other chunk.
    """

    LATENTPNG = "latentpng"
    OTHER_PARAMETERS = "parameters"
    OTHER = "other"


class Found(NamedTuple):
    """The carrier that counts.

    Attributes:
        chunk: A laTn chunk, or the text chunk of the twin.
        is_twin: Whether it is the twin.
        other_texts: Whether chunks were seen in which another tool may have written text: all such chunks before the
            pixels, and those behind them as well if the carrier is not before the pixels.
    """

    chunk: Chunk
    is_twin: bool
    other_texts: bool

    def context(self, path: str) -> str:
        """Return how errors name it."""
        name = "latent text" if self.is_twin else "latent chunk"
        return f"{path}: {name} at byte {self.chunk.offset}"


def find(stream: BinaryIO, size: int, path: str, *, whole: bool) -> Found:
    """Return the carrier of a PNG: laTn before twin, before the first IDAT rather than after it.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        path: The start of every message.
        whole: Walk to the end of the file even if the carrier was found in front, so that a cut file is noticed.

    Raises:
        UnreadableFileError: If it is not a PNG.
        NoLatentError: If there is no carrier.
        DamagedLatentError: If two laTn chunks differ.
    """
    # One walk answers everything.  The first laTn and the first twin count.  A further laTn chunk must equal the first
    # if both stand on the same side of the first IDAT: a copy behind the pixels may be an old one that a tool moved
    # there, and is ignored when one stands in front.
    latent = twin = differs = None
    other_texts = False
    first_idat = size
    for chunk in chunks.walk(stream, size, path):
        kind = chunk.kind
        if kind == b"IDAT":
            if latent is not None and not whole:
                break
            first_idat = min(first_idat, chunk.offset)
        elif kind == KIND:
            if latent is None:
                latent = chunk
            elif differs is None and (latent.offset < first_idat) == (chunk.offset < first_idat):
                differs = _difference(stream, latent, chunk, path)
        elif kind in texts.KINDS_OF_TOOLS:
            if _is_own_parameters(chunk):
                continue
            if is_twin(stream, chunk):
                twin = twin or chunk
            else:
                other_texts = True
    if differs is not None:
        raise differs
    carrier = latent or twin
    if carrier is None:
        raise NoLatentError(f"{path}: it carries no latent")
    return Found(chunk=carrier, is_twin=latent is None, other_texts=other_texts)


def read_front(stream: BinaryIO, size: int, path: str) -> Front:
    """Return what stands before the tensor, of the chunk or of the twin; the tensor itself is not read.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        path: The start of every message.

    Raises:
        UnreadableFileError: If it is not a PNG.
        NoLatentError: If it carries no latent.
        DamagedLatentError: If the latent breaks a rule of SPEC.md.
    """
    return front_of(stream, find(stream, size, path, whole=False), path)


def front_of(stream: BinaryIO, found: Found, path: str) -> Front:
    """Return what stands before the tensor of a carrier; the tensor itself is not read.

    Args:
        stream: The file.
        found: The carrier.
        path: The start of every message.

    Raises:
        DamagedLatentError: If the latent breaks a rule of SPEC.md.
    """
    context, chunk = found.context(path), found.chunk
    if found.is_twin:
        return front_of_twin(stream, chunk, context)
    data = chunk.head[: chunk.length]
    if len(data) < HEADER_BYTES:
        data = chunks.first_bytes(stream, chunk, HEADER_BYTES)
    needed = front_length(data)
    if len(data) < needed:
        data = chunks.first_bytes(stream, chunk, needed)
    front = decode_front(data, chunk.length, context)
    if front.version[0] != MAJOR and chunk.length <= MAX_CHUNK:
        # the checksum of another major version may stand elsewhere: only that of the PNG chunk can tell a flipped bit
        latent_data(stream, chunk, context)
    return front


def latent_data(stream: BinaryIO, chunk: Chunk, context: str) -> bytes:
    """Return the data of a laTn chunk.

    Args:
        stream: The file.
        chunk: The chunk.
        context: The start of every message.

    Raises:
        DamagedLatentError: If it is too long, or the checksum of the PNG chunk does not match.
    """
    if chunk.length > MAX_CHUNK:
        raise DamagedLatentError(f"{context}: at most {MAX_CHUNK} bytes, found {chunk.length}")
    try:
        return chunks.data_of(stream, chunk, context)
    except UnreadableFileError as error:
        raise DamagedLatentError(str(error)) from error


def encode_carriers(record: LatentRecord, latent: bytes, *, parameters: bool) -> bytes:
    """Return the chunks that go before the first IDAT.

    Args:
        record: The record.
        latent: The data of its laTn chunk.
        parameters: Whether to write the `parameters` text too.
    """
    text = parameters_text(record.settings, record.lineage) if parameters else ""
    return b"".join(
        (
            texts.build_text(PARAMETERS, text) if text else b"",
            build_twin(record, decode_front(latent, len(latent), "").digest),
            chunks.build(KIND, latent),
        )
    )


def sort(stream: BinaryIO, size: int, path: str) -> Iterator[tuple[Chunk, Origin]]:
    """Yield the chunks of a PNG, and the origin of each.

    Args:
        stream: The file.
        size: The size of the file in bytes.
        path: The start of every message.

    Raises:
        UnreadableFileError: If it is not a PNG, or has too many `parameters` texts.
    """
    others = 0
    for chunk in chunks.walk(stream, size, path):
        if chunk.kind == KIND or is_twin(stream, chunk):
            yield chunk, Origin.LATENTPNG
        elif chunk.kind in texts.KINDS and _keyword(stream, chunk) == PARAMETERS:
            others += 1
            if others > MAX_PARAMETERS:
                raise UnreadableFileError(
                    f"{path}: at most {MAX_PARAMETERS} texts named {PARAMETERS!r} are supported, found more"
                )
            yield chunk, Origin.LATENTPNG if _is_own_text(stream, chunk) else Origin.OTHER_PARAMETERS
        else:
            yield chunk, Origin.OTHER


def _difference(stream: BinaryIO, first: Chunk, other: Chunk, path: str) -> DamagedLatentError | None:
    """Return what is wrong with a second laTn chunk, or None if it has the same data."""
    try:
        if first.length == other.length and _bytes_of(stream, first, path) == _bytes_of(stream, other, path):
            return None
    except DamagedLatentError as error:
        return error
    where = f"{first.offset} and {other.offset}"
    return DamagedLatentError(f"{path}: one latent chunk needed, found two that differ, at bytes {where}")


def _bytes_of(stream: BinaryIO, chunk: Chunk, path: str) -> bytes:
    return latent_data(stream, chunk, f"{path}: latent chunk at byte {chunk.offset}")


def _is_own_parameters(chunk: Chunk) -> bool:
    """Return whether a chunk within the first page is our `parameters` text; False if that takes more to tell."""
    data = chunk.head[: chunk.length]
    return (
        data.startswith(_PARAMETERS_START)
        and len(data) == chunk.length
        and is_own_text(data[-_ENDING_BYTES:].decode("latin-1"))
    )


def _is_own_text(stream: BinaryIO, chunk: Chunk) -> bool:
    text = texts.text_of(chunk.kind, chunks.first_bytes(stream, chunk, 2 * MAX_TWIN), 2 * MAX_TWIN)
    return text is not None and is_own_text(text)


def _keyword(stream: BinaryIO, chunk: Chunk) -> str:
    return texts.keyword_of(chunks.first_bytes(stream, chunk, texts.KEYWORD_BYTES))
