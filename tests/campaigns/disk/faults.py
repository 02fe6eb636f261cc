"""A disk that fails: every call by which a program writes into a folder can fail, once or from then on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

CALLS = ("link", "replace", "unlink", "mkdir", "fsync", "listdir")


class Faults:
    """Counts the calls that write into a folder, and lets one of them fail, or all from it on.

    Attributes:
        calls: The names of the calls that were made.
        failed: The names of those that failed.
    """

    def __init__(self, folder: Path, *, at: int = -1, reason: int = 0, lasts: bool = False) -> None:
        """Let nothing fail yet.

        Args:
            folder: The folder that is watched, with all that is in it.
            at: The index of the call that fails; -1 for none.
            reason: The error number.
            lasts: Whether all calls after it fail too, as on a full disk; removing and listing always work then.
        """
        self.calls: list[str] = []
        self.failed: list[str] = []
        self._folder, self._at, self._reason, self._lasts = str(folder), at, reason, lasts

    def end(self) -> None:
        """Let nothing fail any more: there is room again."""
        self._at = -1

    def meet(self, name: str, where: object) -> None:
        """Count a call, and let it fail if it is its turn."""
        if not str(where).startswith(self._folder):
            return
        number = len(self.calls)
        self.calls.append(name)
        goes_on = self._lasts and name not in ("unlink", "listdir", "flock")
        if self._at >= 0 and (number == self._at or (goes_on and number > self._at)):
            self.failed.append(name)
            raise OSError(self._reason, os.strerror(self._reason))

    @contextmanager
    def in_force(self) -> Iterator[Faults]:
        """Watch the calls of this process."""
        with ExitStack() as stack:
            for name in CALLS:
                stack.enter_context(mock.patch.object(os, name, self._watched(name, getattr(os, name))))
            flock, opened = fcntl.flock, Path.open

            def lock(file: Any, operation: int) -> None:
                self.meet("flock", _path_of(file if isinstance(file, int) else file.fileno()))
                flock(file, operation)

            def open_path(path: Path, mode: str = "r", *arguments: Any, **more: Any) -> Any:
                if mode != "xb":
                    return opened(path, mode, *arguments, **more)
                self.meet("create", path)
                return _File(opened(path, mode, *arguments, **more), self, path)

            stack.enter_context(mock.patch.object(fcntl, "flock", lock))
            stack.enter_context(mock.patch.object(Path, "open", open_path))
            yield self

    def _watched(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: Any, **more: Any) -> object:
            self.meet(name, _path_of(arguments[0]) if name == "fsync" else arguments[-1] if arguments else ".")
            return call(*arguments, **more)

        return run


class _File:
    """A file whose writes are watched; the first of them writes a part, as a short write does."""

    def __init__(self, file: Any, faults: Faults, path: Path) -> None:
        self._file, self._faults, self._path = file, faults, path

    def write(self, data: Any) -> None:
        half = memoryview(data).cast("B")
        self._file.write(half[: len(half) // 2])
        self._faults.meet("write", self._path)
        self._file.write(half[len(half) // 2 :])

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _path_of(descriptor: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return ""
