"""Answers of the terminal among keys: told by their shape at any time, so that no answer is ever taken for keys.

An answer that comes after the timeout of its question arrives where keys do.  Textual knows few answers, and takes the
characters of every other one for keys: the "?" of an answer to DA1 opens the help, a digit picks a picture.

Nothing here knows Textual; nothing here reads a clock: whoever reads the keyboard says when it has been quiet.
"""

from __future__ import annotations

import re
from typing import Final

MAX_CHARACTERS: Final = 8192
"""The most that an answer can have: what is longer is dropped until there."""

_PASSED_ON: Final = r"(?!\x1b\[\?\d+;\d\$y)"
"""The answer that Textual asks for itself: whether the terminal has a mode (DECRPM)."""
_PRIVATE: Final = r"\x1b\[[?>=][0-9:;]*[ -/]*"
_STRING: Final = r"\x1b(?:P[>!$+=0-9]|\][0-9]|_G)[^\x1b\x07]*"
_ANSWER: Final = re.compile(
    rf"{_PASSED_ON}(?:"
    rf"{_PRIVATE}(?:[@-~]|(?=[^ -~]))"  # DA1, DA2, DECRPM, the state of the keyboard, colour schemes; or broken off
    r"|\x1b\[(?:[0-9]{1,2}n|[23](?:;[0-9]+){5,}x|[3-9];[0-9;]*t)"  # DSR, DECREQTPARM, sizes in pixels and cells
    rf"|{_STRING}(?:\x1b\\|\x07|(?=\x1b[^\\]))"  # XTVERSION, DECRQSS, XTGETTCAP; OSC 10, 11, 52; kitty's graphics
    r")"
)
_BEGUN: Final = re.compile(rf"(?:{_PRIVATE}|\x1b\[[0-9][0-9;]*|{_STRING}\x1b?)\Z")
_UNDECIDED: Final = re.compile(r"\x1b[\[P\]_]?\Z")
"""May begin an answer, or be Escape, or a key with Alt."""


class AnswerFilter:
    """Takes answers out of what arrives from the keyboard, however they are cut into pieces."""

    def __init__(self) -> None:
        self._held = ""

    @property
    def is_undecided(self) -> bool:
        """Whether something is held back that is a key unless more follows at once."""
        return _UNDECIDED.match(self._held) is not None

    @property
    def has_begun(self) -> bool:
        """Whether the end of an answer, or the rest of a key, has not arrived."""
        return bool(self._held)

    def feed(self, text: str) -> str:
        """Return what is no answer, in its order; the beginning of an answer is held back until the rest is there."""
        text = _ANSWER.sub("", self._held + text)
        found = _BEGUN.search(text) or _UNDECIDED.search(text)
        self._held = found[0] if found else ""
        if found and len(self._held) > MAX_CHARACTERS:
            self._held = ""
        return text[: found.start()] if found else text

    def release(self) -> str:
        """Return what was held back undecided: nothing has followed, so it is a key."""
        if not self.is_undecided:
            return ""
        key, self._held = self._held, ""
        return key
