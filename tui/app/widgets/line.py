"""A line of text that changes often and is painted only when it does."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from latentpng.text import plain

MAX_CHARACTERS = 400


class TextLine(Static):
    """A text from outside, shown as it is: no markup, no control characters.

    Attributes:
        words: The text; longer ones wrap, as far as the style sheet lets the line grow.
    """

    words: var[str] = var("")

    def __init__(self, line_id: str) -> None:
        super().__init__("", id=line_id, markup=False)

    def watch_words(self, before: str, after: str) -> None:
        # Events come many times a second, and a new layout of the whole screen is slow: it is made only when the number
        # of rows may change, because the line wraps or did so before.
        wraps = max(len(before), len(after)) >= self.size.width
        self.update(Content(f" {plain(after, limit=MAX_CHARACTERS)}"), layout=wraps)
