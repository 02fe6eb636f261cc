"""A line of the edit panel: the name of a field, its text, and what the picture has where the text differs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import var
from textual.widgets import Input, Static, TextArea

from latentpng.text import plain

MAX_BEFORE = 200


class EditRow(Horizontal):
    """One field with its name; a dot marks a text that differs, and an exclamation mark one that is wrong.

    Attributes:
        before: What the picture has, where the text differs; "" where it does not.
        is_wrong: Whether the text cannot be used.
    """

    before: var[str | None] = var(None)
    is_wrong: var[bool] = var(False)

    def __init__(self, label: str, field: Input | TextArea, *, notes_before: bool = True) -> None:
        """Prepare the line.

        Args:
            label: The name of the field, as it is shown.
            field: The field.
            notes_before: Show what the picture has beside the field.
        """
        super().__init__()
        self._label, self.field, self._notes_before = label, field, notes_before

    def compose(self) -> ComposeResult:
        yield Static(Content(f"  {self._label}"), classes="edit-label", markup=False)
        yield self.field
        if self._notes_before:
            yield Static("", classes="edit-before", markup=False)

    def watch_before(self) -> None:
        self._write()

    def watch_is_wrong(self) -> None:
        self._write()

    def _write(self) -> None:
        self.set_class(self.before is not None, "-changed")
        self.set_class(self.is_wrong, "-wrong")
        mark = "!" if self.is_wrong else "●" if self.before is not None else " "
        for label in self.query(".edit-label").results(Static):
            label.update(Content(f"{mark} {self._label}"))
        for note in self.query(".edit-before").results(Static):
            words = "" if self.before is None else f"was {plain(self.before, MAX_BEFORE) or 'empty'}"
            note.update(Content(words))
