"""A record <-> the data of its `laTn` chunk, and <-> its text twin.  SPEC.md is the law; every limit is checked here.

Knows no PNG: `files.py` puts these bytes into one.
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

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Codec", "decode_record", "encode_record", "record_of_twin"]


def encode_record(record: LatentRecord, codec: Codec = Codec.SPLIT) -> bytes:
    """The chunk's data.  InvalidValueError when the record breaks a rule or a limit of the format.

    codec: SPLIT falls back to RAW where that is shorter; RECIPE stores no tensor and needs a seeded root.
    """
    seeded = isinstance(record.lineage.root, SeedRoot)
    if codec == Codec.RECIPE and not seeded:
        raise InvalidValueError("a recipe needs a seeded root: nothing else can rebuild this noise")
    stored = replay.digest(record.tensor)
    if seeded and stored != record.node:
        raise InvalidValueError(f"node is the SHA-256 of the stored noise, {stored}, found {record.node}")
    payload = encode_tensor(record.tensor, codec)
    if codec == Codec.SPLIT and len(payload) >= record.tensor.nbytes:
        codec, payload = Codec.RAW, encode_tensor(record.tensor, Codec.RAW)
    metadata = write_json(metadata_to_json(record.metadata))
    minor = minor_of(record.lineage)
    return encode_front(metadata, len(payload), codec, record.tensor.shape, stored, minor) + payload


def decode_record(data: bytes, place: str, on_progress: replay.OnProgress | None = None) -> LatentRecord:
    """The record in a chunk's data.  place: starts the text of every error ("x.png: latent chunk at byte 1204").

    on_progress: hears how far the replay of a recipe is.
    DamagedLatentError, NewerVersionError; ReplayDiffersError when a recipe does not lead to the noise it names.
    """
    front = decode_front(data, len(data), place)
    metadata = front.known(place)
    payload = data[HEADER_BYTES + _metadata_bytes(data) :]
    if front.codec == Codec.RECIPE:
        if payload:
            raise DamagedLatentError(f"{place}: a recipe has no payload, found {len(payload)} bytes")
        tensor = _replayed(metadata, front, place, on_progress)
    else:
        tensor = decode_tensor(payload, front.codec, front.dims, front.digest, place)
    return _record(metadata, tensor, front, place)


def record_of_twin(front: Front, place: str, on_progress: replay.OnProgress | None = None) -> LatentRecord:
    """The record of a text twin, its noise rebuilt.  NoLatentError when only the chunk had the noise."""
    metadata = front.known(place)
    if not isinstance(metadata.lineage.root, SeedRoot):
        raise NoLatentError(f"{place}: the laTn chunk that stored its noise is missing, and no seed can rebuild it")
    return _record(metadata, _replayed(metadata, front, place, on_progress), front, place)


def _metadata_bytes(data: bytes) -> int:
    return int.from_bytes(data[8:12], "little")


def _replayed(
    metadata: Metadata, front: Front, place: str, on_progress: replay.OnProgress | None
) -> NDArray[np.float16]:
    if not isinstance(metadata.lineage.root, SeedRoot):
        raise DamagedLatentError(f"{place}: a recipe needs a seeded root, found a tensor root")
    try:
        noise = replay.replay(metadata.lineage, front.dims, metadata.axes, on_progress=on_progress)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{place}: {error}") from error
    found = replay.digest(noise)
    if found != front.digest:
        raise ReplayDiffersError(f"{place}: its lineage must lead to noise with SHA-256 {front.digest}, found {found}")
    return noise


def _record(metadata: Metadata, tensor: NDArray[np.float16], front: Front, place: str) -> LatentRecord:
    if isinstance(metadata.lineage.root, SeedRoot) and metadata.node != front.digest:
        raise DamagedLatentError(
            f"{place}: node is the SHA-256 of the stored noise, {front.digest}, found {metadata.node}"
        )
    try:
        return LatentRecord(metadata=metadata, tensor=tensor)
    except InvalidValueError as error:
        raise DamagedLatentError(f"{place}: {error}") from error
