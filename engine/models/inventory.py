"""What is in the library, one thing each: kind, family, size, and the digest if it is known.  No torch.

Unlike finding a name, this reads the header of every weights file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from engine.errors import ModelError
from engine.models.contents import Kind, contents_of
from engine.models.json_files import read_config
from engine.models.library import distinct
from engine.models.look import look_at_folder
from engine.models.model_root import has_index
from engine.models.places.place import Contents, Entry
from engine.models.shelves import Shelf
from engine.models.weights import PICKLE_SUFFIXES, read_weights
from engine.paths import is_file, is_folder

OTHER = "other"
USES: Mapping[Shelf, str] = MappingProxyType(
    {
        Shelf.MODELS: "model",
        Shelf.LORAS: "lora",
        Shelf.VAES: "vae",
        Shelf.TEXT_ENCODERS: "text-encoder",
        Shelf.EMBEDDINGS: "embedding",
        Shelf.PREVIEWS: "preview-vae",
    }
)
"""What a thing can be used for, in one word: what `warmer models --kind` takes, with `OTHER`."""
_SHELVES: Mapping[Kind, Shelf] = MappingProxyType(
    {
        Kind.CHECKPOINT: Shelf.MODELS,
        Kind.DENOISER: Shelf.MODELS,
        Kind.LORA: Shelf.LORAS,
        Kind.VAE: Shelf.VAES,
        Kind.TEXT_ENCODER: Shelf.TEXT_ENCODERS,
        Kind.EMBEDDING: Shelf.EMBEDDINGS,
        Kind.TINY_VAE: Shelf.PREVIEWS,
    }
)
_KINDS: Mapping[Shelf, Kind] = MappingProxyType({shelf: kind for kind, shelf in reversed(list(_SHELVES.items()))})
_FOLDER = "diffusers folder"


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing in the library.

    Attributes:
        entry: What was found.
        use: One of `USES`, or `OTHER`.
        kind: What it is, in words.
        family: Which models it belongs to, "" if that cannot be told.
        size: Bytes.
        problem: Why it cannot be used, as a sentence; "" if nothing is known against it.
    """

    entry: Entry
    use: str
    kind: str
    family: str = ""
    size: int = 0
    problem: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is one file, which has a digest."""
        return is_file(self.entry.path)


def inventory(contents: tuple[Contents, ...]) -> Iterator[Item]:
    """Yield each thing once, in the order of the places, whatever is wrong with it."""
    for entry in distinct([entry for one in contents for entry in one.entries]):
        yield _item(entry)


def _item(entry: Entry) -> Item:
    guess = Item(entry=entry, use=OTHER if entry.shelf is None else USES[entry.shelf], kind=_kind_of(entry))
    try:
        if entry.is_partial:
            return _with(guess, problem="the download is not complete")
        if is_folder(entry.path):
            return _folder(guess)
        size = entry.path.stat().st_size
        if not is_file(entry.path):  # opening a pipe would wait for ever
            return _with(guess, problem="it is not a regular file")
        if entry.path.suffix.casefold() in PICKLE_SUFFIXES:
            problem = "a pickle file, which can run code when it is opened, is never loaded"
            return _with(guess, size=size, problem=problem)
        found = contents_of(read_weights(entry.path))
    except OSError as error:
        return _with(guess, problem=f"it cannot be read: {error.strerror or error}")
    except ModelError as error:
        return _with(guess, size=_size_of(entry.path), problem=str(error))
    shelf = _SHELVES.get(found.kind)
    return Item(
        entry=entry,
        use=OTHER if shelf is None else USES[shelf],
        kind=str(found.kind),
        family=found.family,
        size=size,
    )


def _folder(guess: Item) -> Item:
    path = guess.entry.path
    size = _size_of(path)
    if not has_index(path):
        name = read_config(path / "config.json").get("_class_name", "")
        kind = Kind.TINY_VAE if "Tiny" in str(name) else Kind.VAE if "Autoencoder" in str(name) else None
        if kind is None:
            return _with(guess, size=size)
        return Item(entry=guess.entry, use=USES[_SHELVES[kind]], kind=f"{kind}, {_FOLDER}", size=size)
    try:
        pipeline, problem = look_at_folder(path).pipeline, ""
    except ModelError as error:
        pipeline, problem = "", str(error)
    return Item(
        entry=guess.entry,
        use=USES[Shelf.MODELS],
        kind=_FOLDER,
        family=pipeline.removesuffix("Pipeline"),
        size=size,
        problem=problem,
    )


def _kind_of(entry: Entry) -> str:
    """What it is as far as its folder tells."""
    return str(Kind.OTHER if entry.shelf is None else _KINDS[entry.shelf])


def _with(item: Item, *, size: int = 0, problem: str = "") -> Item:
    return Item(entry=item.entry, use=item.use, kind=item.kind, size=size, problem=problem)


def _size_of(path: Path) -> int:
    """The bytes of a file, or of all files below a folder; 0 for what cannot be read."""
    found = ((Path(folder) / name for name in names) for folder, _, names in os.walk(path))
    total = 0
    for file in chain.from_iterable(found) if is_folder(path) else (path,):
        try:
            total += file.stat().st_size if is_file(file) else 0
        except OSError:
            continue
    return total
