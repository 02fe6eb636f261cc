"""One of a few values on a line: left and right, or a click, choose the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widgets import Static


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A value that can be chosen.

    Attributes:
        value: The value.
        words: What it means, in a few words.
    """

    value: str
    words: str


class ChoiceLine(Static, can_focus=True):
    """Shows the name of a choice, and which value is chosen.

    Attributes:
        index: That of the chosen value.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "next(1)", "next", show=False),
        Binding("left", "next(-1)", "previous", show=False),
    ]
    index: var[int] = var(0)

    @dataclass
    class Changed(Message):
        """Another value was chosen; `value` is that of the choice with the name `name`."""

        name: str
        value: str

    def __init__(self, name: str, key: str, items: tuple[Item, ...]) -> None:
        """Prepare the line; the first value is chosen.

        Args:
            name: The name of the choice; the line's id too.
            key: The key of the screen that chooses the next value, as it is shown.
            items: The values.
        """
        super().__init__("", id=name, markup=False)
        self._key, self._items = key, items
        self._choice = name

    def on_mount(self) -> None:
        self._write()

    def on_click(self) -> None:
        self.action_next(1)

    def action_next(self, by: int) -> None:
        self.index = (self.index + by) % len(self._items)
        self.post_message(self.Changed(self._choice, self._items[self.index].value))

    def watch_index(self) -> None:
        self._write()

    def _write(self) -> None:
        item = self._items[self.index]
        self.update(Content(f" {self._key} {self._choice:5} ‹ {item.value:7} › {item.words}"))
