"""A folder of model files, and one thing found in it, as frozen values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from engine.models.shelves import Shelf
from engine.models.weights import PICKLE_SUFFIXES

WEIGHTS_SUFFIXES = (".safetensors", ".gguf", *PICKLE_SUFFIXES)
"""Pickle files are found too: what is wrong with them is said when one is chosen."""
_HIDDEN_SUFFIX = ".safetensors"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A folder that is searched.

    Attributes:
        path: The folder, as it was given; never resolved.
        shelf: What it holds; None when that is not known, so that it may be anything.
        origin: Who named it, in the words of messages: "configuration file", or a program and its usual place.
        is_own: True for folders that the configuration file names; they come before all others.
        without: Names of its sub-folders that are left out, because they are places of their own.
    """

    path: Path
    shelf: Shelf | None
    origin: str
    is_own: bool = False
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file or folder with weights.

    Attributes:
        name: What it is called, in a form that can be typed.
        path: The file or folder.
        place: Where it was found.
        shelf: What it is used for; None when that is not known.
        parts: The folders above it and its own name, as they can be typed.
        is_partial: True for a download in the hub's cache that was never finished.
    """

    name: str
    path: Path
    place: Place
    shelf: Shelf | None
    parts: tuple[str, ...]
    is_partial: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Contents:
    """All that was found in one place.

    Attributes:
        place: The place.
        entries: What was found, sorted by name.
        is_cut: True when it holds more than is looked at.
    """

    place: Place
    entries: tuple[Entry, ...] = ()
    is_cut: bool = False


def name_without_suffix(name: str) -> str:
    """Return the name of a file as people say it: without `.safetensors`; other suffixes are part of it."""
    return name.removesuffix(_HIDDEN_SUFFIX)


def stem_of(name: str) -> str:
    """Return a file's name without the suffix of weights files."""
    suffix = next((suffix for suffix in WEIGHTS_SUFFIXES if name.casefold().endswith(suffix)), "")
    return name[: len(name) - len(suffix)]


def folded(name: str) -> str:
    """Return the form in which names are compared: upper and lower case, and ways to write accents, are alike."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def parts_of(name: str) -> tuple[str, ...]:
    """Return the folders and the file of a name; a backslash separates them too, as programs on Windows write it."""
    return tuple(part for part in re.split(r"[/\\]", name) if part not in ("", "."))
