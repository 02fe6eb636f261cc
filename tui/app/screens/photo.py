"""Start from a photograph: what it shows, how its noise is found, what of it stays, how it is fitted."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Footer, Input

from engine.invert import Keep, PreparedPhoto
from engine.photos.fit import Fit
from engine.rendering.events import Picture
from engine.rendering.requests import InversionWay
from engine.search.progress import Countdown
from tui.app import phrases
from tui.app.messages import InversionCancelled, InversionRequested, PhotoChanged
from tui.app.model_load import ModelLoad
from tui.app.photo_state import PhotoState
from tui.app.widgets.choice import ChoiceLine, Item
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import PictureCell
from tui.app.widgets.safe_lines import SafeInput

WAYS = (
    Item(value=InversionWay.EXACT, words="repeats the photograph best"),
    Item(value=InversionWay.FREE, words="repeats it less exactly, from noise nearer to that of a seed"),
)
KEEPS = (
    Item(value=Keep.ALL, words="the first picture repeats it"),
    Item(value=Keep.LAYOUT, words="its layout stays, the detail is drawn anew"),
    Item(value=Keep.DETAIL, words="its detail stays, the layout is drawn anew"),
)
FITS = (
    Item(value=Fit.CROP, words="two sides are cut off"),
    Item(value=Fit.PAD, words="all of it, its edges drawn out"),
    Item(value=Fit.STRETCH, words="all of it, distorted"),
    Item(value=Fit.SHAPE, words="a picture of the photograph's own shape"),
)


class PhotoScreen(Screen[None]):
    """Asks how to begin with a photograph, and shows how far its inversion is.

    Attributes:
        prepared: The photograph, its model and its pixels as they will be inverted.
        choices: What is chosen, as far as it is known without the prompt.
        state: How far the inversion is.
        model_load: How far the loading of the model is.
        notice: A sentence on the status line; "" for progress or an invitation.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "invert", "begin", priority=True),
        Binding("escape", "cancel", "back", key_display="esc", priority=True),
        Binding("f2", "choose('way')", "way"),
        Binding("f3", "choose('keep')", "keep"),
        Binding("f4", "choose('fit')", "fit"),
        Binding("ctrl+l", "app.choose_model", "model"),
        Binding("ctrl+o", "app.open", "open"),
        Binding("f1", "app.help", "help"),
        Binding("ctrl+q", "app.quit", "quit", priority=True),
        Binding("down", "app.focus_next", "move", show=False),
        Binding("up", "app.focus_previous", "move", show=False),
    ]
    prepared: var[PreparedPhoto | None] = var(None)
    state: var[PhotoState] = var(PhotoState())
    model_load: var[ModelLoad] = var(ModelLoad())
    notice: var[str] = var("")

    def __init__(self, prepared: PreparedPhoto) -> None:
        """Prepare the screen.

        Args:
            prepared: The photograph with the choices to begin with.
        """
        super().__init__()
        self.choices = prepared.choices
        self._countdown, self._offered = Countdown(), prepared.photograph.prompt
        self.set_reactive(PhotoScreen.prepared, prepared)

    def compose(self) -> ComposeResult:
        yield TextLine("prompt")
        yield PictureCell()
        yield SafeInput(
            value=self._offered,
            placeholder="describe what the photograph shows",
            id="photo-prompt",
            select_on_focus=False,
        )
        yield ChoiceLine("way", "F2", WAYS)
        yield ChoiceLine("keep", "F3", KEEPS)
        yield ChoiceLine("fit", "F4", FITS)
        yield TextLine("where")
        yield TextLine("status", more="F1: all of it")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._show_prepared()

    def on_key(self, event: events.Key) -> None:
        """Type into the prompt, whichever line has the focus."""
        prompt = self.query_one(Input)
        text = event.character if event.is_printable and event.key != "space" else ""  # a space chooses on a line
        if text and not prompt.has_focus and not self.state.is_busy:
            event.stop()
            prompt.focus()
            prompt.insert_text_at_cursor(text)

    def on_choice_line_changed(self, message: ChoiceLine.Changed) -> None:
        match message.name:
            case "way":
                self.choices = replace(self.choices, way=InversionWay(message.value))
            case "keep":
                self.choices = replace(self.choices, keep=Keep(message.value))
            case _:
                self.choices = replace(self.choices, fit=Fit(message.value))
                self.post_message(PhotoChanged(self.choices))

    def action_choose(self, name: str) -> None:
        if not self.state.is_busy:
            self.query_one(f"#{name}", ChoiceLine).action_next(1)

    def action_invert(self) -> None:
        if not self.state.is_busy:
            self.choices = replace(self.choices, prompt=self.query_one(Input).value.strip())
            self.notice = ""
            self._countdown = self._countdown.restarted(time.monotonic())
            self.post_message(InversionRequested(self.choices))

    async def action_cancel(self) -> None:
        if self.state.is_busy:
            self.post_message(InversionCancelled())
        else:
            await self.run_action("app.start")

    def watch_prepared(self) -> None:
        self._show_prepared()

    def watch_state(self, before: PhotoState, after: PhotoState) -> None:
        if after.job != before.job:
            self._countdown = self._countdown.restarted(time.monotonic())
        if before.is_busy != after.is_busy:
            for widget in self.query("Input, ChoiceLine"):
                widget.disabled = after.is_busy
            if not after.is_busy:
                self.query_one(Input).focus()
        if after.preview is not None and after.preview is not before.preview:
            self._show(after.preview, preview=True)
        elif before.preview is not None and after.preview is None:
            self._show_prepared()
        self._write_status()

    def watch_model_load(self) -> None:
        self._write_status()

    def watch_notice(self) -> None:
        self._write_status()

    def _show_prepared(self) -> None:
        if self.prepared is not None:
            self._show(self.prepared.picture)
            self._write("prompt", phrases.photo_title(self.prepared.photograph))
            self._write("where", phrases.photo_target_words(self.prepared))
            self._write_status()

    def _write_status(self) -> None:
        if self.prepared is not None:
            self._countdown = self._countdown.after(self.state.progress, time.monotonic())
            left = self._countdown.left
            words = phrases.photo_status(self.prepared, self.state, self.model_load, self.notice, left)
            self._write("status", words)

    # While the app ends, events still come and the widgets are gone already: hence queries that may find nothing.
    def _write(self, line_id: str, words: str) -> None:
        for line in self.query(f"#{line_id}").results(TextLine):
            line.words = words

    def _show(self, picture: Picture, *, preview: bool = False) -> None:
        for cell in self.query(PictureCell):
            cell.show(picture, preview=preview)
