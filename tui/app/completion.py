"""Completion of paths: pure functions from what was typed and the names in a folder to what can follow.

Names that begin with a dot are listed only when a dot was typed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from latentpng.text import plain

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp", ".ppm")
MODELS = (".safetensors", ".gguf")


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """A name in a folder."""

    text: str
    is_folder: bool

    @property
    def typed(self) -> str:
        """What is typed for it: a folder ends in a slash."""
        return f"{self.text}/" if self.is_folder else self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """A typed path in two parts.

    Attributes:
        head: The folder as it was typed, with its slash; "" for the current one.
        start: The beginning of a name in it.
    """

    head: str
    start: str

    @property
    def folder(self) -> str:
        """The folder that is listed; "" for the current one."""
        return os.path.expanduser(self.head)  # noqa: PTH111 (Path's raises when there is no such user)


def split(typed: str) -> Typed:
    """Return a typed path in two parts; "~" alone is the home directory without its slash."""
    cut = typed.rfind("/") + 1
    return Typed(head=typed[:cut], start=typed[cut:])


def names_in(folder: str, suffixes: tuple[str, ...]) -> tuple[Name, ...]:
    """Return the folders and the files with one of these suffixes in a folder, folders first; it may take time.

    Args:
        folder: The folder; "" for the current one.
        suffixes: In lower case, with their dots.

    Raises:
        OSError: The folder cannot be read.
        ValueError: No folder can have this name.
    """
    found = []
    with os.scandir(folder or ".") as entries:
        for entry in entries:
            is_folder = _is_folder(entry)
            if is_folder or entry.name.lower().endswith(suffixes):
                found.append(Name(text=entry.name, is_folder=is_folder))
    return tuple(sorted(found, key=lambda name: (not name.is_folder, name.text.casefold(), name.text)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symlink that leads round in a circle
        return False


def fitting(names: Iterable[Name], start: str) -> tuple[Name, ...]:
    """Return the names that begin so; in any case when none begins exactly so."""
    seen = [name for name in names if start.startswith(".") or not name.text.startswith(".")]
    exact = tuple(name for name in seen if name.text.startswith(start))
    return exact or tuple(name for name in seen if name.text.casefold().startswith(start.casefold()))


def completed(typed: str, names: tuple[Name, ...]) -> str:
    """Return what was typed, with as much more as all fitting names have in common.

    Args:
        typed: What was typed.
        names: All names in its folder.
    """
    if typed == "~":
        return "~/"
    parts = split(typed)
    fit = fitting(names, parts.start)
    if len(fit) == 1:
        return parts.head + fit[0].typed
    common = os.path.commonprefix([name.text for name in fit])  # noqa: RUF071 (of characters, on purpose)
    return parts.head + common if len(common) > len(parts.start) else typed


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return a name that is free: the name itself, or with the first number that makes it so ("a-2.png")."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 (a name, not a path)
    number = 1
    while is_taken(name):
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def shown(path: Path) -> str:
    """Return a path as a list shows it: its folder and its name, safe to show."""
    return plain(f"{path.parent.name} / {path.name}", limit=120)
