"""Writers that are killed at random moments, and at every line of atomic.py: the old picture or the new one is there.

After each kill the picture must be complete, and the next run must remove what the killed one left.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import chdir, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from latentpng.png import atomic
from tests.campaigns.files.trial import Trial
from tests.campaigns.files.writers import LostPictureError, Operation, operations, write_files

_MAX_LINES = 120  # of atomic.py that an operation may run, and more; a higher number is a run without a kill


@dataclass(frozen=True, kw_only=True, slots=True)
class Undisturbed:
    """An operation that was run without a kill.

    Attributes:
        operation: The operation.
        new: The files after it.
        seconds: How long it takes at least.
    """

    operation: Operation
    new: dict[str, bytes]
    seconds: float


class Kills:
    """Kills one writer after another."""

    def __init__(self, folder: Path, side: int) -> None:
        """Run every operation without a kill.

        Args:
            folder: A folder that does not exist yet.
            side: Of the pictures, in pixels.
        """
        self._folder = folder
        folder.mkdir()
        write_files(folder, side)
        self._old = state(folder)
        self._known = [self._undisturbed(operation) for operation in operations(side)]

    def __call__(self, trial: Trial, random: Random) -> None:
        """Kill an operation; the trial is told what was lost."""
        try:
            self.kill(random)
        except LostPictureError as error:
            trial.fault(str(error))

    def kill(self, random: Random) -> tuple[str, int]:
        """Kill an operation, and check what is left.

        Returns:
            Which picture is there, "old" or "new", and the number of temporary files that the killed process left.

        Raises:
            LostPictureError: A promise is broken.
        """
        known = random.choice(self._known)
        restore(self._folder, self._old)
        moment = random.randrange(4)
        line = random.randrange(1, _MAX_LINES) if moment == 0 else 0
        child = start(known.operation, self._folder, line)
        if moment == 1:
            time.sleep(random.uniform(0.0, 1.2 * known.seconds))
        elif moment > 1:  # writing takes only a small part of the time
            wait_for_temporary(self._folder, known.seconds)
            time.sleep(random.uniform(0.0, 0.1 * known.seconds))
        if moment:
            os.kill(child, signal.SIGKILL)
        ended(child)
        return check(known.operation, self._folder, self._old, known.new)

    def _undisturbed(self, operation: Operation) -> Undisturbed:
        with chdir(self._folder), redirect_stderr(io.StringIO()):
            operation.act()  # so that no child spends its time importing modules
        seconds = []
        for _ in range(3):
            restore(self._folder, self._old)
            begin = time.monotonic()
            if ended(start(operation, self._folder)):
                raise LostPictureError(f"{operation.name}: the operation fails without being killed")
            seconds.append(time.monotonic() - begin)
        new = state(self._folder)
        if self._old.get(operation.target) == new.get(operation.target):
            raise LostPictureError(f"{operation.name}: the operation does not change {operation.target}")
        restore(self._folder, self._old)
        return Undisturbed(operation=operation, new=new, seconds=min(seconds))


def state(folder: Path) -> dict[str, bytes]:
    """Return name -> bytes of every file of a folder."""
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def restore(folder: Path, files: dict[str, bytes]) -> None:
    """Make a folder again with exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def start(operation: Operation, folder: Path, line: int = 0) -> int:
    """Start an operation in a child process.

    Args:
        operation: The operation.
        folder: Its current folder.
        line: The child kills itself before the line of atomic.py that it reaches as number `line`; 0 for never.

    Returns:
        The ID of the child.
    """
    child = os.fork()
    if child:
        return child
    try:
        os.chdir(folder)  # the path leads to a new folder after each `restore`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        if line:
            sys.settrace(kill_before(line))
        operation.act()
        os._exit(0)
    except BaseException:
        os._exit(1)


def kill_before(line: int) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace function that counts the lines of atomic.py which run, and kills the process before that one."""
    left = line

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal left
        if frame.f_code.co_filename != atomic.__file__:
            return None
        if event == "line":
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def ended(child: int) -> int:
    """Wait for a process; return its exit code, or minus the number of the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def check(operation: Operation, folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> tuple[str, int]:
    """Check what a killed process left, and that the next run removes it.

    Args:
        operation: The operation that was killed.
        folder: Its folder.
        old: The files before the operation.
        new: The files after it, when it is not killed.

    Raises:
        LostPictureError: The files are neither the old nor the new ones, or the next run does not give the new ones.
    """
    found = state(folder)
    left = [name for name in found if name.startswith(atomic.TEMPORARY_PREFIX)]
    pictures = {name: data for name, data in found.items() if name not in left}
    if pictures not in (old, new) or len(left) > 1:
        raise LostPictureError(f"{operation.name}: neither the old nor the new files are left, found {sorted(found)}")
    if ended(start(operation, folder)) or state(folder) != new:
        raise LostPictureError(f"{operation.name}: the next run failed or left {sorted(state(folder))}")
    return ("new" if pictures == new else "old"), len(left)


def wait_for_temporary(folder: Path, seconds: float) -> None:
    """Wait until a temporary file is in the folder, at most twice the time that the operation takes."""
    end = time.monotonic() + 2 * seconds
    while time.monotonic() < end and not any(
        path.name.startswith(atomic.TEMPORARY_PREFIX) for path in folder.iterdir()
    ):
        pass
