"""The hashes that other tools record of a file: of what they are, and whether a file has one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from engine.models.fingerprints import data_digest, early_digest, file_digest, is_digest_known
from engine.paths import is_file

_HEX = re.compile(r"(0x|sha256:|autov[123]:)?([0-9a-f]{6,64})", re.IGNORECASE)
_EARLY_DIGITS = 8
_DIGESTS: Mapping[str | int, tuple[Callable[[Path], str], ...]] = MappingProxyType(
    {
        "sha256:": (file_digest,),
        "0x": (data_digest,),  # SwarmUI
        "autov1:": (early_digest,),  # Civitai
        "autov2:": (file_digest,),
        "autov3:": (data_digest,),
        _EARLY_DIGITS: (early_digest, file_digest),
        10: (file_digest,),  # A1111 and Fooocus
        12: (data_digest, file_digest),  # A1111 for a LoRA
    }
)
"""What a hash can be, by how it begins or by the number of its digits: each kind costs reading the file once."""
_ANY = (file_digest, data_digest)


def same_hash(path: Path, recorded: str) -> bool | None:
    """Return whether a file has the hash that another tool recorded.

    Args:
        path: A weights file.
        recorded: The first digits of the SHA-256 of the whole file (A1111, Civitai) or of all behind its header
            (LoRA files, SwarmUI), or the 8 digits of A1111's first versions.

    Returns:
        None if that cannot be told: there is no hash, it is of another kind, or the file cannot be read.
    """
    digits, kinds = _asked(recorded)
    if not kinds or not is_file(path):
        return None
    try:
        return any(digest(path).startswith(digits) for digest in kinds)
    except OSError:
        return None


def digits_of(recorded: str) -> str:
    """Return the digits of a recorded hash in lower case; "" for kinds that cannot be compared."""
    return _asked(recorded)[0]


def needs_reading(path: Path, recorded: str) -> bool:
    """Return whether comparing a recorded hash reads the whole file, because its digest is not known yet.

    Raises:
        OSError: The file cannot be read.
    """
    kind = next(iter(_asked(recorded)[1]), early_digest)
    return kind is not early_digest and not is_digest_known(path, behind_header=kind is data_digest)


def _asked(recorded: str) -> tuple[str, tuple[Callable[[Path], str], ...]]:
    """The digits of a recorded hash, and the digests that it can be; none for other kinds."""
    match = _HEX.fullmatch(recorded.strip())
    if match is None:
        return "", ()
    digits = match[2].casefold()
    return digits, _DIGESTS.get((match[1] or "").casefold()) or _DIGESTS.get(len(digits)) or _ANY
