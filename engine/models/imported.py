"""The model and the files that another tool names for a picture, found on this machine by their names and hashes.

An import records no fingerprint, because the other tool knew none.  It records names, and hashes of several kinds.
No torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from engine.errors import ModelError
from engine.models.embeddings import is_embedding
from engine.models.hashes import digits_of, needs_reading, same_hash
from engine.models.library import Shelf, find_by_name, shown
from engine.models.loras import MAX_LORA_WEIGHT, resolve_lora
from engine.models.remembered import remembered
from engine.models.resolve import resolve_vae
from engine.models.weights import check_weights_suffix
from engine.paths import is_file
from engine.rendering.requests import EmbeddingChoice, LoraChoice
from latentpng.json_fields import is_number
from latentpng.record import Json, JsonObject
from latentpng.text import plain

_T = TypeVar("_T")
_MAX_NAME = 80
_LONG = 10**9
"""Bytes of a file that takes so long to read that it has to be said."""


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
        size = path.stat().st_size if path is not None and is_file(path) else 0
        if path is None or size < _LONG or not needs_reading(path, text_of(recorded, "hash")):
            return ""
        return f"reading {shown(path)} ({size / 10**9:.1f} GB) to compare its hash, this once"
    except OSError:
        return ""


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
        found = find_by_name(Shelf.MODELS, _with_hash(name, digest)) if name else None
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
        replace(lora, weight=_weight(entry))
        for entry, lora in _found(recorded, "loras", Shelf.LORAS, "LoRA", resolve_lora, undone)
    ]
    embeddings = [
        EmbeddingChoice(path=path, word=text_of(entry, "name"))
        for entry, path in _found(
            recorded, "embeddings", Shelf.EMBEDDINGS, "textual inversion", _resolve_embedding, undone
        )
    ]
    vaes = [path for _, path in _found(recorded, "vae", Shelf.VAES, "VAE", resolve_vae, undone)]
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


def _found(
    recorded: Json, key: str, shelf: Shelf, noun: str, resolve: Callable[[str], _T], undone: list[str]
) -> Iterator[tuple[Json, _T]]:
    """Yield each entry of a list (or the one entry) with what `resolve` makes of its file's path.

    A phrase is added for each that is not here, or cannot be used.
    """
    value = recorded.get(key) if isinstance(recorded, Mapping) else None
    for entry in value if isinstance(value, list | tuple) else (value,):
        name, digest = text_of(entry, "name"), text_of(entry, "hash")
        if not name:
            continue
        shown = f"{noun} {plain(name, _MAX_NAME)}"
        try:
            path = find_by_name(shelf, _with_hash(name, digest))
            part = None if path is None else resolve(str(path))
        except ModelError as error:  # or several files have this name
            undone.append(f"{shown} cannot be used: {error}")
            continue
        if path is None or part is None:
            undone.append(f"{shown} is not on this machine")
            continue
        if same_hash(path, digest) is False:
            undone.append(f"{shown} is here with another hash than the recorded {plain(digest, 20)}")
        yield entry, part


def _with_hash(name: str, digest: str) -> str:
    """A name in the form in which the hash decides between several files."""
    return f"{name} [{digits}]" if (digits := digits_of(digest)) else name


def _resolve_embedding(text: str) -> str:
    path = Path(text)
    check_weights_suffix(path, "a textual inversion is such a file")
    if not is_embedding(path):
        raise ModelError(f"{path.name} holds no textual inversion")
    return text


def _weight(entry: Json) -> float:
    value = entry.get("weight") if isinstance(entry, Mapping) else None
    return float(value) if is_number(value) and abs(value) <= MAX_LORA_WEIGHT else 1.0
