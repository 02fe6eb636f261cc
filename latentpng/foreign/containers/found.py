"""The texts that were found in a file, and the limits on what is read of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

Texts: TypeAlias = Mapping[str, str]

MAX_TEXT = 2**23  # bytes of one text, decompressed
MAX_TEXTS = 2**24  # bytes of all texts of a file together, decompressed
MAX_NUMBER = 512  # texts of a file
MAX_NOTES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundTexts:
    """What a file says.

    Attributes:
        texts: The texts by keyword; the first text of a keyword counts.
        notes: What a person should know about how they were read, a clause each.
    """

    texts: Texts = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()


class Collection:
    """The texts of one file while it is read: those of a lower rank count first, then those that come first."""

    def __init__(self) -> None:
        """Start with nothing, and with room for MAX_TEXTS bytes."""
        self._texts: dict[int, dict[str, str]] = {}
        self._notes: list[str] = []
        self._left = MAX_TEXTS

    def has_room(self, what: str, length: int) -> bool:
        """Reserve room for a text, or note that it is not read.

        Args:
            what: How the note names it, such as "its text 'prompt'".
            length: Its length in bytes.
        """
        if length > MAX_TEXT:
            self.note(f"{what} of {length:,} bytes is longer than the {MAX_TEXT:,} that are read")
        elif length > self._left:
            self.note(f"{what} of {length:,} bytes is not read, because at most {MAX_TEXTS:,} of a file are")
        elif sum(map(len, self._texts.values())) >= MAX_NUMBER:
            self.note(f"more than {MAX_NUMBER} texts are not read")
        else:
            self._left -= length
            return True
        return False

    def add(self, keyword: str, text: str, rank: int) -> None:
        """Keep a text, unless it is empty or its keyword has one of this rank."""
        if text:
            self._texts.setdefault(rank, {}).setdefault(keyword, text)

    def has(self, keyword: str, rank: int) -> bool:
        """Return whether a keyword has a text of this rank."""
        return keyword in self._texts.get(rank, {})

    def note(self, note: str) -> None:
        """Keep a note once."""
        if note not in self._notes and len(self._notes) < MAX_NOTES:
            self._notes.append(note)

    def result(self) -> FoundTexts:
        """Return all that was found."""
        texts: dict[str, str] = {}
        for rank in sorted(self._texts):
            texts |= {keyword: text for keyword, text in self._texts[rank].items() if keyword not in texts}
        return FoundTexts(texts=MappingProxyType(texts), notes=tuple(self._notes))
