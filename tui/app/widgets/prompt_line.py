"""The line for a prompt: Up walks through the prompts that were used, Tab through examples."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.app.widgets.safe_lines import SafeInput

_NOWHERE = -1


class PromptLine(SafeInput):
    """An input for a prompt.

    Attributes:
        prompts: Prompts that were used, newest first.
        examples: Prompts that suit the model.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "newer", "gallery", key_display="↓"),
        Binding("up", "older", "earlier prompts", key_display="↑"),
        Binding("tab", "example", "example"),
        Binding("escape", "clear", "clear", show=False),
    ]

    class Left(Message):
        """Down was pressed where there is no newer prompt."""

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, placeholder="describe the picture and press Enter", id=id, select_on_focus=False)
        self.prompts: tuple[str, ...] = ()
        self.examples: tuple[str, ...] = ()
        self._place = _NOWHERE
        self._draft = ""

    def action_older(self) -> None:
        """Show the next older prompt, first of all other than what stands in the line."""
        if self._walked != self.value:
            self._place, self._draft = _NOWHERE, self.value
        place = self._place + 1
        while place < len(self.prompts) and one_line(self.prompts[place]) == self.value:
            place += 1
        if place < len(self.prompts):
            self._place = place
            self._write(one_line(self.prompts[place]))

    def action_newer(self) -> None:
        """Show the next newer prompt, at last what was typed before; without any, leave the line."""
        if self._place == _NOWHERE or self._walked != self.value:
            self.post_message(self.Left())
            return
        self._place -= 1
        self._write(self._draft if self._place == _NOWHERE else one_line(self.prompts[self._place]))

    def action_example(self) -> None:
        """Show the next example, unless there is a prompt that would be lost; then leave the line."""
        if self.examples and (not self.value or self.value in self.examples):
            number = self.examples.index(self.value) + 1 if self.value else 0
            self._write(self.examples[number % len(self.examples)])
        else:
            self.post_message(self.Left())

    def action_clear(self) -> None:
        self._place, self._draft = _NOWHERE, ""
        self._write("")

    @property
    def _walked(self) -> str | None:
        """The earlier prompt that the line showed last; None when it showed none."""
        return None if self._place == _NOWHERE else one_line(self.prompts[self._place])

    def _write(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)


def one_line(prompt: str) -> str:
    """Return a prompt without line breaks: an input shows one line."""
    return " ".join(prompt.split())
