"""Requests and events over a socket between this program and its worker: pickled, but pixels and noise copied once.

Large buffers are sent beside the pickle (PEP 574, "out of band"): the sender hands them to the kernel where they are,
and the receiver lets the kernel write them where they stay.  A frame is the number of its parts and their lengths, 8
bytes each, little-endian; then the parts, the pickle first.  Only for processes of one program: pickle trusts its
source.
"""

from __future__ import annotations

import pickle
import select
import socket
import struct
import threading
from typing import Generic, TypeVar, cast

Sent = TypeVar("Sent")
Received = TypeVar("Received")

_LENGTH = 8
_MAX_PARTS = 512
"""Parts handed over in one call; systems accept 1024 (IOV_MAX)."""


class Wire(Generic[Sent, Received]):
    """One end of the connection.  Any thread may send, one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()

    def send(self, value: Sent) -> None:
        """Send a value; returns when all of it is handed to the kernel, so it waits for an end that does not read.

        Raises:
            OSError: The other end is gone.
        """
        beside: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=beside.append)
        parts = [memoryview(head), *(buffer.raw() for buffer in beside)]
        lengths = struct.pack(f"<{1 + len(parts)}Q", len(parts), *(part.nbytes for part in parts))
        with self._lock:
            self._write([memoryview(lengths), *parts])

    def receive(self) -> Received:
        """Wait for the next value.

        Raises:
            EOFError: The other end is gone.
            OSError: The connection failed.
        """
        (count,) = struct.unpack("<Q", self._read(_LENGTH))
        lengths = struct.unpack(f"<{count}Q", self._read(_LENGTH * count))
        head, *beside = [self._read(length) for length in lengths]
        return cast("Received", pickle.loads(head, buffers=beside))

    def has_news(self, seconds: float) -> bool:
        """Wait at most so many seconds for something to receive; the end of the connection counts too."""
        return self._is_ready(select.POLLIN, seconds)

    def is_clear(self, seconds: float) -> bool:
        """Wait at most so many seconds until the other end has read most of what was sent.

        On Linux that is three quarters of the kernel's buffer.
        """
        return self._is_ready(select.POLLOUT, seconds)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _is_ready(self, what: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, what)
        return bool(poll.poll(seconds * 1000))

    def _write(self, parts: list[memoryview]) -> None:
        unsent = [part for part in parts if part.nbytes]
        while unsent:
            sent = self._socket.sendmsg(unsent[:_MAX_PARTS])
            while unsent and sent >= unsent[0].nbytes:
                sent -= unsent.pop(0).nbytes
            if sent:
                unsent[0] = unsent[0].cast("B")[sent:]

    def _read(self, size: int) -> bytes:
        """Usually one piece, which becomes the value's own buffer; a signal may split it."""
        data = self._socket.recv(size, socket.MSG_WAITALL) if size else b""
        while len(data) < size:
            more = self._socket.recv(size - len(data), socket.MSG_WAITALL)
            if not more:
                raise EOFError("the other end of the connection is gone")
            data += more
        return data
