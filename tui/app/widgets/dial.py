"""The line that says how far the candidates are from the parent, and which round it is."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from engine.search.perceptual import ScaleLaw
from engine.search.session import Session
from tui.app.dial import dial_words


class DialLine(Static):
    """Shows the dial of a session, as much of it as fits.

    Attributes:
        session: The session; None before the search has begun.
        law: How its candidates differ from their parent at a scale.
        are_drafts: Whether its candidates are drafts.
    """

    DEFAULT_CSS = """
    DialLine { height: 1; padding: 0 1; text-wrap: nowrap; color: $text-muted; }
    """
    session: var[Session | None] = var(None)
    law: var[ScaleLaw] = var(ScaleLaw())
    are_drafts: var[bool] = var(False)

    def __init__(self) -> None:
        super().__init__("", id="where", markup=False)

    def watch_session(self) -> None:
        self._write()

    def watch_law(self) -> None:
        self._write()

    def watch_are_drafts(self) -> None:
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        if self.session is not None and self.content_size.width:
            words = dial_words(self.session, self.law, self.content_size.width, are_drafts=self.are_drafts)
            self.update(Content(words), layout=False)
