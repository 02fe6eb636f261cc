"""The last line of a screen: the keys that matter now."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from tui.app.key_hints import Hint, fitting


class KeyLine(Static):
    """Shows keys and what they do, as many as fit; a click does the same as the key.

    Textual's own footer shows every key of a screen, and cuts what does not fit: also the one that leads to the others.

    Attributes:
        hints: The keys, the most important first; the last one is always shown.
    """

    DEFAULT_CSS = """
    KeyLine { height: 1; padding: 0 1; text-wrap: nowrap; background: $panel; color: $foreground; }
    """
    hints: var[tuple[Hint, ...]] = var(())

    def __init__(self) -> None:
        super().__init__("", id="keys", markup=False)
        self.auto_links = False  # every key would be underlined

    def watch_hints(self) -> None:
        self._write()

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        if not (self.hints and self.content_size.width):
            return
        parts = [
            Content.from_markup(f"[@click={hint.action}][b $accent]$key[/] $words[/]", key=hint.key, words=hint.words)
            for hint in fitting(self.hints, self.content_size.width)
        ]
        self.update(Content("  ").join(parts), layout=False)
