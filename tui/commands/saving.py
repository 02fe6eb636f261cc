"""Saving the pictures of a command: those that do not fit on the disk now are tried again, and never lost silently."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from engine.rendering.events import PictureRendered
from latentpng.errors import UnwritableFileError
from tui.commands.output import save, say

MAX_UNSAVED_BYTES = 512 * 2**20
"""Pixels that wait in memory for room on the disk."""
_MAY_PASS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENFILE, errno.EMFILE, errno.ESTALE, errno.EAGAIN}
)
_TRIED_AGAIN = 4  # with each save: on a full disk, each of them takes time and fails


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unsaved:
    path: Path
    event: PictureRendered
    on_saved: Callable[[Path], None]
    error: UnwritableFileError


class Saving:
    """Saves pictures, and at the end once more those that could not be saved.

    with Saving(force=False) as saving:
        saving.save(path, event, print)
    """

    def __init__(self, *, force: bool) -> None:
        """Have nothing to save yet.

        Args:
            force: Replace files that exist.
        """
        self._force = force
        self._unsaved: list[_Unsaved] = []

    def save(self, path: Path, event: PictureRendered, on_saved: Callable[[Path], None]) -> None:
        """Save a picture, now or later.

        Args:
            path: The file.
            event: The picture.
            on_saved: Called with the file once the picture is on the disk.

        Raises:
            UnwritableFileError: It cannot be saved, and that will not change, or too much waits already.
        """
        self._save_again(_TRIED_AGAIN)
        error = self._try(path, event, on_saved)
        if error is None:
            return
        waiting = sum(len(each.event.picture.rgb) for each in self._unsaved)
        if not _may_pass(error) or waiting + len(event.picture.rgb) > MAX_UNSAVED_BYTES:
            raise error
        say(f"{error}; the picture stays in memory and is tried again later")
        self._unsaved.append(_Unsaved(path=path, event=event, on_saved=on_saved, error=error))

    def __enter__(self) -> Saving:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._save_again(len(self._unsaved))
        if not self._unsaved:
            return
        count = len(self._unsaved)
        lost = UnwritableFileError(
            f"{self._unsaved[0].error}; {count} picture{'s are' if count > 1 else ' is'} not saved: "
            "make room, and run the command again"
        )
        if error is None:
            raise lost
        say(str(lost))

    def _try(self, path: Path, event: PictureRendered, on_saved: Callable[[Path], None]) -> UnwritableFileError | None:
        try:
            saved = save(path, event, force=self._force)
        except UnwritableFileError as error:
            return error
        on_saved(saved)
        return None

    def _save_again(self, limit: int) -> None:
        tried, later = self._unsaved[:limit], self._unsaved[limit:]
        self._unsaved = [each for each in tried if self._try(each.path, each.event, each.on_saved)] + later


def _may_pass(error: UnwritableFileError) -> bool:
    """Return whether the reason may be gone later, as with a full disk."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in _MAY_PASS
