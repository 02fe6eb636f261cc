"""What a forked process does instead of a new program: it runs a function, as a program of its own or under a shell."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import sys
import tempfile
import threading
import traceback
import weakref
from collections.abc import Callable
from typing import NoReturn

_MAX_DESCRIPTORS = 256


def run(program: Callable[[], object]) -> NoReturn:
    """Run a function in this forked process as if it was a program, and end the process."""
    os.closerange(3, _MAX_DESCRIPTORS)  # of other terminals, whose windows could not be closed else
    tempfile.tempdir = None
    atexit._clear()  # what this process was to remove at its end is still in use
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]  # as above
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]  # as above
    code: object = 0
    try:
        program()
    except SystemExit as end:
        code = end.code
    except BaseException:  # as the interpreter does
        traceback.print_exc()
        code = 1
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does at the end of a program
        atexit._run_exitfuncs()
        sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 0)


def in_shell(program: Callable[[], object], link: socket.socket) -> NoReturn:
    """Run a function as the foreground job of a shell, and end with its exit code.

    Args:
        program: The function.
        link: Gets the process ID of the job, and "stopped" whenever it was stopped; "fg" continues it.
    """
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        run(program)
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)
    link.send(str(pid).encode())
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
        with contextlib.suppress(OSError):
            os.tcsetpgrp(0, os.getpgrp())
            link.send(b"stopped")
            if link.recv(32) == b"fg":
                os.tcsetpgrp(0, pid)
                os.killpg(pid, signal.SIGCONT)
