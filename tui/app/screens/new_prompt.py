"""A new prompt over a search: the search goes on behind, and nothing is left before Enter."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from latentpng.text import plain
from tui.app.messages import OpeningCancelled, SourceChosen
from tui.app.sources import PromptSource
from tui.app.widgets.line import TextLine
from tui.app.widgets.prompt_line import PromptLine, one_line

QUESTION = (
    "Enter leaves this search and starts a new one with this prompt.  Every picture that you picked is saved, and the "
    "search can be resumed from the gallery.  Escape goes back to it."
)


class NewPromptScreen(Screen[None]):
    """Asks for the prompt of a new search, and stays until that is open: what goes wrong is said here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "back to the search", priority=True, key_display="esc"),
        Binding("ctrl+g", "app.gallery", "gallery"),
        Binding("ctrl+l", "app.choose_model", "model"),
        Binding("f1", "app.help", "help"),
    ]

    def __init__(self, prompt: str, *, prompts: tuple[str, ...], examples: tuple[str, ...], model: str) -> None:
        """Prepare the question.

        Args:
            prompt: The prompt in use.
            prompts: Prompts that were used, newest first.
            examples: Prompts that suit the model of new prompts.
            model: The name of that model.
        """
        super().__init__()
        self._prompt, self._prompts, self._examples, self._model = prompt, prompts, examples, model

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(QUESTION), id="title", markup=False)
            yield PromptLine(one_line(self._prompt), id="prompt-input")
            yield TextLine("model")
            yield TextLine("status", more="F1: all of it")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        line = self.query_one(PromptLine)
        line.prompts, line.examples = self._prompts, self._examples
        line.focus()
        line.cursor_position = len(line.value)
        self.say_model(self._model)
        self._say_what_is_new()

    def say_model(self, name: str) -> None:
        """Say which model a new search uses."""
        self.query_one("#model", TextLine).words = f"model of new searches: {plain(name, 60)}"

    def on_input_changed(self) -> None:
        self._say_what_is_new()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        typed = message.value.strip()
        if not typed:
            return
        is_same = self._is_same(typed)
        self.refuse("starting the new search")
        self.post_message(SourceChosen(PromptSource(prompt=self._prompt if is_same else typed, is_other_seed=is_same)))

    def action_cancel(self) -> None:
        self.post_message(OpeningCancelled())
        self.dismiss(None)

    def refuse(self, sentence: str) -> None:
        """Say why a new search cannot begin."""
        self.query_one("#status", TextLine).words = sentence

    def _is_same(self, typed: str) -> bool:
        return typed == one_line(self._prompt)

    def _say_what_is_new(self) -> None:
        same = self._is_same(self.query_one(PromptLine).value.strip())
        self.refuse("the same prompt starts anew from a fresh seed" if same else "")
