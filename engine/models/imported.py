"""The model and the files that another tool names for a picture, found on this machine by their names and hashes.

An import records no fingerprint, because the other tool knew none.  It records names, and hashes of several kinds.
No torch.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engine.errors import ModelError
from engine.models.fingerprints import data_digest, early_digest, file_digest, is_digest_known
from engine.models.library import Shelf, find_by_name, shown
from engine.models.loras import MAX_LORA_WEIGHT
from engine.models.paths import is_file
from engine.models.remembered import remembered
from engine.rendering.requests import EmbeddingChoice, LoraChoice
from latentpng.json_fields import is_number
from latentpng.record import Json, JsonObject
from latentpng.text import plain

_HEX = re.compile(r"(0x|sha256:|autov[123]:)?([0-9a-f]{8,64})", re.IGNORECASE)
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
_LONG = 10**9
"""Bytes of a file that takes so long to read that it has to be said."""
_MAX_NAME = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedParts:
    """What an import names besides its model.

    Attributes:
        loras: The LoRA files that are here.
        vae: The path of the VAE; "" for the model's own.
        embeddings: The textual inversions that are here.
        undone: What made the picture but is not done here, a phrase each.
    """

    loras: tuple[LoraChoice, ...] = ()
    vae: str = ""
    embeddings: tuple[EmbeddingChoice, ...] = ()
    undone: tuple[str, ...] = ()


def is_import(recorded: Json) -> bool:
    """Return whether another tool recorded this model, which then has no fingerprint."""
    return isinstance(recorded, Mapping) and bool(recorded) and "fingerprint" not in recorded


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


def hash_notice(recorded: Json, path: Path | None = None) -> str:
    """Return a sentence when opening an import first reads a large file, to compare its hash; "" otherwise.

    Args:
        recorded: The model that the picture records.
        path: The model that is used; None for the one of the recorded name.
    """
    if not is_import(recorded):
        return ""
    if path is None:
        with contextlib.suppress(ModelError):  # several files have this name
            path = find_by_name(Shelf.MODELS, text_of(recorded, "name"))
    try:
        if path is None or not is_file(path) or path.stat().st_size < _LONG or not _is_read_for(path, recorded):
            return ""
        return f"reading {shown(path)} ({path.stat().st_size / 10**9:.1f} GB) to compare its hash, this once"
    except OSError:
        return ""


def _is_read_for(path: Path, recorded: Json) -> bool:
    """Whether the recorded hash can be compared, and the digest is not known yet."""
    kind = next(iter(_asked(text_of(recorded, "hash"))[1]), early_digest)
    return kind is not early_digest and not is_digest_known(path, behind_header=kind is data_digest)


def _asked(recorded: str) -> tuple[str, tuple[Callable[[Path], str], ...]]:
    """The digits of a recorded hash, and the digests that it can be; none for other kinds."""
    match = _HEX.fullmatch(recorded.strip())
    if match is None:
        return "", ()
    digits = match[2].casefold()
    return digits, _DIGESTS.get((match[1] or "").casefold()) or _DIGESTS.get(len(digits)) or _ANY


def imported_model(recorded: Json) -> Path | None:
    """Return the model on this machine that has the recorded name, and the recorded hash if one can be compared.

    Args:
        recorded: The model that an import records.

    Returns:
        A file or a folder; None when there is none.
    """
    if not is_import(recorded):
        return None
    name, digest = text_of(recorded, "name"), text_of(recorded, "hash")
    with contextlib.suppress(ModelError):  # several files have this name
        found = find_by_name(Shelf.MODELS, f"{name} [{digest}]" if _HEX.fullmatch(digest) else name) if name else None
        if found is not None and same_hash(found, digest) is not False:
            return found
    loaded = (Path(entry.path) for entry in remembered() if entry.pipeline and name and entry.name == name)
    return next((path for path in loaded if same_hash(path, digest)), None)


def imported_parts(recorded: Json, settings: JsonObject) -> ImportedParts:
    """Return the LoRA files, the VAE and the textual inversions that an import names, as far as they are here.

    Args:
        recorded: The model that the import records.
        settings: All its settings.
    """
    if not is_import(recorded):
        return ImportedParts()
    undone: list[str] = []
    loras = [
        LoraChoice(path=str(path), weight=_weight(entry))
        for entry, path in _found(recorded, "loras", Shelf.LORAS, "LoRA", undone)
    ]
    embeddings = [
        EmbeddingChoice(path=str(path), word=text_of(entry, "name"))
        for entry, path in _found(recorded, "embeddings", Shelf.EMBEDDINGS, "textual inversion", undone)
    ]
    vaes = [str(path) for _, path in _found(recorded, "vae", Shelf.VAES, "VAE", undone)]
    passes = settings.get("passes")
    for one in passes if isinstance(passes, list | tuple) else ():
        undone.append(f"the {plain(text_of(one, 'kind') or 'further', _MAX_NAME)} pass is not rendered")
    return ImportedParts(
        loras=tuple(loras),
        vae=next(iter(vaes), ""),
        embeddings=tuple(embeddings),
        undone=tuple(dict.fromkeys(undone)),
    )


def text_of(entries: Json, name: str) -> str:
    """Return a text in the record of a picture; "" for anything else, because a picture may hold anything."""
    value = entries.get(name) if isinstance(entries, Mapping) else None
    return value if isinstance(value, str) else ""


def _found(recorded: Json, key: str, shelf: Shelf, noun: str, undone: list[str]) -> Iterator[tuple[Json, Path]]:
    """Yield each entry of a list (or the one entry) with its file; add a phrase for each that is not here."""
    value = recorded.get(key) if isinstance(recorded, Mapping) else None
    for entry in value if isinstance(value, list | tuple) else (value,):
        name = text_of(entry, "name")
        if not name:
            continue
        shown = f"{noun} {plain(name, _MAX_NAME)}"
        path: Path | None = None
        with contextlib.suppress(ModelError):  # several files have this name
            path = find_by_name(shelf, name)
        if path is None:
            undone.append(f"{shown} is not on this machine")
            continue
        if same_hash(path, text_of(entry, "hash")) is False:
            undone.append(f"{shown} is here with another hash than the recorded {plain(text_of(entry, 'hash'), 20)}")
        yield entry, path


def _weight(entry: Json) -> float:
    value = entry.get("weight") if isinstance(entry, Mapping) else None
    return float(value) if is_number(value) and abs(value) <= MAX_LORA_WEIGHT else 1.0
