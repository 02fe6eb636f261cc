"""The large view beside a list: one picture, and what is known about it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from engine.rendering.events import Picture
from tui.app.gallery.loader import PictureLoader
from tui.app.gallery.thumbnails import large_picture
from tui.app.widgets.picture import PictureCell

PAUSE_SECONDS = 0.2
"""How long the cursor has to rest before its picture is shown large."""


class Preview(Vertical):
    """Shows the picture under a cursor when the cursor rests."""

    def __init__(self) -> None:
        super().__init__()
        # Not looked up each time: while the widget is removed, its children are gone and a picture may still arrive.
        self._cell, self._text = PictureCell(), Static("", markup=False)
        self._loader = PictureLoader(self, large_picture, self._loaded)
        self._file = self._words = ""
        self._kept: Picture | None = None
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self._cell
        yield self._text

    def show(self, file: str, words: str) -> None:
        """Show a picture as soon as the cursor rests, and its words at once.

        Args:
            file: The picture; "" for none.
            words: What is known about it, safe to show.
        """
        if words != self._words:
            self._words = words
            self._text.update(Content(words))
        if file == self._file and self._kept is None:
            return
        self._file, self._kept = file, None
        if self._pause is not None:
            self._pause.stop()
        if file:
            self._pause = self.set_timer(PAUSE_SECONDS, self._want)
        else:
            self._loader.want([])
            self._cell.clear()

    def show_picture(self, picture: Picture, words: str) -> None:
        """Show a picture that is in memory."""
        if self._pause is not None:
            self._pause.stop()
        self._loader.want([])
        if self._kept is not picture:
            self._kept, self._file, self._words = picture, "", words
            self._cell.show(picture)
            self._text.update(Content(words))

    def _want(self) -> None:
        self._loader.want([self._file])

    def _loaded(self, file: str, picture: Picture | None) -> None:
        if file != self._file or not self._cell.is_attached:
            return
        if picture is None:
            self._cell.clear()
        else:
            self._cell.show(picture)
