"""Reach the worker that stays: to render with it, to ask how it is, or to end it."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TypeAlias

from engine.errors import KeptWorkerError
from engine.kept.address import Address, check_folder
from engine.kept.greeting import Answer, Greeting, Wants
from engine.kept.hello import Hello
from engine.kept.lines import receive_object, send_object
from engine.kept.peers import check_peer, peer_pid
from latentpng.record import JsonObject

SECONDS = 15.0
"""How long the worker may take for its answer; it needs about a second to start."""
_INTERVAL = 0.01

Connection: TypeAlias = socket.socket


def connect(place: Address) -> Connection | None:
    """Return a connection to the worker that stays, with a timeout of `SECONDS`; None when none is running.

    Raises:
        KeptWorkerError: The folder is not private, or the socket belongs to another user or cannot be reached.
    """
    if not place.has_socket:
        return None
    check_folder(place)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(SECONDS)
        _reach(connection, place)
        check_peer(connection)
    except (ConnectionRefusedError, FileNotFoundError):
        connection.close()
        return None  # left behind by one that was killed, or gone in this moment
    except OSError as error:
        connection.close()
        raise KeptWorkerError(f"{place.socket}: the worker that stays does not answer: {_why(error)}") from error
    except KeptWorkerError:
        connection.close()
        raise
    return connection


def _reach(connection: Connection, place: Address) -> None:
    """Connect, and wait while so many programs connect in this moment that the system queues no more.

    Raises:
        OSError: Nobody listens, or there is no room within `SECONDS`.
    """
    until = time.monotonic() + SECONDS
    while True:
        try:
            connection.connect(str(place.socket))
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError from None
            time.sleep(_INTERVAL)
        else:
            return


def attach(connection: Connection, hello: Hello, keep_alive: float) -> str | None:
    """Ask the worker to render for this program.

    Args:
        connection: From `connect`; afterwards it has no timeout.
        hello: What this program needs.
        keep_alive: The seconds for which the worker is to stay after this program.

    Returns:
        "" when it will, else why not, as the end of a sentence; None when it has ended in this moment.

    Raises:
        KeptWorkerError: It does not answer.
    """
    greeting = Greeting(wants=Wants.RENDER, hello=hello, keep_alive=keep_alive)
    try:
        answer = Answer.from_json(_exchange(connection, greeting))
    except ConnectionError:
        return None
    connection.settimeout(None)
    return answer.reason


def ask_status(connection: Connection, hello: Hello) -> JsonObject:
    """Return what the worker says about itself (`engine.kept.status`).

    Raises:
        ConnectionError: It has ended in this moment.
        KeptWorkerError: It does not answer.
    """
    return _exchange(connection, Greeting(wants=Wants.STATUS, hello=hello))


def stop(connection: Connection, hello: Hello) -> int:
    """End the worker, wait until it has ended, and return its process ID.

    Raises:
        ConnectionError: It has ended in this moment, by itself.
        KeptWorkerError: It does not answer, or does not end in time.
    """
    answer = _exchange(connection, Greeting(wants=Wants.STOP, hello=hello))
    pid = answer.get("pid")
    if not isinstance(pid, int):
        raise KeptWorkerError("the worker that stays gives an answer that this version does not know")
    with contextlib.suppress(ConnectionError):
        try:
            connection.recv(1)  # the end of the connection is that of the process
        except TimeoutError:
            raise KeptWorkerError(
                f"the worker that stays does not end: its process has the ID {pid}, end it with `kill {pid}`"
            ) from None
    return pid


def _exchange(connection: Connection, greeting: Greeting) -> JsonObject:
    """Return the answer to a greeting.

    Raises:
        ConnectionError: The worker has ended.
        KeptWorkerError: It does not answer.
    """
    try:
        send_object(connection, greeting.to_json())
        return receive_object(connection)
    except ConnectionError:
        raise
    except OSError as error:
        pid = peer_pid(connection)
        advice = f"; its process has the ID {pid}, end it with `kill -9 {pid}`" if pid else ""
        raise KeptWorkerError(f"the worker that stays does not answer: {_why(error)}{advice}") from error


def _why(error: OSError) -> str:
    return (
        f"nothing came within {SECONDS:.0f} seconds"
        if isinstance(error, TimeoutError)
        else str(error.strerror or error)
    )
