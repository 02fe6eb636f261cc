"""The first screen: type a prompt, continue the last session, or open a recent picture."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.app.messages import SourceChosen
from tui.app.model_load import ModelLoad
from tui.app.sources import Offer, PromptSource
from tui.app.widgets.line import TextLine


class StartScreen(Screen[None]):
    """Asks what to open; the answer is the message SourceChosen.

    Attributes:
        model_load: How far the loading of the model is; each change is reported in `notice`.
        offer: What can be chosen besides typing a prompt.
        notice: The sentence on the status line.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "choose", show=False),
        Binding("ctrl+o", "app.open", "open a file"),
        Binding("ctrl+l", "app.choose_model", "model"),
        Binding("f1", "app.help", "help"),
        Binding("ctrl+q", "app.quit", "quit", priority=True),
    ]
    model_load: var[ModelLoad] = var(ModelLoad())
    offer: var[Offer] = var(())
    notice: var[str] = var("")

    def compose(self) -> ComposeResult:
        yield Static(
            Content.from_markup("[b]warmer[/b]  find the picture you have in mind by varying the one you have"),
            id="title",
        )
        yield Input(placeholder="describe the picture and press Enter", id="prompt-input")
        yield OptionList(id="options", markup=False)
        yield TextLine("status", more="F1: all of it")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if message.value.strip():
            self.post_message(SourceChosen(PromptSource(prompt=message.value.strip())))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        choices = [choice for group in self.offer for choice in group]
        self.post_message(SourceChosen(choices[int(message.option_id or "")].source))

    def watch_model_load(self, before: ModelLoad, load: ModelLoad) -> None:
        if load.ready is not None:
            self.notice = f"the model '{load.ready.request.model.name}' is ready on {load.ready.device}"
        elif self.notice == before.words or not load.is_later(before):
            self.notice = load.failure or load.words

    def watch_offer(self, offer: Offer) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        number = 0
        for group in offer:
            if number:
                options.add_option(None)  # a line between two groups
            for choice in group:
                options.add_option(Option(Content(choice.words), id=str(number)))
                number += 1
        options.highlighted = 0 if number else None

    def watch_notice(self, notice: str) -> None:
        self.query_one("#status", TextLine).words = notice
