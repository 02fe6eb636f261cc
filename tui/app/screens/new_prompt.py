"""A new prompt over a search: the search goes on behind, and nothing is left before Enter."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Footer, Static

from latentpng.text import plain
from tui.app.messages import OpeningCancelled, SourceChosen
from tui.app.screens.dialog import Dialog
from tui.app.sources import PromptSource
from tui.app.widgets.line import TextLine
from tui.app.widgets.prompt_area import PromptArea

QUESTION = (
    "Enter leaves this search and starts a new one with this prompt.  Everything that you picked is saved, and this "
    "search can be resumed from the gallery.  Escape goes back to it."
)
SAME = "the prompt is unchanged: the new search starts from a fresh seed"


class NewPromptScreen(Dialog[None]):
    """Asks for the prompt of a new search, and stays until that is open: what goes wrong is said here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "new search", priority=True),
        Binding("escape", "cancel", "back to this search", priority=True, key_display="esc"),
        Binding("ctrl+g", "app.gallery", "gallery", priority=True),
        Binding("ctrl+l", "app.choose_model", "model", priority=True),
        Binding("f1", "app.help", "help"),
    ]

    def __init__(self, prompt: str, *, prompts: tuple[str, ...], model: str) -> None:
        """Prepare the question.

        Args:
            prompt: The prompt in use.
            prompts: Prompts that were used, newest first.
            model: The name of the model of new prompts.
        """
        super().__init__()
        self._prompt, self._prompts, self._model = prompt, prompts, model

    def compose(self) -> ComposeResult:
        yield Static(Content(QUESTION), id="title", markup=False)
        yield PromptArea(self._prompt, self._prompts, area_id="new-prompt")
        yield TextLine("model")
        yield TextLine("status", more="F1: all of it")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(PromptArea).focus()
        self.say_model(self._model)
        self._say_whether_changed()

    def say_model(self, name: str) -> None:
        """Say which model a new search uses."""
        self.query_one(
            "#model", TextLine
        ).words = f"new searches use the model '{plain(name, 60)}'; ↑ shows earlier prompts"

    def on_text_area_changed(self) -> None:
        self._say_whether_changed()

    def action_start(self) -> None:
        prompt = self.query_one(PromptArea).text.strip()
        if prompt:
            self.refuse("starting the new search")
            self.post_message(SourceChosen(PromptSource(prompt=prompt, is_other_seed=self._is_unchanged)))

    def action_cancel(self) -> None:
        self.post_message(OpeningCancelled())
        self.dismiss(None)

    def refuse(self, sentence: str) -> None:
        """Say why a new search cannot begin."""
        self.query_one("#status", TextLine).words = sentence

    @property
    def _is_unchanged(self) -> bool:
        return self.query_one(PromptArea).text.strip() == self._prompt.strip()

    def _say_whether_changed(self) -> None:
        self.refuse(SAME if self._is_unchanged else "")
