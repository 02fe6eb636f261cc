"""The models, LoRA files, VAEs and embeddings in the folders of this machine, found by name.  No torch.

The folders are those of the configuration file, and those of other programs: A1111, Forge, ComfyUI, InvokeAI, and the
cache of the Hugging Face hub.  Only names are read, no file is opened.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.configuration.read import configuration_path
from engine.errors import ModelError
from engine.models.fingerprints import path_fingerprint
from engine.models.hashes import same_hash
from engine.models.places.known import all_contents
from engine.models.places.place import Contents, Entry, folded, parts_of, stem_of
from engine.models.shelves import Shelf as Shelf
from engine.models.weights import PICKLE_SUFFIXES
from engine.paths import is_file, is_there
from latentpng.lru import LruCache

_HASH = re.compile(r"\s*\[([0-9a-fA-F]{6,64})\]$")
"""What A1111 puts behind a name: the first digits of the file's SHA-256, or 8 digits of its own older kind."""
_MAX_NEAR = 5
_MAX_PLACES = 3
_CUTOFF = 0.5


def find_by_name(shelf: Shelf, name: str, contents: tuple[Contents, ...] | None = None) -> Path | None:
    """Return the file or folder that has a name.

    Args:
        shelf: What is searched for.
        name: With or without its suffix, with or without the folders above it; upper and lower case are alike.  A1111's
            form "name [hash]" is taken too; the hash decides between several files of the same name.
        contents: What `all_contents` returned, for whoever asks for many names; None to look again.

    Returns:
        The file or folder; None when there is none of this name, and for what can only be a path.

    Raises:
        ModelError: Several files with different contents have this name, and the message lists them; or it is an
            incomplete download, or a symlink to nothing.
        InvalidRequestError: The configuration file is wrong.
    """
    if is_path(name):
        return None
    digest = _HASH.search(name)
    asked = parts_of(_HASH.sub("", name))
    found = _best(_named(shelf, asked, contents), asked)
    if len(found) > 1 and digest:
        found = [entry for entry in found if same_hash(entry.path, digest[1])] or found
    if len(found) > 1 and not _are_copies(found):
        paths = ", ".join(shown(entry.path) for entry in found)
        raise ModelError(f"{len(found)} different files are called {name!r}: {paths}; name one of them by its path")
    if found and found[0].is_partial:
        raise ModelError(
            f"the download of {found[0].name!r} in the Hugging Face cache is not complete: add --download to finish it"
        )
    if found and not is_there(found[0].path):
        raise ModelError(f"{name!r} is {shown(found[0].path)}, which leads to no file any more")
    return found[0].path if found else None


def files_named(shelf: Shelf, name: str) -> tuple[Path, ...]:
    """Return every file or folder that has a name, each file once, in the order of the places.

    Args:
        shelf: What is searched for.
        name: As for `find_by_name`; one that can only be a path finds nothing.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    if is_path(name):
        return ()
    found = (entry for entry in distinct(_named(shelf, parts_of(name))) if not entry.is_partial)
    return tuple(entry.path for entry in found)


def near_names(shelf: Shelf, name: str) -> tuple[str, ...]:
    """Return the names that are most similar to a name, the nearest first."""
    names = {entry.name: None for entry in entries(shelf)}
    asked = folded(stem_of(_HASH.sub("", name)))
    scores = {known: _similarity(asked, folded(known)) for known in names}
    near = sorted((known for known in scores if scores[known] >= _CUTOFF), key=lambda known: -scores[known])
    return tuple(near[:_MAX_NEAR])


def not_found(shelf: Shelf, name: str) -> str:
    """Return the end of the sentence "there is no such file": near names, and where they were looked for.

    It is empty for what can only be a path.
    """
    if is_path(name):
        return ""
    if other := _of_another_kind(shelf, name):
        return other
    places = [contents.place for contents in all_contents() if contents.place.shelf in (shelf, None)]
    if not any(place.shelf is shelf or place.is_own for place in places):
        return f", and no folder of {shelf.noun}s is known here: name yours in {shown(configuration_path())}"
    near = ", ".join(map(repr, near_names(shelf, name)))
    first = ", ".join(shown(place.path) for place in places[:_MAX_PLACES])
    more = f" and {len(places) - _MAX_PLACES} more" if len(places) > _MAX_PLACES else ""
    similar = f"; similar names: {near}" if near else ""
    return f", and no {shelf.noun} of this name in {first}{more}{similar}"


def _of_another_kind(shelf: Shelf, name: str) -> str:
    """Return the end of the sentence when something else has this name; "" when nothing has."""
    found = _named(shelf=None, asked=parts_of(name))
    others = [entry.shelf for entry in found if entry.shelf is not None and entry.shelf is not shelf]
    return f"; {name!r} is a {others[0].noun} here: {others[0].use}" if others else ""


def shadowed(shelf: Shelf, text: str) -> str:
    """Return a sentence when a text is both a path that exists and the name of a different file; "" otherwise.

    The path is taken: it is what people see in front of them.  Texts with folders in them are not looked for.
    """
    if is_path(text) or "/" in text or not is_there(Path(text)):
        return ""
    here = _identity(Path(text))
    others = [entry for entry in _named(shelf, parts_of(text)) if _identity(entry.path) != here]
    if not others:
        return ""
    return f"{text!r} is taken from this folder, not the {shelf.noun} of this name in {shown(others[0].path.parent)}"


def is_path(text: str) -> bool:
    """Return whether a text can only be a path: it says where to begin."""
    return text.startswith(("/", "~", "./", "../")) or text in ("", ".", "..")


def entries(shelf: Shelf) -> tuple[Entry, ...]:
    """Return all that may stand on a shelf, in the order of the places.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    return tuple(entry for entry in _all_entries(all_contents()) if entry.shelf in (shelf, None))


def shown(path: Path) -> str:
    """Return a path as messages show it: `~` stands for the home directory."""
    home = os.path.expanduser("~")  # noqa: PTH111 (Path's raises where there is no home)
    text = str(path)
    return f"~{text[len(home) :]}" if len(home) > 1 and text.startswith(f"{home}/") else text


def distinct(found: Iterable[Entry]) -> Iterable[Entry]:
    """Return the entries without those that lead to a file of an earlier one: by a symlink, for example."""
    files: dict[object, Entry] = {}
    for entry in found:
        files.setdefault(_identity(entry.path), entry)
    return files.values()


def _all_entries(contents: Iterable[Contents]) -> Iterable[Entry]:
    return (entry for one in contents for entry in one.entries)


_INDEXES: LruCache[Contents, Mapping[str, list[Entry]]] = LruCache(max_entries=256)
"""One for each place: the large ones stay the same, while the hub's cache is another value whenever it is asked."""


def _named(shelf: Shelf | None, asked: tuple[str, ...], contents: tuple[Contents, ...] | None = None) -> list[Entry]:
    """The entries of a shelf, or of all, whose own name and given folders above it are these."""
    if not asked:
        return []
    above, own = tuple(map(folded, asked[:-1])), folded(asked[-1])
    found = (entry for one in (all_contents() if contents is None else contents) for entry in _index(one).get(own, ()))
    candidates = (entry for entry in found if shelf is None or entry.shelf in (shelf, None))
    return [entry for entry in candidates if _ends_with(tuple(map(folded, entry.parts[:-1])), above)]


def _index(contents: Contents) -> Mapping[str, list[Entry]]:
    """The entries of a place by their own names, with and without suffix."""
    known = _INDEXES.get(contents)
    if known is not None:
        return known
    index: dict[str, list[Entry]] = {}
    for entry in contents.entries:
        for key in dict.fromkeys((folded(entry.parts[-1]), folded(stem_of(entry.parts[-1])))):
            index.setdefault(key, []).append(entry)
    _INDEXES.put(contents, index)
    return index


def _best(found: list[Entry], asked: tuple[str, ...]) -> list[Entry]:
    """Drop what is certainly not meant, and every further way to the same file."""
    for is_better in (
        lambda entry: entry.place.is_own,
        lambda entry: entry.path.suffix not in PICKLE_SUFFIXES,
        lambda entry: _is_written_so(entry, asked),
    ):
        found = [entry for entry in found if is_better(entry)] or found
    return list(distinct(found)) if len(found) > 1 else found


def _is_written_so(entry: Entry, asked: tuple[str, ...]) -> bool:
    """Whether upper and lower case are as they were typed."""
    end = entry.parts[len(entry.parts) - len(asked) :]
    return end[:-1] == asked[:-1] and asked[-1] in (end[-1], stem_of(end[-1]))


def _identity(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return path
    return status.st_dev, status.st_ino


def _are_copies(found: list[Entry]) -> bool:
    """Whether all are the same weights, in the folders of several programs; samples decide, which takes no time."""
    if any(entry.path.suffix != ".safetensors" or not is_file(entry.path) for entry in found):
        return False
    try:
        return len({path_fingerprint(entry.path) for entry in found}) == 1
    except OSError:
        return False


def _ends_with(parts: tuple[str, ...], end: tuple[str, ...]) -> bool:
    return not end or parts[-len(end) :] == end


def _similarity(asked: str, known: str) -> float:
    """From 0 to 1; a name that contains what was asked for, or the other way round, is similar."""
    own = stem_of(known.rpartition("/")[2])
    score = max(difflib.SequenceMatcher(None, asked, form).ratio() for form in (own, stem_of(known)))
    contains = len(asked) > 2 and (asked in known or (len(own) > 2 and own in asked))
    return max(score, 0.9) if contains else score
