"""Requests and events over a socket between this program and its worker: pickled, but pixels and noise copied once.

What is large lies beside the pickle (PEP 574, "out of band"): the sender hands it to the kernel where it is, and the
receiver has the kernel write it where it stays.  A frame is the number of its parts and their lengths, 8 bytes each,
little-endian; then the parts, the pickle first.  Only ever between processes of one program: pickle trusts its source.
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
_MOST_AT_ONCE = 512
"""Parts handed over in one call; systems take 1024."""


class Wire(Generic[Sent, Received]):
    """One end.  Any thread may send, one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()

    def send(self, value: Sent) -> None:
        """Returns when all of it is on the way, so it waits for an end that does not read.  OSError."""
        beside: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=beside.append)
        parts = [memoryview(head), *(buffer.raw() for buffer in beside)]
        lengths = struct.pack(f"<{1 + len(parts)}Q", len(parts), *(part.nbytes for part in parts))
        with self._lock:
            self._write([memoryview(lengths), *parts])

    def receive(self) -> Received:
        """Waits for the next value.  EOFError when the other end is gone; OSError."""
        (count,) = struct.unpack("<Q", self._read(_LENGTH))
        lengths = struct.unpack(f"<{count}Q", self._read(_LENGTH * count))
        head, *beside = [self._read(length) for length in lengths]
        return cast("Received", pickle.loads(head, buffers=beside))

    def has_news(self, seconds: float) -> bool:
        """Waits so long for something to receive; the end of the other end is something too."""
        return self._is_ready(select.POLLIN, seconds)

    def is_clear(self, seconds: float) -> bool:
        """Waits so long until most of what was sent is taken in (on Linux: three quarters of the kernel's buffer)."""
        return self._is_ready(select.POLLOUT, seconds)

    def close(self) -> None:
        """This end."""
        self._socket.close()

    def _is_ready(self, what: int, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, what)
        return bool(poll.poll(seconds * 1000))

    def _write(self, parts: list[memoryview]) -> None:
        waiting = [part for part in parts if part.nbytes]
        while waiting:
            sent = self._socket.sendmsg(waiting[:_MOST_AT_ONCE])
            while waiting and sent >= waiting[0].nbytes:
                sent -= waiting.pop(0).nbytes
            if sent:
                waiting[0] = waiting[0].cast("B")[sent:]

    def _read(self, size: int) -> bytes:
        """In one piece as a rule; a signal may cut it."""
        data = self._socket.recv(size, socket.MSG_WAITALL) if size else b""
        while len(data) < size:
            more = self._socket.recv(size - len(data), socket.MSG_WAITALL)
            if not more:
                raise EOFError("the other end is gone")
            data += more
        return data
