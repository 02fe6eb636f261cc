"""Kill commands while they write a picture, at random moments and at every line of atomic.py, and check what is left.

    python -m tests.campaigns.files.kills [COUNT [SIDE [SEED]]]

COUNT kills (300) are spread over all operations, on pictures of SIDE x SIDE pixels (768).  After each kill the picture
must be the old one or the new one, complete, and the next run must remove what the killed one left.  Prints a line for
each operation.  The first violation ends the campaign with exit code 1.
"""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

from latentpng.png import atomic
from tests.campaigns.files.console import say
from tests.campaigns.files.writers import LostPictureError, Operation, operations, write_files

Outcome: TypeAlias = tuple[str, int]
"""Which picture a killed process left, "old" or "new", and the number of temporary files."""


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


def check(operation: Operation, folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> Outcome:
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


def kill_at_random(operation: Operation, folder: Path, count: int, seed: int) -> str:
    """Kill an operation `count` times, and return what became of it, in words."""
    # Half of the kills come at any moment of the operation.  Writing takes only a small part of its time, so the other
    # half wait until the temporary file exists, and come soon after.
    old, new, seconds = run_undisturbed(operation, folder)
    moments = random.Random(f"{seed} {operation.name}")
    tally: Counter[Outcome] = Counter()
    while tally.total() < count:
        restore(folder, old)
        child = start(operation, folder)
        if moments.random() < 0.5:
            time.sleep(moments.uniform(0.0, 1.2 * seconds))
        else:
            wait_for_temporary(folder, seconds)
            time.sleep(moments.uniform(0.0, 0.1 * seconds))
        os.kill(child, signal.SIGKILL)
        if ended(child) == -signal.SIGKILL:  # otherwise it had ended before the signal came
            tally[check(operation, folder, old, new)] += 1
    return summary(operation, "kills at random", tally)


def wait_for_temporary(folder: Path, seconds: float) -> None:
    """Wait until a temporary file is in the folder, at most twice the time that the operation takes."""
    end = time.monotonic() + 2 * seconds
    while time.monotonic() < end and not any(
        path.name.startswith(atomic.TEMPORARY_PREFIX) for path in folder.iterdir()
    ):
        pass


def kill_at_every_line(operation: Operation, folder: Path) -> str:
    """Kill an operation before each line of atomic.py that it runs, and return what became of it, in words."""
    old, new, _ = run_undisturbed(operation, folder)
    tally: Counter[Outcome] = Counter()
    for line in range(1, 1000):
        restore(folder, old)
        if ended(start(operation, folder, line)) == 0:
            break
        tally[check(operation, folder, old, new)] += 1
    return summary(operation, "lines of atomic.py", tally)


def summary(operation: Operation, moments: str, tally: Counter[Outcome]) -> str:
    """Return what became of all kills, in words."""
    old, new = (sum(times for (kind, _), times in tally.items() if kind == name) for name in ("old", "new"))
    left = sum(number * times for (_, number), times in tally.items())
    return (
        f"{operation.name:8} {moments}: {old + new}, {old} times the old picture, {new} the new one, "
        f"{left} temporary files left and removed by the next run"
    )


def run_undisturbed(operation: Operation, folder: Path) -> tuple[dict[str, bytes], dict[str, bytes], float]:
    """Run an operation without killing it.

    Returns:
        The files before, the files after, and the seconds of the fastest of three runs.

    Raises:
        LostPictureError: The operation fails, or does not change its target.
    """
    old = state(folder)
    seconds = []
    for _ in range(3):
        restore(folder, old)
        begin = time.monotonic()
        if ended(start(operation, folder)):
            raise LostPictureError(f"{operation.name}: the operation fails without being killed")
        seconds.append(time.monotonic() - begin)
    new = state(folder)
    if old.get(operation.target) == new.get(operation.target):
        raise LostPictureError(f"{operation.name}: the operation does not change {operation.target}")
    return old, new, min(seconds)


def main(count: int = 300, side: int = 768, seed: int = 1) -> None:
    """Kill each operation at random moments and one of them at every line, and print what became of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "pictures")
        folder.mkdir()
        write_files(folder, side)
        files, all_operations = state(folder), tuple(operations(side))
        for operation in all_operations:
            os.chdir(folder)
            with redirect_stderr(io.StringIO()):
                operation.act()  # so that no child spends its time importing modules
            restore(folder, files)
            say(kill_at_random(operation, folder, count // len(all_operations), seed))
            restore(folder, files)
        say(kill_at_every_line(all_operations[0], folder))  # the others run the same lines
        os.chdir("/")


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except LostPictureError as error:
        sys.exit(str(error))
