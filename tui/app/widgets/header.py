"""The first line of a search: prompt and settings."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from tui.app.headline import headline


class HeaderLine(Static):
    """Shows the prompt at the left and the settings at the right, cut to the width of the window.

    Attributes:
        prompt: The prompt.
        settings: What `settings_words` returned.
    """

    DEFAULT_CSS = """
    HeaderLine { height: 1; padding: 0 1; text-wrap: nowrap; color: $text-muted; }
    """
    prompt: var[str] = var("")
    settings: var[tuple[str, ...]] = var(())

    def __init__(self) -> None:
        super().__init__("", id="header", markup=False)

    def watch_prompt(self) -> None:
        self._write()

    def watch_settings(self) -> None:
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        columns = self.content_size.width
        if not columns:
            return
        left, right = headline(self.prompt, self.settings, columns)
        words = Content(left).stylize("bold $text-primary")
        if right:
            words = words.pad_right(columns - words.cell_length - len(right)) + Content(right)
        self.update(words, layout=False)
