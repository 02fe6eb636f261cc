"""The conversion of a record to the data of its `laTn` chunk, and back.  SPEC.md, section 3, is the law.

This module knows no PNG: `png/files.py` puts these bytes into one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentpng.chunk.header import HEADER_BYTES, Codec, Front, decode_front, encode_front, minor_of
from latentpng.chunk.metadata import metadata_to_json
from latentpng.chunk.payload import decode_tensor, encode_tensor
from latentpng.chunk.strict_json import write_json
from latentpng.errors import DamagedLatentError, InvalidValueError, NoLatentError, ReplayDiffersError
from latentpng.noise import replay
from latentpng.record import LatentRecord, Metadata, SeedRoot
from latentpng.shapes import is_large

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Codec", "decode_record", "encode_record", "record_of_twin"]


def encode_record(record: LatentRecord, codec: Codec = Codec.SPLIT) -> bytes:
    """Return the data of a record's chunk.

    Args:
        record: The record.
        codec: How the noise is stored.  SPLIT falls back to RAW where that is shorter; RECIPE stores no noise and needs
            a seeded root.  Noise of more than 2^21 values is always a recipe.

    Raises:
        InvalidValueError: If the record breaks a rule or a limit of the format.
    """
    seeded = isinstance(record.lineage.root, SeedRoot)
    if codec == Codec.RECIPE and not seeded:
        raise InvalidValueError("a recipe needs a seeded root: nothing else can rebuild this noise")
    stored = replay.digest(record.tensor)
    if seeded and stored != record.node:
        raise InvalidValueError(f"node is the SHA-256 of the stored noise, {stored}, found {record.node}")
    if is_large(record.tensor.shape):
        codec = Codec.RECIPE
    payload = encode_tensor(record.tensor, codec)
    if codec == Codec.SPLIT and len(payload) >= record.tensor.nbytes:
        codec, payload = Codec.RAW, encode_tensor(record.tensor, Codec.RAW)
    metadata = write_json(metadata_to_json(record.metadata))
    minor = minor_of(record.lineage, record.tensor.shape)
    return encode_front(metadata, len(payload), codec, record.tensor.shape, stored, minor) + payload


def decode_record(data: bytes, context: str, on_progress: replay.OnProgress | None = None) -> LatentRecord:
    """Return the record that a chunk's data describe.

    Args:
        data: The data of the chunk.
        context: The start of every message, such as "x.png: latent chunk at byte 1204".
        on_progress: Called after each replayed round of a recipe.

    Raises:
        DamagedLatentError: If a rule of SPEC.md is broken.
        NewerVersionError: If a newer reader is needed.
        ReplayDiffersError: If a recipe does not lead to the noise that it names.
    """
    front = decode_front(data, len(data), context)
    metadata = front.known(context)
    payload = data[HEADER_BYTES + _metadata_bytes(data) :]
    if front.codec == Codec.RECIPE:
        if payload:
            raise DamagedLatentError(f"{context}: a recipe has no payload, found {len(payload)} bytes")
        tensor = _replayed(metadata, front, context, on_progress)
    else:
        tensor = decode_tensor(payload, front.codec, front.dims, front.digest, context)
    return _record(metadata, tensor, front, context)


def record_of_twin(front: Front, context: str, on_progress: replay.OnProgress | None = None) -> LatentRecord:
    """Return the record of a text twin, with its noise rebuilt.

    Args:
        front: What the twin says.
        context: The start of every message.
        on_progress: Called after each replayed round.

    Raises:
        NoLatentError: If only the missing chunk had the noise.
        DamagedLatentError: If a rule of SPEC.md is broken.
        NewerVersionError: If a newer reader is needed.
        ReplayDiffersError: If the lineage does not lead to the noise that it names.
    """
    metadata = front.known(context)
    if not isinstance(metadata.lineage.root, SeedRoot):
        raise NoLatentError(f"{context}: the laTn chunk that stored its noise is missing, and no seed can rebuild it")
    return _record(metadata, _replayed(metadata, front, context, on_progress), front, context)


def _metadata_bytes(data: bytes) -> int:
    return int.from_bytes(data[8:12], "little")


def _replayed(
    metadata: Metadata, front: Front, context: str, on_progress: replay.OnProgress | None
) -> NDArray[np.float16]:
    if not isinstance(metadata.lineage.root, SeedRoot):
        raise DamagedLatentError(f"{context}: a recipe needs a seeded root, found a tensor root")
    try:
        noise = replay.replay(metadata.lineage, front.dims, metadata.axes, on_progress=on_progress)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{context}: {error}") from error
    found = replay.digest(noise)
    if found != front.digest:
        raise ReplayDiffersError(
            f"{context}: its lineage must lead to noise with SHA-256 {front.digest}, found {found}"
        )
    return noise


def _record(metadata: Metadata, tensor: NDArray[np.float16], front: Front, context: str) -> LatentRecord:
    if isinstance(metadata.lineage.root, SeedRoot) and metadata.node != front.digest:
        raise DamagedLatentError(
            f"{context}: node is the SHA-256 of the stored noise, {front.digest}, found {metadata.node}"
        )
    try:
        return LatentRecord(metadata=metadata, tensor=tensor)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{context}: {error}") from error
