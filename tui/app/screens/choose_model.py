"""The screen that asks for a model: a list of those on this machine, narrowed by typing."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import EngineError
from latentpng.text import plain
from tui.app.screens.dialog import Dialog
from tui.app.sources import ModelOffer, model_offers
from tui.app.widgets.line import TextLine
from tui.app.widgets.safe_lines import SafeInput
from tui.app.work import begin

MAX_SHOWN = 200


class ModelScreen(Dialog[str | None]):
    """Asks for a model; ends with what `--model` would be given, or with None.

    Attributes:
        offers: The models on this machine.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "back", priority=True),
        Binding("down", "app.focus_next", "choose", show=False),
    ]
    offers: var[tuple[ModelOffer, ...]] = var(())

    def compose(self) -> ComposeResult:
        yield Static(" Choose a model: type a part of its name, or the path of one", id="title", markup=False)
        yield SafeInput(id="path-input")
        yield OptionList(id="options", markup=False)
        yield TextLine("status")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.query_one("#status", TextLine).words = "looking for models"
        begin(self, self._find, "models")

    def on_input_changed(self) -> None:
        self._fill()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        shown = self._shown()
        if shown:
            self.dismiss(shown[self.query_one(OptionList).highlighted or 0].model)
        elif message.value.strip():
            self.dismiss(message.value.strip())

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown()[message.option_index].model)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def watch_offers(self) -> None:
        self._fill()

    async def _find(self) -> None:
        try:
            self.offers = await asyncio.to_thread(model_offers)
        except (EngineError, OSError) as error:
            self.query_one("#status", TextLine).words = str(error)

    def _shown(self) -> list[ModelOffer]:
        words = self.query_one(Input).value.casefold().split()
        fitting = [offer for offer in self.offers if all(word in offer.words.casefold() for word in words)]
        return fitting[:MAX_SHOWN]

    def _fill(self) -> None:
        options, shown = self.query_one(OptionList), self._shown()
        options.clear_options()
        options.add_options(Option(Content(plain(offer.words, limit=200))) for offer in shown)
        options.highlighted = 0 if shown else None
        if self.offers:
            self.query_one("#status", TextLine).words = self._status(len(shown))

    def _status(self, shown: int) -> str:
        if not shown:
            return "no model has such a name; Enter takes what you typed as a path"
        if shown == MAX_SHOWN:
            return f"the first {MAX_SHOWN} of more than that: type more of the name"
        return f"{len(self.offers) - 1} models were found on this machine; `warmer config` says where"
