"""One place of the gallery's window: what it shows of the row that stands there."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from engine.rendering.events import Picture
from latentpng.text import plain
from tui.app.gallery.rows import PictureRow, Row, SessionRow
from tui.app.gallery.words import details_of, title_of
from tui.app.widgets.picture import PictureCell

LOST = 8
"""Columns that two lines of words may lose where the first ends before a long word."""


def picture_of(row: Row | None) -> str:
    """Return the file that shows what a row is; "" when there is none."""
    match row:
        case PictureRow(path=path):
            return path
        case SessionRow(cover=cover) if cover is not None:
            return str(cover)
        case _:
            return ""


class Place(Horizontal):
    """One place of the window: a thumbnail, at most two lines of a prompt, and a line about it."""

    def __init__(self, number: int) -> None:
        """Prepare an empty place; `number` counts the places from the top of the window."""
        super().__init__()
        self.number = number
        self._picture = PictureCell()
        self._title = Static("", markup=False, classes="title")
        self._details = Static("", markup=False, classes="details")
        self._file = ""
        self._written = ("", "")

    def compose(self) -> ComposeResult:
        yield self._picture
        with Vertical():
            yield self._title
            yield self._details

    def write(self, row: Row | None, now: datetime, width: int) -> None:
        """Show the words of a row; a thumbnail of a different one goes away.

        Args:
            row: The row; None for an empty place.
            now: The present.
            width: Columns for the words.
        """
        file = picture_of(row)
        if file != self._file:
            self._file = file
            self._picture.clear()
        room = max(20, 2 * width - LOST)
        written = ("", "") if row is None else (plain(title_of(row), limit=room), details_of(row, now))
        if written != self._written:
            self._written = written
            self._title.update(Content(written[0]))
            self._details.update(Content(written[1]), layout=False)

    def show(self, file: str, picture: Picture | None) -> None:
        """Show a thumbnail, if it is still that of the row."""
        if file == self._file and picture is not None:
            self._picture.show(picture)
