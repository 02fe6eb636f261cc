"""The noise that a search began with, where no seed gives it: a file of its own beside the journal.

Every picture of such a search holds that noise too, but picks are in the journal before any picture is rendered.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from engine.errors import StoreError
from engine.paths import open_regular
from latentpng.errors import LatentPngError
from latentpng.png.atomic import write_atomically
from latentpng.record import LatentRecord, Lineage
from latentpng.text import plain

_DIGEST = re.compile("[0-9a-f]{64}")
_DIGITS = 16


def noise_digest(record: LatentRecord | None) -> str:
    """Return SHA-256 (hex) of the stored noise of a tensor root; "" for a seed root."""
    tensor = None if record is None else record.root_tensor
    return "" if tensor is None else hashlib.sha256(tensor.tobytes()).hexdigest()


def write_noise(folder: Path, record: LatentRecord) -> None:
    """Save the noise of a tensor root in the folder of a session, unless it is there.

    Args:
        folder: The folder, which exists.
        record: The record of any picture of that root.

    Raises:
        StoreError: It cannot be written.
    """
    from latentpng.chunk.codec import encode_record  # numpy: not before there is noise
    from latentpng.noise.replay import record_of

    digest = noise_digest(record)
    if read_noise(folder, digest) is not None:
        return
    root = Lineage(root=record.lineage.root)
    try:
        alone = record_of(root, record.tensor, axes=record.axes, root_tensor=record.tensor)
        write_atomically(folder / _name(digest), [encode_record(alone)])
    except LatentPngError as error:
        raise StoreError(f"the noise that this search began with cannot be saved: {plain(str(error))}") from error


def read_noise(folder: Path, digest: str) -> LatentRecord | None:
    """Return a record that holds the noise of a session's root; None where its file is missing or damaged.

    Args:
        folder: The folder of the session.
        digest: What `noise_digest` returned for it.
    """
    from latentpng.chunk.codec import decode_record
    from latentpng.chunk.header import MAX_CHUNK

    if not _DIGEST.fullmatch(digest):  # a journal may come from a stranger, and this becomes the name of a file
        return None
    file = folder / _name(digest)
    try:
        with open_regular(file) as stream:
            data = stream.read(MAX_CHUNK + 1)
        record = decode_record(data, plain(str(file)))
    except (LatentPngError, OSError):
        return None
    return record if noise_digest(record) == digest else None


def _name(digest: str) -> str:
    return f"noise-{digest[:_DIGITS]}.laTn"
