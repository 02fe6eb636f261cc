"""The keys of a screen and what they do, on one page that scrolls."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Static

from latentpng.text import plain
from tui.app import help_texts

MAX_MESSAGE = 4000
"""Characters of a message that are shown."""


class HelpScreen(Screen[None]):
    """The help text, and a message above it that is too long for the status line; every usual key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "app.pop_screen", "back", key_display="esc"),
    ]

    def __init__(self, message: str = "", text: str = help_texts.SEARCH) -> None:
        """Prepare the page.

        Args:
            message: What stands above the help text; "" for nothing.
            text: The help text, one of `tui.app.help_texts`.
        """
        super().__init__()
        self._message, self._text = plain(message, MAX_MESSAGE), text

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            if self._message:
                yield Static(self._message, markup=False, id="message")
            yield Static(self._text, markup=False, id="help")
        yield Footer(compact=True, show_command_palette=False)
