"""Screens that ask for a path: the name of a copy, a picture to open, a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import EngineError, UnknownModelError
from latentpng.text import plain
from tui.app.sources import ModelOffer, picture_title
from tui.app.widgets.line import TextLine


class Suggestion(NamedTuple):
    """A path that can be chosen instead of typed, and what its line says."""

    words: str
    path: Path


class PathScreen(Screen[Path | None]):
    """Asks for one path; ends with it, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "back", priority=True)]

    def __init__(
        self,
        question: str,
        *,
        value: str,
        check: Callable[[Path, bool], str],
        suggestions: tuple[Suggestion, ...] = (),
        hint: str = "",
    ) -> None:
        """Prepare the question.

        Args:
            question: What the first line says.
            value: What the input holds at first.
            check: Called with a path, and whether it was entered twice in a row.  It returns what is wrong with the
                path, as a sentence, or "".  An OSError or ValueError of it counts as such a sentence.
            suggestions: Paths to choose from.
            hint: What the input says while it is empty.
        """
        super().__init__()
        self._question, self._value, self._check, self._suggestions = question, value, check, suggestions
        self._hint, self._last_path = hint, Path()

    def compose(self) -> ComposeResult:
        yield Static(Content(f" {plain(self._question)}"), id="title", markup=False)
        yield Input(value=self._value, placeholder=self._hint, id="path-input")
        yield TextLine("status")
        if self._suggestions:
            yield OptionList(*(Option(Content(each.words)) for each in self._suggestions), markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if message.value.strip():
            typed = os.path.expanduser(message.value.strip())  # noqa: PTH111 (Path's raises when there is no such user)
            self._try(Path(typed))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self._try(self._suggestions[message.option_index].path)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _try(self, path: Path) -> None:
        try:
            problem = self._check(path, path == self._last_path)
        except (OSError, ValueError) as error:
            problem = f"{path}: {getattr(error, 'strerror', None) or error}"
        self._last_path = path
        if problem:
            self.query_one("#status", TextLine).words = problem
        else:
            self.dismiss(path)


def ask_for_picture(recent: tuple[Path, ...]) -> PathScreen:
    """Return the screen that asks which picture to open; recent ones are offered."""
    return PathScreen(
        "Open a picture: type its path, or choose one below",
        value="",
        check=problem_of_picture,
        suggestions=tuple(Suggestion(picture_title(path), path) for path in recent),
    )


def ask_for_model(error: UnknownModelError, offers: tuple[ModelOffer, ...]) -> PathScreen:
    """Return the screen that asks which model continues a picture whose own is not here.

    Args:
        error: Why it is asked; it names similar models, which are offered first.
        offers: The models that are here.
    """
    near = tuple(Suggestion(picture_title(Path(path)), Path(path)) for path, _ in error.near)
    known = {str(each.path) for each in near}
    others = tuple(Suggestion(offer.words, Path(offer.model)) for offer in offers if offer.model not in known)
    return PathScreen(
        error.made,
        value="",
        hint="type the name or path of another model, or choose one below",
        check=problem_of_model,
        suggestions=(*near, *others),
    )


def problem_of_picture(path: Path, _: bool) -> str:
    """Return why a path cannot be a picture, or "" when opening it can be tried.

    Raises:
        OSError: There is no such file, or it cannot be looked at.
    """
    path.stat()
    return f"{path} is a folder; choose a picture in it" if path.is_dir() else ""


def problem_of_model(path: Path, _: bool) -> str:
    """Return why nothing is meant by a path or a name, or "": the model is checked when it is opened.

    Raises:
        OSError: It is no name of a model, and there is no such file or folder, or it cannot be looked at.
    """
    from engine.models.library import Shelf, find_by_name
    from engine.models.resolve import EMBEDDED

    if str(path) == EMBEDDED:
        return ""
    try:
        if not path.exists() and find_by_name(Shelf.MODELS, str(path)) is None:
            path.stat()
    except EngineError as error:
        return str(error)
    return ""


def problem_of_new(path: Path, insisted: bool) -> str:
    """Return why a copy cannot be saved under a name, or "" when it can be tried.

    Args:
        path: The name.
        insisted: Whether it was entered twice in a row, which allows to replace an existing file.

    Raises:
        OSError: The folder cannot be looked at.
    """
    if path.suffix.lower() != ".png":
        return f"{path}: the name has to end in .png"
    if path.is_dir():
        return f"{path} is a folder; type a file name"
    if not path.parent.is_dir():
        return f"{path}: the folder {path.parent} does not exist"
    if path.exists() and not insisted:
        return f"{path} already exists; press Enter again to replace it"
    return ""
