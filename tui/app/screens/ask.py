"""Screens that ask for a path: a copy's name, a picture to open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import UnknownModelError
from latentpng.text import plain
from tui.app.screens.start import picture_title


class PathScreen(Screen[Path | None]):
    """Asks for one path; `check` answers "" or what is wrong with it, and may be asked again to insist."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "back", priority=True)]

    def __init__(
        self,
        question: str,
        *,
        value: str,
        check: Callable[[Path, bool], str],
        suggestions: tuple[Path, ...] = (),
    ) -> None:
        super().__init__()
        self._question, self._value, self._check, self._suggestions = question, value, check, suggestions
        self._asked_twice = Path()

    def compose(self) -> ComposeResult:
        yield Static(Content(f" {plain(self._question)}"), id="title", markup=False)
        yield Input(value=self._value, id="path-input")
        yield Static("", id="status", markup=False)
        if self._suggestions:
            yield OptionList(*(Option(Content(picture_title(path))) for path in self._suggestions), markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if message.value.strip():
            typed = os.path.expanduser(message.value.strip())  # noqa: PTH111 (Path's raises when there is no such user)
            self._offer(Path(typed))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        self._offer(self._suggestions[message.option_index])

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _offer(self, path: Path) -> None:
        try:
            problem = self._check(path, path == self._asked_twice)
        except (OSError, ValueError) as error:
            problem = f"{path}: {getattr(error, 'strerror', None) or error}"
        self._asked_twice = path
        if problem:
            self.query_one("#status", Static).update(Content(f" {plain(problem, limit=300)}"))
        else:
            self.dismiss(path)


def ask_for_model(error: UnknownModelError) -> PathScreen:
    """Asks which model goes on with a picture whose own is not here; those that come near can be chosen."""
    return PathScreen(
        f"{error.made}: which one goes on with it? type a path, or choose one below",
        value="",
        check=problem_of_model,
        suggestions=tuple(Path(path) for path, _ in error.near),
    )


def problem_of_picture(path: Path, _: bool) -> str:
    """Why a picture cannot be opened, "" when it can be tried.  OSError."""
    path.stat()  # its OSError is the answer
    return f"{path}: this is a folder, a PNG file is needed" if path.is_dir() else ""


def problem_of_model(path: Path, _: bool) -> str:
    """Why a model cannot be loaded from there, "" when it can be tried.  OSError."""
    path.stat()  # its OSError is the answer
    return ""


def problem_of_new(path: Path, insisted: bool) -> str:
    """Why a copy cannot be saved there, "" when it can be tried.  OSError."""
    if path.suffix.lower() != ".png":
        return f"{path}: the name must end in .png"
    if path.is_dir() or not path.parent.is_dir():
        return f"{path}: there is no folder {path.parent}"
    if path.exists() and not insisted:
        return f"{path}: this file exists; Enter again replaces it"
    return ""
