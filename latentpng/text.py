"""Text from files, made safe for a terminal: prompts and names may come from a stranger.

Only shows: the file keeps its text as it is.
"""

from __future__ import annotations

import unicodedata

_KEPT_FORMATS = "\u200c\u200d"  # zero-width (non-)joiners: Persian, Indic scripts and emoji need them
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_BREAKS = {"Zl", "Zp"}


def plain(text: str, limit: int = 0) -> str:
    """One line without control, direction-changing or unassigned characters; cut to `limit` characters when > 0.

    Line breaks and tabs become spaces.  A text that was cut ends in an ellipsis, inside the limit.
    """
    line = text if text.isascii() and text.isprintable() else "".join(map(_shown, text))
    return f"{line[: limit - 1]}…" if 0 < limit < len(line) else line


def brief(value: object) -> str:
    """How errors show what they found: at most 80 characters of it."""
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
