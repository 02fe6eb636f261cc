"""The first messages on a connection: JSON objects behind their length, a form that stays the same in every version.

Only what follows a handshake between equal versions is typed (`engine.worker.wire`), so that a program can ask a worker
of any version to end, and can say what differs.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Mapping

from engine.errors import KeptWorkerError
from latentpng.record import Json, JsonObject

MAX_BYTES = 2**16
_LENGTH = struct.Struct(">I")


def send_object(connection: socket.socket, values: Mapping[str, Json]) -> None:
    """Send a JSON object.

    Raises:
        OSError: The other end is gone, or does not read within the timeout of the socket.
    """
    data = json.dumps(dict(values)).encode()
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive_object(connection: socket.socket) -> JsonObject:
    """Wait for a JSON object, at most for the timeout of the socket in all, and read no byte beyond it.

    Raises:
        ConnectionError: The other end is gone.
        OSError: The connection failed, or nothing came in time.
        KeptWorkerError: What arrived is no JSON object of at most `MAX_BYTES`.
    """
    timeout = connection.gettimeout()
    until = math.inf if timeout is None else time.monotonic() + timeout
    try:
        (length,) = _LENGTH.unpack(_read(connection, _LENGTH.size, until))
        if length > MAX_BYTES:
            raise KeptWorkerError(f"a first message of {length:,} bytes: at most {MAX_BYTES:,} are allowed")
        data = _read(connection, length, until)
    finally:
        connection.settimeout(timeout)
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise KeptWorkerError("the first message is no JSON") from error
    if not isinstance(values, dict):
        raise KeptWorkerError("the first message is no JSON object")
    return values


def _read(connection: socket.socket, size: int, until: float) -> bytes:
    """Read so many bytes until a time of the clock, however slowly they come."""
    data = b""
    while len(data) < size:
        if until < math.inf:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            connection.settimeout(left)
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionResetError("the other end of the connection is gone")
        data += more
    return data
