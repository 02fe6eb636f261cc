"""Saving a copy of a picture under a name that the person chooses."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import OptionList

from latentpng.errors import LatentPngError, NameTakenError
from tui.app.completion import free_name
from tui.app.gallery.preview import Preview
from tui.app.screens.ask import problem_of_new
from tui.app.screens.path import Line, PathScreen
from tui.app.work import begin

if TYPE_CHECKING:
    from engine.search.store import Finished


class CopyScreen(PathScreen):
    """Asks for the name of a copy, and stays until it is saved: what goes wrong is said here."""

    def __init__(self, finished: Finished) -> None:
        """Prepare the question.

        Args:
            finished: The picture; a name is suggested that no file has.
        """
        name = free_name(f"round{len(finished.record.lineage.rounds)}.png", lambda name: Path(name).exists())
        super().__init__(
            f"Save a copy: type a file name in {Path.cwd()}, or a whole path",
            value=name,
            check=self._problem,
            suffixes=(".png",),
        )
        self._finished = finished
        self._insisted: Path | None = None

    def preview(self, line: Line | None) -> None:
        """Show the picture that is saved; while the list has the focus, the one that would be replaced."""
        if line is not None and not line.is_folder and self.query_one(OptionList).has_focus:
            super().preview(line)
        else:
            self.query_one(Preview).show_picture(self._finished.picture, "the picture that is saved")

    def accept(self, path: Path) -> None:
        begin(self, partial(self._save, path, replace=path == self._insisted), "copy", exclusive=True)

    def _problem(self, path: Path, insisted: bool) -> str:
        """Return as `problem_of_new`; remember what may be replaced: a file that appears later may not."""
        self._insisted = path if insisted else None
        return problem_of_new(path, insisted)

    async def _save(self, path: Path, *, replace: bool) -> None:
        from latentpng.png.files import write_picture

        picture, record = self._finished.picture, self._finished.record
        write = partial(write_picture, path, picture.width, picture.height, picture.rgb, record, replace=replace)
        try:
            await asyncio.to_thread(write)
        except NameTakenError:
            self.refuse(f"{path} already exists; press Enter again to replace it")
        except LatentPngError as error:
            self.refuse(str(error))
        else:
            self.dismiss(path)
