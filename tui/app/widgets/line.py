"""A line of text that changes often and is painted only when it does."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from latentpng.text import plain

MAX_CHARACTERS = 400
ROWS = 3
"""Rows of the tallest line: the `max-height` of #status in theme.tcss."""
_LOST = 10
"""Columns of a row that are lost where its last word does not fit."""


class TextLine(Static):
    """A text from outside, shown as it is: no markup, no control characters.

    Attributes:
        words: The text; longer ones wrap, as far as the style sheet lets the line grow.
    """

    words: var[str] = var("")

    def __init__(self, line_id: str, more: str = "", rows: int = ROWS) -> None:
        """Prepare an empty line.

        Args:
            line_id: Its id in the style sheet.
            more: What a text ends with that is too long for the line: where all of it is shown.
            rows: The rows that it may grow to.
        """
        super().__init__("", id=line_id, markup=False)
        self._more, self._rows = more, rows

    @property
    def is_cut(self) -> bool:
        """Whether the text is too long to be shown."""
        return len(self.words) > self._room

    @property
    def _room(self) -> int:
        """The number of characters that fit; before the first layout, as many as are ever shown."""
        fit = self._rows * (self.size.width - _LOST)
        return min(MAX_CHARACTERS, fit) if self._more and fit > 0 else MAX_CHARACTERS

    def watch_words(self, before: str, after: str) -> None:
        # Events come many times a second, and a new layout of the whole screen is slow: it is made only when the number
        # of rows may change, because the line wraps or did so before.
        wraps = max(len(before), len(after)) >= self.size.width
        self._write(layout=wraps)

    def on_resize(self) -> None:
        if self._more and self.words:
            self._write(layout=False)

    def _write(self, *, layout: bool) -> None:
        more = f" ({self._more})" if self.is_cut and self._more else ""
        self.update(Content(f" {plain(self.words, limit=self._room - len(more))}{more}"), layout=layout)
