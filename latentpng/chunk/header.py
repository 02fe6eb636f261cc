"""The front of a `laTn` chunk: its fixed header and its metadata, checked without touching the tensor.

SPEC.md, section 3, is the law.  This module needs neither NumPy nor zstandard, so `inspect` starts fast.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from enum import IntEnum

from latentpng.chunk.metadata import metadata_from_json
from latentpng.chunk.strict_json import read_json
from latentpng.chunk.validate import check_metadata
from latentpng.errors import DamagedLatentError, InvalidValueError, NewerVersionError
from latentpng.record import Json, JsonObject, Lineage, Metadata
from latentpng.shapes import MAX_AXES, MAX_ELEMENTS, MAX_STORED, check_dims, is_large

MAGIC = b"LPNG"
MAJOR = 1
MAX_CHUNK = 4 * 2**20
MAX_METADATA = 256 * 2**10
DTYPE_FP16 = 1
DTYPE_NAME = "float16"
LARGE = 0x01  # critical flag: more than 2^21 values, so that older readers ask for a newer one

_FIELDS = struct.Struct("<4sBBHIIBBBB4I32s")  # bytes 0 to 67; a CRC-32 follows
_LENGTHS = struct.Struct("<II52xI")  # from byte 8: the lengths of metadata and payload, and that CRC-32
HEADER_BYTES = _FIELDS.size + 4
_START_BYTES = 6  # magic and version, which are the same in every major version


class Codec(IntEnum):
    """The way in which the payload holds the tensor.

    Attributes:
        RECIPE: Not at all: replay gives it.
        RAW: As little-endian float16.
        SPLIT: Its high bytes compressed, then its low bytes as they are.
    """

    RECIPE = 0
    RAW = 1
    SPLIT = 2


_LAST_CODEC = max(Codec).value


@dataclass(frozen=True, kw_only=True, slots=True)
class Front:
    """What stands before the tensor.

    Attributes:
        version: Major and minor.
        chunk_bytes: The length of the data of the whole chunk, or of the twin's text chunk.
        flags: The low byte is critical, the high byte may be ignored.
        codec: How the payload holds the tensor; may be unknown to this version.
        dtype: The type of the tensor's values; may be unknown to this version.
        dims: The shape of the tensor; () if a newer version hides it.
        digest: SHA-256 (hex) of the decoded tensor.
        metadata: The JSON object as it stands in the file; {} if a newer version hides it.
        is_known: Whether the metadata keeps every rule of this version: it is neither hidden nor of a newer generator.
        newer: "", or a sentence on what a newer reader is needed for.
        is_twin: Whether it was read from the text twin.
        text: The JSON text of the metadata; b"" for a twin, whose text has more keys.
    """

    version: tuple[int, int]
    chunk_bytes: int
    flags: int = 0
    codec: int = 0
    dtype: int = 0
    dims: tuple[int, ...] = ()
    digest: str = ""
    metadata: JsonObject = field(default_factory=dict)
    is_known: bool = False
    newer: str = ""
    is_twin: bool = False
    text: bytes = field(default=b"", compare=False, repr=False)

    @property
    def carrier(self) -> str:
        """Where it was read: "chunk" or "twin"."""
        return "twin" if self.is_twin else "chunk"

    @property
    def parsed(self) -> Metadata | None:
        """The metadata as frozen values, or None if it is not known.  Each access makes them anew."""
        return metadata_from_json(self.metadata, len(self.dims)) if self.is_known else None

    def known(self, context: str) -> Metadata:
        """Return the metadata as frozen values; context: the start of the message.

        Raises:
            NewerVersionError: If a newer reader is needed.
        """
        if self.newer:
            raise NewerVersionError(f"{context}: {self.newer}")
        return metadata_from_json(self.metadata, len(self.dims))


def minor_of(lineage: Lineage, dims: tuple[int, ...]) -> int:
    """Return the lowest minor version that has all that a file needs: files without new keys never change."""
    if any(round_.before for round_ in lineage.rounds):
        return 3
    return 2 if is_large(dims) else 1 if lineage.moves_prompt else 0


def encode_front(
    metadata: bytes, payload_bytes: int, codec: Codec, dims: tuple[int, ...], digest: str, minor: int = 0
) -> bytes:
    """Return header and metadata, ready to be followed by the payload.

    Args:
        metadata: The JSON text.
        payload_bytes: The length of the payload.
        codec: How the payload holds the noise.
        dims: The shape of the noise.
        digest: SHA-256 (hex) of the noise.
        minor: The minor version.

    Raises:
        InvalidValueError: If metadata or chunk would be too long.
    """
    if len(metadata) > MAX_METADATA:
        raise InvalidValueError(f"metadata has at most {MAX_METADATA} bytes, found {len(metadata)}")
    if HEADER_BYTES + len(metadata) + payload_bytes > MAX_CHUNK:
        found = HEADER_BYTES + len(metadata) + payload_bytes
        raise InvalidValueError(f"a latent chunk has at most {MAX_CHUNK} bytes, found {found}")
    fields = _FIELDS.pack(
        MAGIC, MAJOR, minor, LARGE if is_large(dims) else 0, len(metadata), payload_bytes,
        codec, DTYPE_FP16, len(dims), 0, *dims, *([0] * (MAX_AXES - len(dims))), bytes.fromhex(digest),
    )  # fmt: skip
    return fields + struct.pack("<I", zlib.crc32(metadata, zlib.crc32(fields))) + metadata


def front_length(start: bytes) -> int:
    """Return how long header and metadata are together, from the first 12 bytes of a chunk; not checked yet."""
    return HEADER_BYTES + min(MAX_METADATA, int.from_bytes(start[8:12], "little"))


def decode_front(data: bytes, chunk_bytes: int, context: str) -> Front:
    """Return the front of a chunk, every rule of SPEC.md about it checked.

    Args:
        data: The header and the metadata; what follows them is ignored.
        chunk_bytes: The length of the whole chunk's data.
        context: The start of every message, such as "x.png: latent chunk at byte 1204".

    Raises:
        DamagedLatentError: If a rule is broken.
    """
    if len(data) < _START_BYTES or not data.startswith(MAGIC):
        raise DamagedLatentError(f"{context}: the magic bytes {MAGIC!r} needed, found {data[:4]!r}")
    version = (data[4], data[5])
    if version[0] == 0:
        raise DamagedLatentError(f"{context}: major version 1 needed, found 0")
    if version[0] != MAJOR:
        return Front(
            version=version,
            chunk_bytes=chunk_bytes,
            newer=f"only version {MAJOR} is supported, found {version[0]}",
        )
    text = _metadata_text(data, chunk_bytes, context)
    _, _, _, flags, _, _, codec, dtype, ndim, zero, *dims, digest = _FIELDS.unpack_from(data)
    if flags & 0xFF & ~LARGE:
        newer = f"only the critical flag {LARGE:#04x} is supported, found {flags & 0xFF:#04x}"
        return Front(
            version=version, chunk_bytes=chunk_bytes, flags=flags, codec=codec, dtype=dtype, digest=digest.hex(),
            newer=newer,
        )  # fmt: skip
    if zero:
        raise DamagedLatentError(f"{context}: byte 19 is 0, found {zero}")
    if not 1 <= ndim <= MAX_AXES or any(dims[ndim:]):
        raise DamagedLatentError(
            f"{context}: 1 to {MAX_AXES} dimensions and zeros behind them needed, found {ndim}: {dims}"
        )
    shape = tuple(dims[:ndim])
    _check_large(flags, codec, shape, context)
    metadata, newer = _read_metadata(text, shape, context)
    return Front(
        version=version,
        chunk_bytes=chunk_bytes,
        flags=flags,
        codec=codec,
        dtype=dtype,
        dims=shape,
        digest=digest.hex(),
        metadata=metadata,
        is_known=not newer,
        newer=_newer_payload(codec, dtype) or newer,
        text=text,
    )


def _check_large(flags: int, codec: int, shape: tuple[int, ...], context: str) -> None:
    """Raise DamagedLatentError unless the dimensions are as many as the flag says, and large noise is not stored."""
    try:
        check_dims(shape, MAX_ELEMENTS if flags & LARGE else MAX_STORED)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{context}: {error}") from error
    if flags & LARGE and not is_large(shape):
        raise DamagedLatentError(
            f"{context}: the flag {LARGE:#04x} needs more than {MAX_STORED} elements, found dimensions {list(shape)}"
        )
    if flags & LARGE and Codec.RECIPE < codec <= _LAST_CODEC:
        raise DamagedLatentError(f"{context}: more than {MAX_STORED} elements are a recipe, found codec {codec}")


def _metadata_text(data: bytes, chunk_bytes: int, context: str) -> bytes:
    """Return the JSON text behind a header of this major version; lengths and checksum are checked."""
    if chunk_bytes > MAX_CHUNK:
        raise DamagedLatentError(f"{context}: at most {MAX_CHUNK} bytes, found {chunk_bytes}")
    if len(data) < HEADER_BYTES:
        raise DamagedLatentError(f"{context}: a header of {HEADER_BYTES} bytes needed, found {len(data)}")
    length, payload, crc = _LENGTHS.unpack_from(data, 8)
    if length > MAX_METADATA:
        raise DamagedLatentError(f"{context}: metadata has at most {MAX_METADATA} bytes, found {length}")
    end = HEADER_BYTES + length
    if end + payload != chunk_bytes:
        raise DamagedLatentError(f"{context}: its header describes {end + payload} bytes, found {chunk_bytes}")
    text = data[HEADER_BYTES:end]
    if zlib.crc32(text, zlib.crc32(data[: _FIELDS.size])) != crc:
        raise DamagedLatentError(f"{context}: the checksum of header and metadata does not match")
    return text


def _newer_payload(codec: int, dtype: int) -> str:
    if dtype != DTYPE_FP16:
        return f"only dtype {DTYPE_FP16} is supported, found {dtype}"
    return f"only codecs 0 to {_LAST_CODEC} are supported, found {codec}" if codec > _LAST_CODEC else ""


def _read_metadata(text: bytes, dims: tuple[int, ...], context: str) -> tuple[dict[str, Json], str]:
    """Return the metadata, and what a newer reader is needed for."""
    try:
        entries = read_json(text)
        return entries, check_metadata(entries, dims)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{context}: {error}") from error
