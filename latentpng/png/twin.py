"""The text twin of a `laTn` chunk: its metadata as a text chunk, for tools that drop private chunks and keep text.

SPEC.md, section 2, is the law.
"""

from __future__ import annotations

from typing import BinaryIO, TypeGuard

from latentpng.chunk.header import DTYPE_FP16, DTYPE_NAME, MAJOR, MAX_METADATA, Front, minor_of
from latentpng.chunk.metadata import metadata_to_json
from latentpng.chunk.strict_json import read_json, write_json
from latentpng.chunk.validate import check_metadata
from latentpng.errors import DamagedLatentError, InvalidValueError, UnreadableFileError
from latentpng.json_fields import is_integer
from latentpng.png import chunks, texts
from latentpng.png.chunks import Chunk
from latentpng.record import Json, LatentRecord
from latentpng.rules import check_digest
from latentpng.shapes import MAX_AXES, check_dims

TWIN = "latentpng"
MAX_TWIN = MAX_METADATA + 1024

_STARTS = (f"{TWIN}\0".encode(), TWIN.encode())  # the second is a text chunk that ends with its keyword
_ADDED_KEYS = ("digest", "dims", "dtype", "version")


def is_twin(stream: BinaryIO, chunk: Chunk) -> bool:
    """Return whether a chunk is a twin; what its text says is not checked."""
    if chunk.kind not in texts.KINDS:
        return False
    return chunk.head.startswith(_STARTS[0]) or chunks.first_bytes(stream, chunk, len(TWIN) + 1) in _STARTS


def build_twin(record: LatentRecord, digest: str) -> bytes:
    """Return the whole text chunk; digest: SHA-256 (hex) of the stored noise."""
    entries: dict[str, Json] = {
        **metadata_to_json(record.metadata),
        "digest": digest,
        "dims": list(record.tensor.shape),
        "dtype": DTYPE_NAME,
        "version": [MAJOR, minor_of(record.lineage, record.tensor.shape)],
    }
    return texts.build_text(TWIN, write_json(entries).decode("ascii"))


def front_of_twin(stream: BinaryIO, chunk: Chunk, context: str) -> Front:
    """Return what a twin says, as the front of a recipe: the same metadata, and no noise.

    Args:
        stream: The file.
        chunk: The text chunk.
        context: The start of every message.

    Raises:
        DamagedLatentError: If a rule of SPEC.md is broken.
    """
    if chunk.length > 2 * MAX_TWIN:
        raise DamagedLatentError(f"{context}: at most {MAX_TWIN} characters, found {chunk.length}")
    try:
        data = chunks.data_of(stream, chunk, context)
    except UnreadableFileError as error:
        raise DamagedLatentError(str(error)) from error
    text = texts.text_of(chunk.kind, data, MAX_TWIN)
    if text is None:
        raise DamagedLatentError(
            f"{context}: a text of at most {MAX_TWIN} characters needed, found a longer or malformed one"
        )
    try:
        return _front(read_json(text.encode()), len(data))
    except InvalidValueError as error:
        raise DamagedLatentError(f"{context}: {error}") from error


def _front(entries: dict[str, Json], chunk_bytes: int) -> Front:
    digest, dims, dtype, version = (entries.pop(key, None) for key in _ADDED_KEYS)
    if not isinstance(version, list) or len(version) != 2 or not all(map(_is_byte, version)):
        raise InvalidValueError("version is a list of two whole numbers, 0 to 255")
    major, minor = version
    if major < MAJOR:
        raise InvalidValueError(f"major version {MAJOR} needed, found {major}")
    if major > MAJOR:
        newer = f"only version {MAJOR} is supported, found {major}"
        return Front(version=(major, minor), chunk_bytes=chunk_bytes, is_twin=True, newer=newer)
    if not isinstance(dims, list) or not 1 <= len(dims) <= MAX_AXES or not all(map(is_integer, dims)):
        raise InvalidValueError(f"dims are a list of 1 to {MAX_AXES} whole numbers")
    if not isinstance(digest, str) or not isinstance(dtype, str):
        raise InvalidValueError("digest and dtype are texts")
    check_digest("digest", digest)
    shape = tuple(dims)
    check_dims(shape)
    unknown = newer = check_metadata(entries, shape)
    if dtype != DTYPE_NAME:
        newer = f"only dtype {DTYPE_NAME!r} is supported, found {dtype[:80]!r}"
    return Front(
        version=(major, minor),
        chunk_bytes=chunk_bytes,
        dtype=DTYPE_FP16,
        dims=shape,
        digest=digest,
        metadata=entries,
        is_known=not unknown,
        newer=newer,
        is_twin=True,
    )


def _is_byte(number: Json) -> TypeGuard[int]:
    return is_integer(number) and 0 <= number < 256
