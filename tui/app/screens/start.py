"""The first screen: type a prompt, go on with the last session, or open a recent picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from latentpng.text import plain

if TYPE_CHECKING:
    from tui.app.app import WarmerApp


class StartScreen(Screen[None]):
    """What shall it be?"""

    app: WarmerApp

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "choose", show=False),
        Binding("ctrl+o", "app.open", "open a file"),
        Binding("f1", "app.help", "help"),
        Binding("ctrl+q", "app.quit", "quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._choices: dict[str, Callable[[], None]] = {}

    def compose(self) -> ComposeResult:
        yield Static(
            Content.from_markup("[b]warmer[/b]  find the picture you have in mind by varying the one you have"),
            id="title",
        )
        yield Input(placeholder="what shall the picture show? type it and press Enter", id="prompt-input")
        yield OptionList(id="options", markup=False)
        yield Static("", id="status", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if message.value.strip():
            self.app.begin_prompt(message.value.strip())

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self._choices[message.option_id or ""]()

    def offer(self, *, resume: str, prompts: tuple[str, ...], recent: tuple[Path, ...]) -> None:
        """What can be chosen: the last session by its name ("" for none), example prompts, recent pictures."""
        groups: tuple[list[tuple[str, Callable[[], None]]], ...] = (
            [(f"go on with the last session: {plain(resume, 100)}", self.app.resume)] if resume else [],
            [(f"try: {plain(each, 100)}", partial(self.app.begin_prompt, each)) for each in prompts],
            [(f"open: {picture_title(path)}", partial(self.app.open_picture, path)) for path in recent],
        )
        options = self.query_one(OptionList)
        for group in filter(None, groups):
            if self._choices:
                options.add_option(None)
            for words, choose in group:
                name = f"choice-{len(self._choices)}"
                self._choices[name] = choose
                options.add_option(Option(Content(words), id=name))
        options.highlighted = 0

    def say(self, words: str) -> None:
        """The line at the bottom: how loading goes, or what went wrong."""
        self.query_one("#status", Static).update(Content(f" {plain(words, limit=400)}"))


def picture_title(path: Path) -> str:
    """A picture's folder and name, safe to show."""
    return plain(f"{path.parent.name} / {path.name}", limit=120)
