"""The files that show a way: a film, a contact sheet, or both, fed with the same pictures."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.film.plan import FilmPlan
from engine.film.reel import Reel
from engine.film.sheet import ContactSheet
from latentpng.errors import UnwritableFileError
from latentpng.png.disk import make_folder
from latentpng.text import plain

if TYPE_CHECKING:
    from engine.rendering.events import Picture


def check_writable(path: Path) -> None:
    """Check that a file can be written, before hours of rendering.

    Raises:
        UnwritableFileError: Its folder is not there and cannot be created, nothing may be written in it, or there is
            something else than a file.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise UnwritableFileError(f"{plain(str(path))}: this symlink leads to no file") from None
    except NotADirectoryError:
        pass  # said below, by the name of what is no folder
    except OSError as error:
        raise UnwritableFileError(f"{plain(str(path))}: it cannot be written ({error.strerror})") from error
    else:
        if stat.S_ISDIR(status.st_mode):
            raise UnwritableFileError(f"{path}: this is a folder; give the name of a file")
        if not stat.S_ISREG(status.st_mode):
            raise UnwritableFileError(f"{plain(str(path))}: refusing to replace a pipe or device")
    folder = next(each for each in path.absolute().parents if each.exists())
    if not folder.is_dir():
        raise UnwritableFileError(f"{path}: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnwritableFileError(f"{path}: nothing may be written in the folder {folder}")


class FilmOutput:
    """Takes the pictures of a plan in any order, and writes the files when all of them are there.

    Pictures that are known already are read when their turn comes, so that few pictures are in memory at once.
    """

    def __init__(
        self,
        plan: FilmPlan,
        size: tuple[int, int],
        *,
        film: Path | None,
        sheet: Path | None,
        words: bool = False,
        known: Mapping[int, Callable[[], Picture]] = MappingProxyType({}),
        replace: bool = False,
    ) -> None:
        """Begin with no picture.

        Args:
            plan: What the files are made of.
            size: The width and height of the pictures in them.
            film: The file of the film; None for no film.
            sheet: The file of the contact sheet; None for no sheet.
            words: Write under each frame of the film which picture of the way it shows.
            known: Functions that return the pictures which are not rendered, by their index in the plan.
            replace: Replace files that exist; else a file whose name is taken when it is finished gets a similar one.

        Raises:
            InvalidRequestError: The name of a file does not say a kind of file that is possible.
        """
        self._reel = Reel(film, plan, size, words=words) if film is not None else None
        self._sheet = ContactSheet(sheet, plan, size) if sheet is not None else None
        self._known, self._replace = dict(sorted(known.items())), replace

    def take(self, index: int, picture: Picture) -> None:
        """Take a rendered picture, and before it the known ones that come earlier on the way.

        Args:
            index: Its index in the plan.
            picture: Its pixels.

        Raises:
            FileError: A known picture cannot be read.
        """
        self._take_known(index)
        self._pass_on(index, picture)

    def write(self) -> tuple[Path, ...]:
        """Write the files, each whole or not at all, and return them, the film first.

        Every picture that is not known was taken.

        Raises:
            UnwritableFileError: A file cannot be written.
            FileError: A known picture cannot be read.
        """
        self._take_known(math.inf)
        written = []
        parts = [part for part in (self._reel, self._sheet) if part is not None]
        for part in parts:
            try:
                make_folder(part.path.parent)
            except OSError as error:
                raise UnwritableFileError(
                    f"{part.path}: its folder cannot be created: {error.strerror or error}"
                ) from error
            written.append(part.write(replace=self._replace))
        return tuple(written)

    def close(self) -> None:
        """Remove what is only needed until the files are written."""
        if self._reel is not None:
            self._reel.close()

    def _take_known(self, before: float) -> None:
        for index in [each for each in self._known if each < before]:
            self._pass_on(index, self._known.pop(index)())

    def _pass_on(self, index: int, picture: Picture) -> None:
        for part in (self._reel, self._sheet):
            if part is not None:
                part.take(index, picture)
