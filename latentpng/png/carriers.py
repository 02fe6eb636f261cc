"""Where a PNG carries a latent: the `laTn` chunk, its text twin, and the `parameters` text.  SPEC.md, "Carriers".

Finds them and builds them; needs no NumPy, and reads a few kilobytes of a file that has its chunk in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, TypeGuard

from latentpng.chunk.header import (
    DTYPE_FP16,
    DTYPE_NAME,
    HEADER_BYTES,
    MAJOR,
    MAX_CHUNK,
    MAX_METADATA,
    Front,
    decode_front,
    front_length,
    minor_of,
)
from latentpng.chunk.metadata import metadata_to_json
from latentpng.chunk.strict_json import read_json, write_json
from latentpng.chunk.validate import check_metadata
from latentpng.errors import DamagedLatentError, InvalidValueError, NoLatentError, UnreadableFileError
from latentpng.png import chunks, texts
from latentpng.png.chunks import Chunk
from latentpng.png.parameters import KEYWORD as PARAMETERS
from latentpng.png.parameters import is_ours, parameters_text
from latentpng.record import Json, LatentRecord
from latentpng.rules import check_digest
from latentpng.shapes import MAX_AXES, check_dims

KIND = b"laTn"
TWIN = "latentpng"
SIGNED_KIND = b"caBX"
MAX_TWIN = MAX_METADATA + 1024
MAX_PARAMETERS = 16  # a compressed one takes a millisecond to look into, and a file could hold thousands
_TWIN_STARTS = (f"{TWIN}\0".encode(), TWIN.encode())  # the second is a text chunk that ends with its keyword
_PARAMETERS_START = f"{PARAMETERS}\0".encode()
_ENDING_BYTES = 100  # more than the last field of our `parameters` has
_TWIN_KEYS = ("digest", "dims", "dtype", "version")


class Whose(Enum):
    """Whose a chunk is: what this format writes, a `parameters` text of another tool, anything else."""

    OURS = "ours"
    PARAMETERS = "parameters"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The carrier that counts.

    Attributes:
        chunk: A laTn chunk, or the text chunk of the twin.
        is_twin: It is the twin.
        other_texts: Whether chunks were seen in which another tool may have written text: all such chunks before the
            pixels, and those behind them as well where the carrier is not before the pixels.
    """

    chunk: Chunk
    is_twin: bool
    other_texts: bool

    def place(self, path: str) -> str:
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
            if _is_twin(stream, chunk):
                twin = twin or chunk
            elif not other_texts:
                other_texts = not _is_our_parameters(chunk)
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
    """Return what stands before the tensor of a carrier.  DamagedLatentError if it breaks a rule of SPEC.md."""
    place, chunk = found.place(path), found.chunk
    if found.is_twin:
        return front_of_twin(stream, chunk, place)
    data = chunk.head[: chunk.length]
    if len(data) < HEADER_BYTES:
        data = chunks.first_bytes(stream, chunk, HEADER_BYTES)
    needed = front_length(data)
    if len(data) < needed:
        data = chunks.first_bytes(stream, chunk, needed)
    front = decode_front(data, chunk.length, place)
    if front.version[0] != MAJOR and chunk.length <= MAX_CHUNK:
        # its own checksum may stand elsewhere: only PNG's can tell a flipped bit
        latent_data(stream, chunk, place)
    return front


def latent_data(stream: BinaryIO, chunk: Chunk, place: str) -> bytes:
    """The data of a laTn chunk.  DamagedLatentError when it is too long or its checksum does not match."""
    if chunk.length > MAX_CHUNK:
        raise DamagedLatentError(f"{place}: at most {MAX_CHUNK} bytes, found {chunk.length}")
    try:
        return chunks.data_of(stream, chunk, place)
    except UnreadableFileError as error:
        raise DamagedLatentError(str(error)) from error


def front_of_twin(stream: BinaryIO, chunk: Chunk, place: str) -> Front:
    """The twin as the front of a recipe: the same metadata, no tensor."""
    if chunk.length > 2 * MAX_TWIN:
        raise DamagedLatentError(f"{place}: at most {MAX_TWIN} characters, found {chunk.length}")
    try:
        data = chunks.data_of(stream, chunk, place)
    except UnreadableFileError as error:
        raise DamagedLatentError(str(error)) from error
    text = texts.text_of(chunk.kind, data, MAX_TWIN)
    if text is None:
        raise DamagedLatentError(
            f"{place}: a text of at most {MAX_TWIN} characters needed, found a longer or malformed one"
        )
    try:
        return _twin_front(read_json(text.encode()), len(data))
    except InvalidValueError as error:
        raise DamagedLatentError(f"{place}: {error}") from error


def encode_carriers(record: LatentRecord, latent: bytes, *, parameters: bool) -> bytes:
    """The chunks that go before the first IDAT.  latent: the laTn data; parameters: write that text too."""
    twin: dict[str, Json] = {
        **metadata_to_json(record.metadata),
        "digest": decode_front(latent, len(latent), "").digest,
        "dims": list(record.tensor.shape),
        "dtype": DTYPE_NAME,
        "version": [MAJOR, minor_of(record.lineage)],
    }
    text = parameters_text(record.settings, record.lineage) if parameters else ""
    return b"".join(
        (
            texts.build_text(PARAMETERS, text) if text else b"",
            texts.build_text(TWIN, write_json(twin).decode("ascii")),
            chunks.build(KIND, latent),
        )
    )


def sort(stream: BinaryIO, size: int, path: str) -> Iterator[tuple[Chunk, Whose]]:
    """All chunks of a PNG, and whose they are.

    UnreadableFileError when it is none, or has too many `parameters` texts.
    """
    others = 0
    for chunk in chunks.walk(stream, size, path):
        if chunk.kind == KIND or _is_twin(stream, chunk):
            yield chunk, Whose.OURS
        elif chunk.kind in texts.KINDS and _keyword(stream, chunk) == PARAMETERS:
            others += 1
            if others > MAX_PARAMETERS:
                raise UnreadableFileError(
                    f"{path}: at most {MAX_PARAMETERS} texts named {PARAMETERS!r} are supported, found more"
                )
            yield chunk, Whose.OURS if _is_our_text(stream, chunk) else Whose.PARAMETERS
        else:
            yield chunk, Whose.OTHER


def _twin_front(entries: dict[str, Json], length: int) -> Front:
    digest, dims, dtype, version = (entries.pop(key, None) for key in _TWIN_KEYS)
    if not isinstance(version, list) or len(version) != 2 or not all(map(_is_byte, version)):
        raise InvalidValueError("version is a list of two whole numbers, 0 to 255")
    numbers = (version[0], version[1])
    if numbers[0] < MAJOR:
        raise InvalidValueError(f"major version {MAJOR} needed, found {numbers[0]}")
    if numbers[0] > MAJOR:
        return Front(
            version=numbers,
            chunk_bytes=length,
            is_twin=True,
            newer=f"only version {MAJOR} is supported, found {numbers[0]}",
        )
    if not isinstance(dims, list) or not 1 <= len(dims) <= MAX_AXES or not all(type(side) is int for side in dims):
        raise InvalidValueError(f"dims are a list of 1 to {MAX_AXES} whole numbers")
    if not isinstance(digest, str) or not isinstance(dtype, str):
        raise InvalidValueError("digest and dtype are texts")
    check_digest("digest", digest)
    shape = tuple(int(side) for side in dims)
    check_dims(shape)
    unknown = newer = check_metadata(entries, shape)
    if dtype != DTYPE_NAME:
        newer = f"only dtype {DTYPE_NAME!r} is supported, found {dtype[:80]!r}"
    return Front(
        version=numbers,
        chunk_bytes=length,
        dtype=DTYPE_FP16,
        dims=shape,
        digest=digest,
        metadata=entries,
        is_known=not unknown,
        newer=newer,
        is_twin=True,
    )


def _is_byte(number: Json) -> TypeGuard[int]:
    return type(number) is int and 0 <= number < 256


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


def _is_twin(stream: BinaryIO, chunk: Chunk) -> bool:
    return chunk.kind in texts.KINDS and chunks.first_bytes(stream, chunk, len(TWIN) + 1) in _TWIN_STARTS


def _is_our_parameters(chunk: Chunk) -> bool:
    """Return whether a text chunk within the first page has our `parameters`; False where that takes more to tell."""
    data = chunk.head[: chunk.length]
    return (
        data.startswith(_PARAMETERS_START)
        and len(data) == chunk.length
        and is_ours(data[-_ENDING_BYTES:].decode("latin-1"))
    )


def _is_our_text(stream: BinaryIO, chunk: Chunk) -> bool:
    text = texts.text_of(chunk.kind, chunks.first_bytes(stream, chunk, 2 * MAX_TWIN), 2 * MAX_TWIN)
    return text is not None and is_ours(text)


def _keyword(stream: BinaryIO, chunk: Chunk) -> str:
    return texts.keyword_of(chunks.first_bytes(stream, chunk, texts.KEYWORD_BYTES))
