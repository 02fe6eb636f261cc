"""Screens that ask for a path: a picture to open, a model; and what is wrong with a path, in a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from engine.errors import EngineError, UnknownModelError
from latentpng.text import plain
from tui.app.completion import MODELS, shown
from tui.app.messages import OpeningCancelled, SourceChosen
from tui.app.screens.path import PathScreen, Suggestion
from tui.app.sources import ModelOffer, PictureSource
from tui.app.widgets.path_line import PathLine
from tui.app.work import begin


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
