"""Processes that end with the process that started them, also when they are stopped or busy in native code.

    python -P -m latentpng.parent LIFELINE KIND MODULE [ARGUMENT ...]

runs a module as a program that ends so; `Lifeline` makes this command line.  LIFELINE is the number of an inherited
descriptor, the end for reading of a pipe whose other end the parent alone has: it closes when the parent ends, however
it ends.

On Linux the kernel kills the process when its parent is gone (PR_SET_PDEATHSIG).  Elsewhere a thread notices it, which
a process that is stopped, or that native code keeps the interpreter lock of, does not run; a process that leads a group
is killed all the same, as is everything in its group: a small shell that belongs to the group watches the pipe.
"""

from __future__ import annotations

import os
import runpy
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from enum import StrEnum

_MODULE = "latentpng.parent"  # `__name__`, also where this runs as a program
_PR_SET_PDEATHSIG = 1
_GUARD = 'exec 3<&0; { read -r word <&3; test "$word" = free || kill -KILL 0; } &'
"""Leaves a shell behind that kills its own process group, which cannot be another one as long as it belongs to it."""
_FREE = b"free\n"


class Kind(StrEnum):
    """What ends with the parent.

    ALONE is the process.  GROUP is the process and what it starts; it has to lead a process group.  STARTING is the
    same until it is set free: for a program that outlives its parent, once it has started.
    """

    ALONE = "alone"
    GROUP = "group"
    STARTING = "starting"


class Lifeline:
    """The pipe between a parent, which makes it, and one program that ends with it.

    Attributes:
        end: The descriptor that the program has to inherit (`pass_fds`).
    """

    def __init__(self) -> None:
        """Open the pipe.

        Raises:
            OSError: The system has no descriptors left.
        """
        self.end, self._own_end = os.pipe()
        self._is_open = True

    def program(self, kind: Kind, module: str) -> list[str]:
        """Return the command line that runs a module, up to its arguments.

        -P keeps the current directory out of the search for modules: it may hold a stranger's.

        Args:
            kind: What ends with this process.  The thread that starts it must not end before it.
            module: The name of the module.
        """
        return [sys.executable, "-P", "-m", _MODULE, str(self.end), str(kind), module]

    def set_free(self) -> None:
        """Let what was started as `Kind.STARTING` outlive this process."""
        os.write(self._own_end, _FREE)

    def close(self) -> None:
        """Close the pipe, which ends what is left of the program."""
        if self._is_open:
            self._is_open = False
            os.close(self._own_end)
            os.close(self.end)

    def __enter__(self) -> Lifeline:
        """Return itself; the pipe is closed at the end."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Close the pipe."""
        self.close()


def end_with_parent(lifeline: int) -> None:
    """End this process when its parent ends, at once if it has ended already.

    Args:
        lifeline: A descriptor that has something to read, or its end, when the parent has ended.
    """
    # The kernel sends the signal when the thread that started this process ends, which is none for a parent that has
    # ended before: so the pipe is looked at afterwards.
    is_sent = _ask_kernel()
    if _is_over(lifeline, 0):
        os._exit(0)
    if not is_sent:
        threading.Thread(target=_watch, args=(lifeline,), name="parent", daemon=True).start()


def _ask_kernel() -> bool:
    """Have the kernel kill this process when its parent ends; return whether it does."""
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _watch(lifeline: int) -> None:
    _is_over(lifeline, None)
    os.kill(os.getpid(), signal.SIGKILL)


def _is_over(lifeline: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _guard_group(lifeline: int) -> None:
    """Start the shell that kills this process group."""
    if os.getpgrp() == os.getpid():
        nothing = subprocess.DEVNULL
        subprocess.run(["/bin/sh", "-c", _GUARD], stdin=lifeline, stdout=nothing, stderr=nothing, check=False)


def main(lifeline: int, kind: Kind, module: str, arguments: Sequence[str]) -> None:
    """Run a module as a program that ends with its parent.

    Args:
        lifeline: The end for reading of the pipe.
        kind: What ends with the parent.
        module: The name of the module.
        arguments: Its arguments.
    """
    os.set_inheritable(lifeline, False)
    if kind is not Kind.STARTING:
        end_with_parent(lifeline)
    if kind is not Kind.ALONE:
        _guard_group(lifeline)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Kind(sys.argv[2]), sys.argv[3], sys.argv[4:])
