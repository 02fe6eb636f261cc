"""Export the way to a picture: what is made, where it is saved, and how far it is."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import Footer, Input, Static

from tui.app.film.state import BETWEEN, FilmChoices, FilmKind, FilmOffer, FilmState, offer_words, state_words
from tui.app.screens.dialog import Dialog
from tui.app.widgets.choice import ChoiceLine, Item
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import PictureCell
from tui.app.widgets.safe_lines import SafeInput

if TYPE_CHECKING:
    from engine.rendering.events import Picture

KINDS = (
    Item(value=FilmKind.FILM, words="an animation from the first picture to this one"),
    Item(value=FilmKind.SHEET, words="a contact sheet: the pictures side by side"),
    Item(value=FilmKind.BOTH, words="an animation, and a contact sheet beside it"),
)
FRAMES = tuple(
    Item(value=str(number), words=words)
    for number, words in zip(
        BETWEEN,
        (
            "pictures between one pick and the next",
            "pictures between them: smoother, and twice the time",
            "pictures between them: half the time",
            "pictures between them: a slide show",
        ),
        strict=True,
    )
)


class FilmMaker(Protocol):
    """What makes the files; see `tui.app.filming`."""

    def offer(self, choices: FilmChoices) -> FilmOffer:
        """Return what choices lead to."""

    def suggestion(self, kind: FilmKind) -> Path:
        """Return a name that no file has yet."""

    def problem_of(self, choices: FilmChoices) -> str:
        """Return why the files of choices cannot be written, as a sentence; "" when they can be."""

    def begin(self, choices: FilmChoices) -> None:
        """Begin to make the files."""

    def cancel(self) -> None:
        """Stop making them; nothing is written."""


class FilmScreen(Dialog[str]):
    """Asks what is to be made of the way, and shows how far it is; ends with a sentence, "" for nothing made.

    Attributes:
        state: How far it is.
        choices: What is chosen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "begin", "begin", priority=True),
        Binding("escape", "leave", "back", key_display="esc", priority=True),
        Binding("f2", "choose('kind')", "kind"),
        Binding("f3", "choose('count')", "count"),
        Binding("f1", "app.help", "help"),
        Binding("down", "app.focus_next", "move", show=False),
        Binding("up", "app.focus_previous", "move", show=False),
    ]
    state: var[FilmState] = var(FilmState())

    def __init__(self, maker: FilmMaker, picture: Picture) -> None:
        """Prepare the screen.

        Args:
            maker: What makes the files.
            picture: The picture at the end of the way.
        """
        super().__init__()
        self.choices = FilmChoices(path=maker.suggestion(FilmKind.FILM))
        self._maker, self._picture = maker, picture
        self._suggested = str(self.choices.path)
        self._began = time.monotonic()
        self._insisted = Path()

    def compose(self) -> ComposeResult:
        yield Static(Content(" Show the way to this picture"), id="title", markup=False)
        yield ChoiceLine("kind", "F2", KINDS)
        yield ChoiceLine("count", "F3", FRAMES)
        yield SafeInput(value=self._suggested, id="path-input", select_on_focus=False)
        yield TextLine("where")
        yield TextLine("status")
        yield PictureCell()
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#kind").focus()
        self.show(self._picture)
        self.call_after_refresh(self._show_name)
        self._write_offer()
        self._write_status()

    def show(self, picture: Picture, *, preview: bool = False) -> None:
        """Show the newest picture of the film; preview: a next one follows soon."""
        for cell in self.query(PictureCell):
            cell.show(picture, preview=preview)

    def _show_name(self) -> None:
        """Scroll to the end of the path, where the name of the file stands."""
        line = self.query_one(Input)
        line.scroll_to(x=line.max_scroll_x, animate=False, force=True)

    def on_screen_resume(self) -> None:
        """End when the files are there: at once, or when the help is closed that lies over this screen."""
        if self.state.made and self.is_current:
            self.dismiss(self.state.made)

    def on_choice_line_changed(self, message: ChoiceLine.Changed) -> None:
        kind, between = self.choices.kind, self.choices.between
        if message.name == "kind":
            kind = FilmKind(message.value)
        else:
            between = int(message.value)
        self._keep_suggesting(kind)
        self.choices = FilmChoices(kind=kind, between=between, path=self.choices.path)
        self._forget_failure()
        self._write_offer()

    def on_input_changed(self) -> None:
        self._forget_failure()

    def action_choose(self, name: str) -> None:
        if not self.state.is_busy:
            self.query_one(f"#{name}", ChoiceLine).action_next(1)

    def action_begin(self) -> None:
        if self.state.is_busy or self._maker.offer(self.choices).problem:
            return
        typed = os.path.expanduser(self.query_one(Input).value.strip())  # noqa: PTH111 (Path's raises)
        self.choices = FilmChoices(kind=self.choices.kind, between=self.choices.between, path=Path(typed).absolute())
        problem = self._problem(typed)
        if problem:
            self._write("status", problem)
            return
        self._began = time.monotonic()
        self._maker.begin(replace(self.choices, replace=self._insisted == self.choices.path))

    def action_leave(self) -> None:
        if self.state.is_busy:
            self._maker.cancel()
        else:
            self.dismiss("")

    def watch_state(self, before: FilmState, after: FilmState) -> None:
        if after.made:
            self.on_screen_resume()
            return
        if before.is_busy != after.is_busy:
            for widget in self.query("Input, ChoiceLine"):
                widget.disabled = after.is_busy
            if not after.is_busy:
                self.query_one("#kind").focus()
                self.show(self._picture)
        self._write_status()

    def _problem(self, typed: str) -> str:
        """Return why the files cannot be written, as a sentence; an existing file is replaced at the second Enter."""
        if not typed:
            return "type the name of the file first"
        problem = self._maker.problem_of(self.choices)
        if problem:
            return problem
        files = (self.choices.film, self.choices.sheet)
        existing = next((path for path in files if path is not None and os.path.lexists(path)), None)
        if existing is not None and self._insisted != self.choices.path:
            self._insisted = self.choices.path
            return f"{existing} already exists; press Enter again to replace it"
        return ""

    def _keep_suggesting(self, kind: FilmKind) -> None:
        """Suggest a name for another kind of file, unless one was typed."""
        line = self.query_one(Input)
        if line.value == self._suggested:
            self._suggested = line.value = str(self._maker.suggestion(kind))
            self.call_after_refresh(self._show_name)

    def _forget_failure(self) -> None:
        if not self.state.is_busy:
            self.state = FilmState()
            self._write_status()

    def _write_offer(self) -> None:
        self._write("where", offer_words(self._maker.offer(self.choices)))
        for line in self.query("#count"):  # none while the screen is being closed
            line.display = self.choices.kind is not FilmKind.SHEET

    def _write_status(self) -> None:
        elapsed = time.monotonic() - self._began
        self._write("status", state_words(self._maker.offer(self.choices), self.state, elapsed))

    def _write(self, line_id: str, words: str) -> None:
        for line in self.query(f"#{line_id}").results(TextLine):
            line.words = words
