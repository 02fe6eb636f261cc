"""The configuration file as frozen values.  Paths and names are as they were written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOLDER_KEYS = ("models", "loras", "vaes", "text_encoders", "embeddings", "preview_vaes")
"""The keys of `[folders]` that say what a folder holds; `roots` stands beside them."""
FIRST = ("varied", "plain")
"""How the first grids of a new prompt are drawn: chosen for their differences, or as they come."""

MAX_AHEAD = 64
"""The most grids that are rendered ahead of an answer: more than any grid has keys."""
AHEAD_RULE = f"ahead is off, auto or a whole number from 1 to {MAX_AHEAD}"
MIN_PICTURE_MEMORY, MAX_PICTURE_MEMORY = 64, 2**20
"""Limits of `picture_memory`, in MiB: less could not hold two grids of a large model."""


def is_ahead(text: str) -> bool:
    """Return whether a text says how much is rendered ahead, as `AHEAD_RULE` has it."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_AHEAD))
    return text in ("off", "auto") or (is_number and 1 <= int(text) <= MAX_AHEAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One `[profiles.NAME]`: settings under one name.

    Attributes:
        name: Its name.
        values: What it sets, by the keys of the file; texts, numbers, and tuples of texts.
        lines: The line of each key; a key whose line is not known is left out.
    """

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """What the configuration file says; all empty when there is none.

    Attributes:
        path: The file, whether it exists or not.
        exists: Whether it does.
        folders: The folders of each of `FOLDER_KEYS`, absolute.
        roots: Roots of other programs, and folders that hold anything; absolute.
        model: The default model; "" for the one that ships.
        profile: The name of the default profile, or "".
        profiles: The profiles by their names.
        graphics: How the terminal draws pictures, or "".
        theme: The name of a theme of the app, or "".
        first: One of `FIRST`, or "".
        ahead: How much is rendered ahead of an answer: "off", "auto" or a number of grids; "" when it is not set.
        draft: Whether searches begin with drafts; None when it is not set.
        picture_memory: MiB of the pictures that are kept in memory for undo and work ahead; None when it is not set.
        keep_alive: How long a worker stays, as it was written: minutes, or a text with a unit; None where nothing is.
        lines: The line of each key outside of profiles.
    """

    path: Path
    exists: bool = False
    folders: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()
    model: str = ""
    profile: str = ""
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    graphics: str = ""
    theme: str = ""
    first: str = ""
    ahead: str = ""
    draft: bool | None = None
    picture_memory: int | None = None
    keep_alive: float | str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing_folders(self) -> tuple[Path, ...]:
        """The folders that it names and that do not exist."""
        named = (*self.roots, *(folder for folders in self.folders.values() for folder in folders))
        return tuple(folder for folder in named if not os.path.isdir(folder))  # noqa: PTH112 (Path's raises for long names)

    def place_of(self, key: str, profile: str = "") -> str:
        """Return where a key stands, for messages: the file and the line, as far as it is known."""
        lines = self.profiles[profile].lines if profile else self.lines
        return f"{self.path}, line {lines[key]}" if key in lines else str(self.path)
