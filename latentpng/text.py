"""Text from files, made safe for a terminal: prompts and names may be hostile.

Only what is shown changes: the file keeps its text.
"""

from __future__ import annotations

import unicodedata

_KEPT_FORMATS = "\u200c\u200d"  # zero-width (non-)joiners: Persian, Indic scripts and emoji need them
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_BREAKS = {"Zl", "Zp"}


def plain(text: str, limit: int = 0) -> str:
    """Return a text as one line without control, direction-changing or unassigned characters.

    Args:
        text: Any text.
        limit: The greatest length in characters; 0 for no limit.

    Returns:
        The line: line breaks and tabs became spaces, and a line that was cut ends in an ellipsis within the limit.
    """
    line = text if text.isascii() and text.isprintable() else "".join(map(_shown, text))
    return f"{line[: limit - 1]}…" if 0 < limit < len(line) else line


def brief(value: object) -> str:
    """Return how errors show a value that they found: its `repr`, at most 80 characters of it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _shown(character: str) -> str:
    if character in "\t\n\r\v\f":
        return " "
    if character in _KEPT_FORMATS:
        return character
    category = unicodedata.category(character)
    if category in _BREAKS:
        return " "
    return "" if category in _DROPPED else character
