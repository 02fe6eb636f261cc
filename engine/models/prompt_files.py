"""The files that a prompt names: LoRA files and textual inversions, beside the model first, else in the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.errors import ModelError
from engine.models.fingerprints import file_digest
from engine.models.library import Shelf, entries, find_by_name
from engine.models.places.known import all_contents
from engine.models.places.place import Contents, Entry, Place, folded, parts_of, stem_of
from engine.models.places.scan import contents_of_place
from engine.models.shelves import shelf_of
from engine.models.weights import PICKLE_SUFFIXES
from engine.paths import is_file, is_folder

_MAX_LEVELS = 4
"""models/Stable-diffusion/pony/v6/x.safetensors is this deep below the folder that holds A1111's `embeddings`."""
_MAX_NAME = 200


class PromptFiles:
    """Finds files by their names for the prompts of one model."""

    def __init__(self, model: Path) -> None:
        """Search nothing yet.

        Args:
            model: The model's file or folder.
        """
        self._model = model
        self._beside: dict[Shelf, dict[str, list[Entry]]] = {}
        self._contents: tuple[Contents, ...] | None = None

    def find(self, shelf: Shelf, name: str) -> Path | None:
        """Return the file that has a name.

        Args:
            shelf: What is searched for.
            name: With or without its suffix, with or without the folders above it; upper and lower case are alike.

        Returns:
            The file; None when there is none of this name.

        Raises:
            ModelError: Several files with different contents have this name; the message lists them.
        """
        asked = parts_of(name) if len(name) <= _MAX_NAME else ()
        if not asked:
            return None
        if shelf not in self._beside:
            self._beside[shelf] = _by_name(_entries_beside(self._model, shelf))
        beside = _named(self._beside[shelf].get(_own_name(asked), []), asked)
        if beside:
            return beside[0].path
        if self._contents is None:
            self._contents = all_contents()  # once: a prompt has hundreds of words
        try:
            return find_by_name(shelf, name, self._contents)
        except ModelError:
            same = _named(_by_name(entries(shelf)).get(_own_name(asked), []), asked)
            safe = [entry.path for entry in same if is_file(entry.path) and entry.path.suffix not in PICKLE_SUFFIXES]
            if len(set(map(file_digest, safe))) == 1:
                return safe[0]  # copies in the folders of several programs
            raise


def _by_name(found: Iterable[Entry]) -> dict[str, list[Entry]]:
    index: dict[str, list[Entry]] = {}
    for entry in found:
        index.setdefault(_own_name(entry.parts), []).append(entry)
    return index


def _named(found: list[Entry], asked: tuple[str, ...]) -> list[Entry]:
    """Return the entries below the folders that were asked for, pickle files last."""
    above = [folded(part) for part in asked[:-1]]
    named = [entry for entry in found if not above or [*map(folded, entry.parts[:-1])][-len(above) :] == above]
    return sorted(named, key=lambda entry: entry.path.suffix in PICKLE_SUFFIXES)


def _own_name(parts: tuple[str, ...]) -> str:
    return folded(stem_of(parts[-1]))


def _entries_beside(model: Path, shelf: Shelf) -> Iterator[Entry]:
    for above in model.parents[:_MAX_LEVELS] if model.is_absolute() else ():  # else the name of a model on the hub
        if above in (Path.home(), Path(above.anchor)):
            return
        try:
            folders = sorted(
                folder for folder in above.iterdir() if shelf_of(folder.name) is shelf and is_folder(folder)
            )
        except OSError:
            continue
        for folder in folders:
            yield from contents_of_place(Place(path=folder, shelf=shelf, origin="beside the model")).entries
