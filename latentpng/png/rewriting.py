"""The parts of a PNG with a different latent, or without one.

Ranges of the file stay ranges until they are copied, so a file of any size costs no memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO, NamedTuple, TypeAlias

from latentpng.chunk import codec
from latentpng.errors import UnreadableFileError
from latentpng.png import carriers, chunks, texts
from latentpng.png.chunks import Chunk
from latentpng.png.clean import Part, cleaned
from latentpng.record import LatentRecord

Warn: TypeAlias = Callable[[], None]
"""Called before a picture with a C2PA signature is changed, which invalidates the signature."""


class _Layout(NamedTuple):
    """The parts of a PNG.

    Attributes:
        kept: Start and end of each range without carriers, in order.
        first_idat: Where the first IDAT starts; 0 if there is none.
        signed: Whether there is a C2PA signature.
        has_parameters: Whether there is a `parameters` text of another tool.
        texts: The chunks in which other tools may have written text.
    """

    kept: list[tuple[int, int]]
    first_idat: int
    signed: bool
    has_parameters: bool
    texts: list[Chunk]


def _layout(stream: BinaryIO, size: int, name: str) -> _Layout:
    kept, start, first_idat, signed, has_parameters = [], 0, 0, False, False
    others: list[Chunk] = []
    for chunk, origin in carriers.sort(stream, size, name):
        signed = signed or chunk.kind == carriers.SIGNED_KIND
        if chunk.kind == b"IDAT" and not first_idat:
            first_idat = chunk.offset
        has_parameters = has_parameters or origin is carriers.Origin.OTHER_PARAMETERS
        if origin is carriers.Origin.LATENTPNG:
            if chunk.offset > start:
                kept.append((start, chunk.offset))
            start = chunk.end
        elif chunk.kind in texts.KINDS_OF_TOOLS:
            others.append(chunk)
    return _Layout([*kept, (start, size)], first_idat, signed, has_parameters, others)


def without(
    stream: BinaryIO, size: int, name: str, warn: Warn | None, *, everything: bool
) -> tuple[Sequence[Part], bool]:
    """Return the parts without a latent, and whether anything is left out.

    Args:
        stream: The PNG.
        size: Its length in bytes.
        name: Its name, for messages.
        warn: Called before a signature is broken.
        everything: Leave out the texts and the metadata of all tools too.

    Raises:
        UnreadableFileError: If it is not a PNG.
    """
    if everything:
        return cleaned(stream, size, name)
    layout = _layout(stream, size, name)
    kept, signed = layout.kept, layout.signed
    carried = kept != [(0, size)]
    if carried and signed and warn is not None:
        warn()
    return kept, carried


def with_record(stream: BinaryIO, size: int, name: str, record: LatentRecord, warn: Warn | None) -> Iterator[bytes]:
    """Return the bytes of a PNG with a record in it; errors are raised here, before the first of them is written.

    Args:
        stream: The PNG.
        size: Its length in bytes.
        name: Its name, for messages.
        record: The record, in place of the one that the PNG carries.
        warn: Called before a signature is broken.

    Raises:
        UnreadableFileError: If it is not a PNG with pixels.
        InvalidValueError: If the record breaks a rule of the format.
    """
    latent = codec.encode_record(record)
    kept, first_idat, signed, has_parameters, others = _layout(stream, size, name)
    carried = carriers.encode_carriers(record, latent, parameters=not has_parameters)
    if not first_idat:
        raise UnreadableFileError(f"{name}: it has no pixels (IDAT)")
    if signed and warn is not None:
        warn()
    checksums = _wrong_checksums(stream, others, name)
    front = _corrected([(start, min(stop, first_idat)) for start, stop in kept], checksums)
    rest = _corrected([(max(start, first_idat), stop) for start, stop in kept], checksums)
    return chain(copied(stream, front, name), [carried], copied(stream, rest, name))


def _wrong_checksums(stream: BinaryIO, others: list[Chunk], name: str) -> list[tuple[int, bytes]]:
    """Return where wrong checksums of other tools' texts stand, and what should stand there.

    They are corrected when a latent is added, because a wrong checksum in a file with a latent is reported as damage.
    """
    found = [(chunk.end - 4, *chunks.checksums_of(stream, chunk, name)) for chunk in others]
    return [(at, right) for at, right, wrong in found if right != wrong]


def _corrected(ranges: list[tuple[int, int]], checksums: list[tuple[int, bytes]]) -> list[Part]:
    """Return the parts of ranges with these checksums in place of those that stand there; both are in order."""
    parts: list[Part] = []
    left = deque(checksums)
    for start, stop in ranges:
        while left and left[0][0] < stop:
            at, right = left.popleft()
            if at >= start:
                parts += [(start, at), right]
                start = at + 4
        parts.append((start, stop))
    return parts


def copied(stream: BinaryIO, parts: Sequence[Part], name: str) -> Iterator[bytes]:
    """Yield the bytes of parts, of ranges a megabyte at once, because a file may be larger than memory."""
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        start, stop = part
        while start < stop:
            try:
                stream.seek(start)
                piece = stream.read(min(stop - start, chunks.PIECE))
            except OSError as error:
                raise UnreadableFileError(f"{name}: it cannot be read ({error.strerror or error})") from error
            if not piece:
                raise UnreadableFileError(f"{name}: the file became shorter while it was read")
            yield piece
            start += len(piece)
