"""Leaving the app on a signal; when the connection is gone, without a farewell, once everything is on disk."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress

_STDIN = 0


def leave_on_signals(
    leave: Callable[[], None], close: Callable[[], Awaitable[None]], stop_writing: Callable[[], None]
) -> None:
    """Handle SIGTERM and SIGHUP in the running event loop.

    Args:
        leave: Leaves the app as the key for it does.
        close: Ends all work; returns when everything is on disk.
        stop_writing: Called when the terminal is gone: from then on, nothing may be written to it.
    """
    loop = asyncio.get_running_loop()
    with suppress(RuntimeError, ValueError):  # not in the main thread, as in some tests
        loop.add_signal_handler(signal.SIGTERM, leave)
        loop.add_signal_handler(signal.SIGHUP, HangUp(leave, close, stop_writing))


class HangUp:
    """A handler of SIGHUP.

    While there is a terminal, it leaves as by a key.  When the terminal is gone, Textual's own farewell would wait for
    ever for somebody who reads it: then it closes everything and ends the process.
    """

    def __init__(
        self, leave: Callable[[], None], close: Callable[[], Awaitable[None]], stop_writing: Callable[[], None]
    ) -> None:
        self._leave, self._close, self._stop_writing = leave, close, stop_writing

    def __call__(self) -> None:
        try:
            termios.tcgetattr(_STDIN)
        except termios.error:
            self._stop_writing()
            self._gone = asyncio.ensure_future(self._close_and_end())  # the loop itself holds it weakly
        else:
            self._leave()

    async def _close_and_end(self) -> None:
        try:
            await self._close()
        finally:
            os._exit(128 + signal.SIGHUP)
