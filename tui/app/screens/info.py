"""What is known of a picture: a page of names and values."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from latentpng.text import plain
from tui.app.info import COMMAND, FILE
from tui.app.screens.dialog import Dialog
from tui.app.widgets.line import TextLine

NOT_SAVED = "this picture is not saved yet: pick it or star it with * first"
MAX_VALUE = 10_000
"""Characters of a value that are shown."""


class InfoScreen(Dialog[None]):
    """Shows rows of a name and a value; long values wrap, and the page scrolls."""

    DEFAULT_CSS = """
    InfoScreen VerticalScroll { height: 1fr; padding: 1; }
    InfoScreen Horizontal { height: auto; }
    InfoScreen .name { width: 18; color: $text-muted; }
    InfoScreen .value { width: 1fr; }
    InfoScreen .name-narrow { width: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", f"copy('{COMMAND}')", "copy the command line"),
        Binding("Y,shift+y", f"copy('{FILE}')", "copy the path"),
        Binding("escape,i,q", "close", "back", key_display="esc"),
        Binding("question_mark,f1", "app.help", "help", key_display="?"),
    ]

    def __init__(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Prepare the page.

        Args:
            rows: What `tui.app.info.info_of` returns.
        """
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            for name, value in self._rows:
                with Horizontal():
                    yield Static(Content(plain(name)), markup=False, classes="name")
                    yield Static(Content(plain(value, MAX_VALUE)), markup=False, classes="value")
        yield TextLine("status")
        yield Footer(compact=True, show_command_palette=False)

    def action_copy(self, name: str) -> None:
        rows = dict(self._rows)
        is_saved = COMMAND in rows
        if is_saved:
            self.app.copy_to_clipboard(rows[name])
        self.query_one("#status", TextLine).words = f"copied {rows[name]}" if is_saved else NOT_SAVED

    def action_close(self) -> None:
        self.dismiss(None)
