"""The connection of a program to the worker that stays, once both agree."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable

from engine.errors import KeptWorkerError, WireError
from engine.kept.address import Address
from engine.kept.connecting import attach, connect
from engine.kept.hello import Hello
from engine.kept.peers import peer_pid
from engine.kept.starting import start
from engine.rendering.events import Event
from engine.worker.messages.codec import EVENTS, Codec
from engine.worker.messages.codec import Request as Request
from engine.worker.wire import Wire

SILENCE_SECONDS = 30.0
"""The silence after which the worker is given up: it says something every few seconds, and reads at once."""
_TICK_SECONDS = 1.0
_ATTEMPTS = 4
_PAUSE = 0.1
"""Seconds before the next attempt where a worker ends in the moment in which it is reached."""


class Link:
    """Requests to the worker that stays, and its events.

    Attributes:
        is_silent: Whether the worker was given up, because it did not answer for `SILENCE_SECONDS`.
        pid: Its process ID; 0 where the system does not say.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connection whose handshake is done."""
        self.is_silent, self.pid = False, peer_pid(connection)
        self._connection = connection
        connection.settimeout(SILENCE_SECONDS)  # it may stop in the middle of a message
        self._wire: Wire[Request, Event] = Wire(connection, Codec(EVENTS))

    def send(self, request: Request) -> None:
        """Send a request; it is lost when the worker has just ended, which `receive` reports.

        Raises:
            WireError: The request is larger than a message may be; nothing was sent.
        """
        with contextlib.suppress(OSError):
            self._wire.send(request)

    def receive(self) -> Event | None:
        """Wait for the next event; None when the worker has ended, is silent, or sent what is no event."""
        # Ticks are counted instead of reading a clock: while this program is suspended, so is the count.
        silence = 0.0
        while not self._wire.has_news(_TICK_SECONDS):
            silence += _TICK_SECONDS
            if silence > SILENCE_SECONDS:
                self.is_silent = True
                return None
        try:
            return self._wire.receive()
        except TimeoutError:
            self.is_silent = True
        except (EOFError, OSError, WireError):
            pass
        return None

    def end(self) -> None:
        """End the connection, which wakes the threads that wait for it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end."""
        self._wire.close()


def attached_link(
    place: Address, hello: Hello, keep_alive: float, opened: Callable[[socket.socket], None] = lambda _: None
) -> Link | None:
    """Return a connection to the worker that stays; it is started if none is running and `keep_alive` is above 0.

    None if none is running and `keep_alive` is 0.

    Args:
        place: Where its socket is.
        hello: What this program needs.
        keep_alive: The seconds for which it is to stay after this program has left it.
        opened: Takes each connection before its handshake, which shutting it down ends.

    Raises:
        KeptWorkerError: It does not fit, cannot be reached or cannot be started.
    """
    for _ in range(_ATTEMPTS):
        connection = connect(place)
        if connection is None and not keep_alive:
            return None
        connection = connection or start(place, hello, keep_alive)
        opened(connection)
        try:
            reason = attach(connection, hello, keep_alive)
        except KeptWorkerError:
            connection.close()
            raise
        if reason == "":
            return Link(connection)
        connection.close()
        if reason is not None:
            raise KeptWorkerError(f"a worker that stays is running, but {reason} (`warmer worker stop` ends it)")
        time.sleep(_PAUSE)
    raise KeptWorkerError("the worker that stays ends as soon as it is reached")
