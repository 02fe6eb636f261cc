"""Screens that ask for a path: a picture to open, the name of a copy, a model.

Tab completes what is typed, Down leads into the list, which shows what fits.  What is wrong with a path is said on the
screen, and nothing that was typed is lost.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import EngineError, UnknownModelError
from latentpng.text import plain
from tui.app.completion import MODELS, PICTURES, Name, completed, fitting, names_in, shown, split
from tui.app.gallery.preview import Preview
from tui.app.messages import OpeningCancelled, SourceChosen
from tui.app.sources import ModelOffer, PictureSource
from tui.app.widgets.line import TextLine
from tui.app.widgets.path_line import PathLine
from tui.app.work import begin

MAX_LISTED = 500
"""Lines of the list: in a folder with more, typing narrows them."""


class Suggestion(NamedTuple):
    """A path that can be chosen instead of typed, and what its line says."""

    words: str
    path: Path


class Line(NamedTuple):
    """A line of the list: what it says, what is typed for it, its path, and whether it is a folder to look into."""

    words: str
    typed: str
    path: Path
    is_folder: bool = False


class PathList(OptionList):
    """The list of what can be chosen; its footer says how."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "take it")]


class PathScreen(Screen[Path | None]):
    """Asks for one path; ends with it, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "back", priority=True, key_display="esc"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-wide")]  # noqa: RUF012 (Textual declares it so)

    def __init__(
        self,
        question: str,
        *,
        value: str,
        check: Callable[[Path, bool], str],
        suggestions: tuple[Suggestion, ...] = (),
        hint: str = "",
        suffixes: tuple[str, ...] = PICTURES,
    ) -> None:
        """Prepare the question.

        Args:
            question: What the first line says.
            value: What the input holds at first.
            check: Called with a path, and whether it was entered twice in a row.  It returns what is wrong with the
                path, as a sentence, or "".  An OSError or ValueError of it counts as such a sentence.
            suggestions: Paths to choose from while no folder is typed.
            hint: What the input says while it is empty.
            suffixes: The files that are listed, by the ends of their names, in lower case.
        """
        super().__init__()
        self._question, self._value, self._check, self._suggestions = question, value, check, suggestions
        self._hint, self._suffixes, self._last_path = hint, suffixes, Path()
        self._names: dict[str, tuple[Name, ...]] = {}
        self._lines: tuple[Line, ...] = ()
        self._cycled = ""
        self._completes = False

    def compose(self) -> ComposeResult:
        yield Static(Content(f" {plain(self._question)}"), id="title", markup=False)
        yield PathLine(value=self._value, placeholder=self._hint, id="path-input")
        yield TextLine("status")
        with Horizontal():
            yield PathList(id="paths", markup=False)
            yield Preview()
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(PathLine).focus()
        self._list()

    @property
    def _typed(self) -> str:
        return self.query_one(PathLine).value

    def on_key(self, event: events.Key) -> None:
        """Type into the line, whichever widget has the focus."""
        line = self.query_one(PathLine)
        if line.has_focus:
            return
        if event.is_printable and event.character:
            event.stop()
            line.focus()
            line.insert_text_at_cursor(event.character)
        elif event.key == "backspace":
            event.stop()
            line.focus()
            line.action_delete_left()
        elif event.key == "up" and not self.query_one(OptionList).highlighted:
            event.stop()
            line.focus()

    def on_input_changed(self) -> None:
        if self._typed != self._cycled:
            self._cycled = ""
            self.query_one("#status", TextLine).words = ""
            self._list()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        if message.value.strip():
            typed = os.path.expanduser(message.value.strip())  # noqa: PTH111 (Path's raises when there is no such user)
            self._try(Path(typed))

    def on_path_line_left(self) -> None:
        if self._lines:
            options = self.query_one(OptionList)
            options.highlighted = options.highlighted or 0
            options.focus()

    def on_path_line_completed(self, message: PathLine.Completed) -> None:
        if self._cycled:
            self._cycle(message.by)
        elif not self._typed and self._suggestions:
            self.on_path_line_left()
        elif split(self._typed).folder in self._names:
            self._complete(message.by)
        else:
            self._completes = True  # as soon as the folder is read

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        if message.option_index < len(self._lines):
            self.preview(self._lines[message.option_index])

    def preview(self, line: Line | None) -> None:
        """Show the picture of a line large; None when nothing is listed."""
        is_picture = line is not None and not line.is_folder and self._suffixes != MODELS
        path = line.path if line is not None and is_picture else None
        words = "" if path is None else f"{plain(path.name)} in {plain(path.absolute().parent.name)}"
        self.query_one(Preview).show("" if path is None else str(path), words)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        line = self._lines[message.option_index]
        is_model = self._suffixes == MODELS and (line.path / "model_index.json").is_file()
        if line.is_folder and not is_model:
            self._write(line.typed)
            self.query_one(PathLine).focus()
        else:
            self._try(line.path)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def accept(self, path: Path) -> None:
        """Take a path with which nothing is wrong; the screen ends with it."""
        self.dismiss(path)

    def refuse(self, sentence: str) -> None:
        """Say why a path was not taken."""
        self.query_one("#status", TextLine).words = sentence

    def _try(self, path: Path) -> None:
        try:
            problem = self._check(path, path == self._last_path)
        except (OSError, ValueError) as error:
            problem = f"{path}: {getattr(error, 'strerror', None) or error}"
        self._last_path = path
        if problem:
            self.refuse(problem)
        else:
            self.accept(path)

    def _write(self, typed: str) -> None:
        line = self.query_one(PathLine)
        line.value = typed
        line.cursor_position = len(typed)

    def _complete(self, by: int) -> None:
        text = completed(self._typed, self._names[split(self._typed).folder])
        if text != self._typed:
            self._write(text)
        elif any(line.typed != self._typed for line in self._lines):
            self._cycle(by)

    def _cycle(self, by: int) -> None:
        """Type the next line of the list, which stays as it is."""
        options = self.query_one(OptionList)
        number = options.highlighted if self._cycled else (-1 if by > 0 else 0)
        number = ((number or 0) + by) % len(self._lines)
        options.highlighted = number
        self._cycled = self._lines[number].typed
        self._write(self._cycled)

    def _list(self) -> None:
        """List what fits; the names in a folder are read in a thread."""
        folder = split(self._typed).folder
        if folder in self._names:
            self._show(self._names[folder])
        else:
            begin(self, partial(self._read, folder), "names", exclusive=True)

    async def _read(self, folder: str) -> None:
        reading = asyncio.create_task(asyncio.to_thread(names_in, folder, self._suffixes))
        try:
            if not (await asyncio.wait([reading], timeout=0.3))[0]:
                self.refuse(f"reading {plain(folder)}")
                await asyncio.wait([reading])
                self.refuse("")
            self._names[folder] = reading.result()
        except (OSError, ValueError):
            self._names[folder] = ()  # nothing to list; Enter says what is wrong with the path
        self._show(self._names[folder])
        if self._completes:
            self._completes = False
            self._complete(1)

    def _show(self, names: tuple[Name, ...]) -> None:
        parts = split(self._typed)
        lines = [*self._suggested(), *(_line(parts.head, parts.folder, name) for name in self._names_shown(names))]
        self._lines = tuple(lines[:MAX_LISTED])
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(Content(line.words)) for line in self._lines)
        options.highlighted = 0 if self._lines else None
        if not self._lines:
            self.preview(None)
        if len(lines) > MAX_LISTED:
            self.refuse(f"the first {MAX_LISTED} of {len(lines)}: type more of the name")

    def _suggested(self) -> list[Line]:
        words = self._typed.casefold().split()
        return [
            Line(each.words, str(each.path), each.path)
            for each in self._suggestions
            if "/" not in self._typed and all(word in each.words.casefold() for word in words)
        ]

    def _names_shown(self, names: tuple[Name, ...]) -> tuple[Name, ...]:
        is_only_suggested = not self._typed and bool(self._suggestions)
        return () if is_only_suggested else fitting(names, split(self._typed).start)


def _line(head: str, folder: str, name: Name) -> Line:
    return Line(plain(name.typed, limit=200), head + name.typed, Path(folder) / name.text, name.is_folder)


class OpenScreen(PathScreen):
    """Asks for a picture to open, and stays until it is open: what goes wrong is said here."""

    def __init__(self, find_recent: Callable[[], tuple[Path, ...]]) -> None:
        """Prepare the question.

        Args:
            find_recent: Returns pictures that are offered, the newest first; called in a thread.
        """
        super().__init__(
            "Open a picture: type its path, or choose one below",
            value="",
            check=problem_of_picture,
            hint="a path; Tab completes it",
        )
        self._find_recent = find_recent

    def on_mount(self) -> None:
        super().on_mount()
        begin(self, self._add_recent, "recent")

    async def _add_recent(self) -> None:
        found = await asyncio.to_thread(self._find_recent)
        self._suggestions = tuple(
            Suggestion(plain(f"{path.name}   {path.parent.name}", limit=120), path) for path in found
        )
        if not self._typed:
            self._list()

    def accept(self, path: Path) -> None:
        if path.is_dir():
            self._write(f"{str(path).rstrip('/')}/")
            self.query_one(PathLine).focus()
            return
        self.refuse(f"opening {path.name}")
        self.post_message(SourceChosen(PictureSource(path=path)))

    def action_cancel(self) -> None:
        self.post_message(OpeningCancelled())
        self.dismiss(None)


def ask_for_model(error: UnknownModelError, offers: tuple[ModelOffer, ...]) -> PathScreen:
    """Return the screen that asks which model continues a picture whose own is not here.

    Args:
        error: Why it is asked; it names similar models, which are offered first.
        offers: The models that are here.
    """
    near = tuple(Suggestion(shown(Path(path)), Path(path)) for path, _ in error.near)
    known = {str(each.path) for each in near}
    others = tuple(Suggestion(offer.words, Path(offer.model)) for offer in offers if offer.model not in known)
    return PathScreen(
        error.made,
        value="",
        hint="type the name or path of another model, or choose one below",
        check=problem_of_model,
        suggestions=(*near, *others),
        suffixes=MODELS,
    )


def problem_of_picture(path: Path, _: bool) -> str:
    """Return why a path cannot be a picture, or "" when opening it, or looking into it, can be tried.

    Raises:
        OSError: There is no such file or folder, or it cannot be looked at.
    """
    path.stat()
    return ""


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
