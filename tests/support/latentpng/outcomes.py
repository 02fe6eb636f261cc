"""The results of latentpng's reader in the form of the plain reader, so that the two can be compared."""

from __future__ import annotations

from latentpng.chunk.header import Front
from latentpng.errors import DamagedLatentError, FileError, NoLatentError, UnreadableFileError
from tests.support.latentpng.plain_reader import DAMAGED, NO_LATENT, NO_PNG, PlainFront

_ENDS: dict[type[FileError], str] = {UnreadableFileError: NO_PNG, NoLatentError: NO_LATENT, DamagedLatentError: DAMAGED}


def plain_front(front: Front) -> PlainFront:
    """Return a front in the form of the plain reader."""
    return PlainFront(
        carrier=front.carrier,
        version=front.version,
        dims=front.dims,
        digest=front.digest,
        metadata=dict(front.metadata) or None,
        is_newer=bool(front.newer),
    )


def plain_end(error: FileError) -> str:
    """Return an error in the form of the plain reader."""
    return _ENDS[type(error)]
