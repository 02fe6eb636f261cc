"""The line for a path: Tab asks for its completion, Down leaves it for the list below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.app.widgets.safe_lines import SafeInput


class PathLine(SafeInput):
    """An input for a path."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "take it"),
        Binding("tab", "complete(1)", "complete"),
        Binding("shift+tab", "complete(-1)", "complete backwards", show=False),
        Binding("down", "leave", "list", key_display="↓"),
    ]

    @dataclass
    class Completed(Message):
        """Completion is asked for; `by` is -1 to go backwards through the names that fit."""

        by: int

    class Left(Message):
        """The list is asked for."""

    def action_complete(self, by: int) -> None:
        self.post_message(self.Completed(by))

    def action_leave(self) -> None:
        self.post_message(self.Left())
