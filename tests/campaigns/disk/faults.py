"""A disk that fails: every call by which a program writes into a folder can fail, once or from then on, or be the last.

It is also watched what a power cut would take: names that were not flushed, and files that got a name before their data
was flushed.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

CALLS = ("link", "replace", "unlink", "mkdir", "rmdir", "fsync", "listdir")
NO_LINKS_AND_LOCKS = frozenset({"link", "flock"})
KILLED = 99
"""The exit code of a process that ended at a call."""
_NEVER_FULL = ("unlink", "rmdir", "listdir", "flock")


class Faults:
    """Counts the calls that write into a folder, and lets one of them fail, or all from it on.

    Attributes:
        calls: The names of the calls that were made.
        failed: The names of those that failed.
        refused: The names of those that this file system does not know.
    """

    def __init__(
        self,
        folder: Path,
        *,
        at: int = -1,
        reason: int = 0,
        lasts: bool = False,
        kills: bool = False,
        refused: frozenset[str] = frozenset(),
    ) -> None:
        """Let nothing fail yet.

        Args:
            folder: The folder that is watched, with all that is in it.
            at: The index of the call that fails; -1 for none.
            reason: The error number.
            lasts: Whether all calls after it fail too, as on a full disk; removing and listing always work then.
            kills: Whether the process ends there instead.
            refused: As the attribute.
        """
        self.refused = refused
        self._kills = kills
        self._unflushed: set[str] = set()
        self._dirty: set[str] = set()
        self._named_early: list[str] = []
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
        if name in self.refused:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        number = len(self.calls)
        self.calls.append(name)
        goes_on = self._lasts and name not in _NEVER_FULL
        if self._at >= 0 and (number == self._at or (goes_on and number > self._at)):
            if self._kills:
                os._exit(KILLED)
            self.failed.append(name)
            raise OSError(self._reason, os.strerror(self._reason))

    def done(self, name: str, first: str, last: str) -> None:
        """Learn from a call that succeeded what a power cut would take now."""
        if not last.startswith(self._folder):
            return
        if name in ("link", "replace", "mkdir"):
            self._unflushed.add(last)
            if first in self._dirty:
                self._named_early.append(last)
        if name in ("unlink", "rmdir"):
            self._unflushed.discard(last)
            self._dirty.discard(last)
        if name == "replace":
            self._unflushed.discard(first)
        if name == "fsync":
            self._dirty.discard(last)
            self._unflushed = {each for each in self._unflushed if os.path.dirname(each) != last}  # noqa: PTH120 (may be bytes)

    def endangered(self) -> Iterator[str]:
        """Yield what a power cut would take now, although it counts as saved."""
        yield from (f"{Path(each).name} got its name before its data was flushed" for each in self._named_early)
        yield from (f"the name {Path(each).name} was not flushed" for each in sorted(self._unflushed))

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
                self._dirty.add(str(path))
                return _File(opened(path, mode, *arguments, **more), self, path)

            stack.enter_context(mock.patch.object(fcntl, "flock", lock))
            stack.enter_context(mock.patch.object(Path, "open", open_path))
            yield self

    def _watched(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: Any, **more: Any) -> object:
            first = _path_of(arguments[0]) if name == "fsync" else str(arguments[0]) if arguments else "."
            last = str(arguments[1]) if name in ("link", "replace") else first
            self.meet(name, last)
            result = call(*arguments, **more)
            self.done(name, first, last)
            return result

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
