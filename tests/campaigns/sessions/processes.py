"""The processes that a program started, also those that it forgot: they inherit a mark in their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_MARK = "ATTACKED_HOME"
_SECONDS_TO_END = 60.0


def mark(home: Path) -> dict[str, str]:
    """Return the environment variable that marks what a program with this home directory starts."""
    return {_MARK: str(home)}


def started(home: Path, *, python_only: bool = False) -> list[int]:
    """Return the process IDs of all programs that were started with a home directory, zombies left out.

    Args:
        home: The home directory.
        python_only: Leave out what watches over a worker.
    """
    wanted = f"{_MARK}={home}".encode()
    found = []
    for folder in (Path("/proc", name) for name in os.listdir("/proc") if name.isdigit()):  # noqa: PTH208 (hundreds)
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                program = (folder / "cmdline").read_bytes().split(b"\0")[0]
                found += [int(folder.name)] if b"python" in program or not python_only else []
    return found


def orphans(home: Path, seconds: float = _SECONDS_TO_END) -> list[str]:
    """Wait until nothing runs that was started with a home directory; describe and kill what still does."""
    end = time.monotonic() + seconds
    while (left := started(home)) and time.monotonic() < end:
        time.sleep(0.01)
    found = []
    for pid in left:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2][:1]
            os.kill(pid, signal.SIGKILL)
            found.append(f"a process outlives the program by more than {seconds:g} s (state {state}): {words}")
    return found


def is_busy(pid: int) -> bool:
    """Return whether a thread of a process runs, or waits for a processor or a disk."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "stat").read_text("utf-8").rpartition(") ")[2][:1] in "RD":
                return True
    return False
