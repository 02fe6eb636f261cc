"""What the gallery lists, as values, and which of it fits the words that were typed: pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from engine.search.journal_files import JOURNAL_NAME
from latentpng.text import plain

MAX_WORDS = 2000
"""Characters of a prompt that are kept for the filter and for the details."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionRow:
    """An earlier search that can be resumed.

    Attributes:
        folder: Its folder.
        prompt: Its prompt, safe to show.
        model: The name of its model, safe to show; "" when it is not known.
        changed: When it was changed, in seconds since 1970.
        pictures: The number of its pictures.
        cover: Its newest picture; None when there is none.
        is_last: Whether it is the search that was left last.
        journal: The name of its journal in the folder, which several searches may share.
    """

    folder: Path
    prompt: str
    model: str
    changed: float
    pictures: int
    cover: Path | None
    is_last: bool = False
    journal: str = JOURNAL_NAME

    @property
    def searched(self) -> str:
        """The text that the filter looks into."""
        return f"{self.prompt} {self.model} {plain(self.folder.name)}".casefold()


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureRow:
    """A picture file.

    Attributes:
        path: The file, a text because ten thousand Path objects take ten times the memory.
        changed: When the file was changed, in nanoseconds since 1970.
        size: Its size in bytes.
        prompt: Its prompt, safe to show; "" when it is not known.
        model: The name of its model, safe to show; "" when it is not known.
        searched: The text that the filter looks into.
        is_read: Whether the file was read; else prompt and model are not known yet.
    """

    path: str
    changed: int
    size: int
    prompt: str = ""
    model: str = ""
    searched: str = ""
    is_read: bool = False

    @staticmethod
    def found(path: str, changed: int, size: int) -> PictureRow:
        """Return the row of a file that has not been read."""
        folder, _, name = path.rpartition("/")
        searched = plain(f"{folder.rpartition('/')[2]} {name}").casefold()
        return PictureRow(path=path, changed=changed, size=size, searched=searched)

    def read(self, *, prompt: str, model: str) -> PictureRow:
        """Return the row with what its file records; both texts are made safe to show."""
        prompt, model = plain(prompt, MAX_WORDS).strip(), plain(model, 200).strip()
        searched = f"{self.searched} {prompt} {model}".casefold()
        return replace(self, prompt=prompt, model=model, searched=searched, is_read=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleRow:
    """A prompt that suits the model."""

    prompt: str

    @property
    def searched(self) -> str:
        """The text that the filter looks into."""
        return self.prompt.casefold()


Row: TypeAlias = SessionRow | PictureRow | ExampleRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Everything that is known so far.

    Attributes:
        sessions: The search that was left last, then the others, the newest first.
        pictures: The newest first.
        unread: The number of pictures whose prompt and model are not known yet.
        is_listed: Whether all sessions and pictures have been found.
    """

    sessions: tuple[SessionRow, ...] = ()
    pictures: tuple[PictureRow, ...] = ()
    unread: int = 0
    is_listed: bool = False


def matching(rows: Iterable[Row], typed: str) -> tuple[Row, ...]:
    """Return the rows that contain every word that was typed, in any order and case, also within longer words."""
    words = typed.casefold().split()
    if not words:
        return tuple(rows)
    return tuple(row for row in rows if _has_all(row.searched, words))


def _has_all(searched: str, words: list[str]) -> bool:
    return all(word in searched for word in words)


def rows_for(contents: Contents, examples: tuple[str, ...], typed: str, folder: Path | None = None) -> tuple[Row, ...]:
    """Return what is listed, in order: searches, pictures, examples.

    Where nothing was saved yet, the examples are all there is.

    Args:
        contents: What is known.
        examples: Prompts that suit the model.
        typed: What was typed; every word has to be found.
        folder: Only the pictures in this folder; None for everything.
    """
    if folder is not None:
        start = f"{folder}/"
        return matching((row for row in contents.pictures if row.path.startswith(start)), typed)
    shown: tuple[Row, ...] = (*contents.sessions, *contents.pictures)
    return (*matching(shown, typed), *matching((ExampleRow(prompt=prompt) for prompt in examples), typed))
