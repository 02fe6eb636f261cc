"""What to do when the connection is gone: leave without a farewell, once everything is on disk."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
from collections.abc import Awaitable, Callable

_STDIN = 0


class HangUp:
    """A handler of SIGHUP.

    leave: as by a key, while there is a terminal.  close: ends all work; Textual's own farewell would wait for ever for
    a terminal that reads no more.
    """

    def __init__(self, leave: Callable[[], None], close: Callable[[], Awaitable[None]]) -> None:
        self._leave, self._close = leave, close

    def __call__(self) -> None:
        try:
            termios.tcgetattr(_STDIN)
        except termios.error:
            self._gone = asyncio.ensure_future(self._close_and_end())  # kept: the loop holds it weakly
        else:
            self._leave()

    async def _close_and_end(self) -> None:
        try:
            await self._close()
        finally:
            os._exit(128 + signal.SIGHUP)
