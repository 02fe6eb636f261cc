"""Leaving the app on a signal, or when its terminal is gone."""

from __future__ import annotations

import asyncio
import signal
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from tui.exit_codes import HUNG_UP

_STDIN = 0


class Leaves(Protocol):
    """What ends the app as the key for it does: everything is saved, and the worker ends."""

    def __call__(self, *, return_code: int = 0) -> None: ...


def leave_on_signals(leave: Leaves) -> None:
    """Leave on SIGTERM, SIGINT and SIGHUP, in the running event loop.

    Args:
        leave: Leaves the app.
    """
    loop = asyncio.get_running_loop()
    with suppress(RuntimeError, ValueError):  # not in the main thread, as in some tests
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave)
        loop.add_signal_handler(signal.SIGHUP, hang_up_handler(leave))


def hang_up_handler(leave: Leaves) -> Callable[[], None]:
    """Return the handler of SIGHUP, whose exit code says whether there is a terminal any more."""

    def hang_up() -> None:
        leave(return_code=0 if _has_terminal() else HUNG_UP)

    return hang_up


def _has_terminal() -> bool:
    try:
        termios.tcgetattr(_STDIN)
    except termios.error:
        return False
    return True
