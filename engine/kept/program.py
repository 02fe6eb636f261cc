"""One program that is attached to the worker that stays, seen from the worker."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Generator

from engine.errors import WireError
from engine.kept.outbox import Outbox
from engine.rendering.events import Event
from engine.worker.messages.codec import REQUESTS, Codec, Request
from engine.worker.wire import Wire


class Program:
    """The connection to a program: the thread that iterates over `requests` reads, another one writes."""

    def __init__(self, connection: socket.socket, outbox: Outbox | None = None) -> None:
        """Take over a connection whose handshake is done.

        Args:
            connection: Without a timeout; who accepted it closes it.
            outbox: Instead of the usual one.
        """
        self._connection = connection
        self._wire: Wire[Event, Request] = Wire(connection, Codec(REQUESTS))
        self._outbox = outbox or Outbox()
        self._writer = threading.Thread(target=self._write_all, name="program outbox", daemon=True)

    def send(self, event: Event) -> None:
        """Send an event soon; the connection ends when the program has left too much unread."""
        if not self._outbox.put(event):
            log("a program does not read what it has asked for, and was given up")
            self.end()

    def requests(self) -> Generator[tuple[Request, int], None, None]:
        """Yield what the program asks for, until the connection ends or what arrives is no request.

        Each request comes with the bytes that it took.
        """
        self._writer.start()
        try:
            while True:
                request = self._wire.receive()
                yield request, self._wire.received
        except (EOFError, OSError):
            return
        except WireError as error:
            log(f"a program has sent what is no request, and was given up: {error}")
        finally:
            self.end()
            self._writer.join()

    def end(self) -> None:
        """End the connection, so that both threads come to their end; may be called in any thread."""
        self._outbox.close()
        shut_down(self._connection)

    def _write_all(self) -> None:
        try:
            while (event := self._outbox.take()) is not None:
                self._wire.send(event)
        except (OSError, WireError) as error:
            log(f"an event cannot be sent: {error}")
            self.end()


def shut_down(connection: socket.socket) -> None:
    """End a connection in both directions, which wakes every thread that waits for it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def log(sentence: str) -> None:
    """Write a line into the log of the worker that stays, which is its standard error."""
    with contextlib.suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201 (a file)
