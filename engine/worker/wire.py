"""Requests and events over a stream socket between this program and its worker, with pixels and noise copied once.

The sender hands large buffers to the kernel where they are, and the receiver lets the kernel write them where they
stay.  A frame is a magic word, the number of its parts and their lengths, little-endian; then the parts, the head
first (`codec.py`).  The other end need not be trusted: all sizes are checked before memory is reserved for them.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from typing import Generic, TypeVar, cast

from engine.errors import WireError
from engine.worker.messages.codec import Codec, encode
from engine.worker.messages.limits import MAX_FRAME, MAX_HEAD, MAX_PART, MAX_PARTS

Sent = TypeVar("Sent")
Received = TypeVar("Received")

_MAGIC = b"wrm1"
_START = struct.Struct("<4sI")
_LENGTH = 8
_PIECE = 2**20
"""Bytes that are read at once after a signal or a timeout has split a part."""


class Wire(Generic[Sent, Received]):
    """One end of the connection.  Any thread may send, one thread receives.

    Attributes:
        received: Bytes of the message that was received last.
    """

    def __init__(self, end: socket.socket, codec: Codec | None = None) -> None:
        """Take over a connected stream socket.

        Args:
            end: The socket; with a timeout, `send` and `receive` may raise TimeoutError, and the connection is of no
                use afterwards.
            codec: Knows what may be received; None for every request and every event.
        """
        self._socket = end
        self._codec = codec or Codec()
        self._lock = threading.Lock()
        self.received = 0

    def send(self, value: Sent) -> None:
        """Send a value; returns when all of it is handed to the kernel, so it waits for an end that does not read.

        Raises:
            WireError: The value has no form on the wire, or is too large; nothing was sent.
            OSError: The other end is gone.
        """
        parts = encode(value)
        sizes = [part.nbytes for part in parts]
        if sum(sizes) > MAX_FRAME:
            raise WireError(f"a message has at most {MAX_FRAME:,} bytes, found {sum(sizes):,}")
        start = _START.pack(_MAGIC, len(parts)) + struct.pack(f"<{len(sizes)}Q", *sizes)
        with self._lock:
            self._write([memoryview(start), *parts])

    def receive(self) -> Received:
        """Wait for the next value.

        Raises:
            EOFError: The other end is gone.
            OSError: The connection failed.
            WireError: What arrived is no value that may be received; close the connection.
        """
        magic, count = _START.unpack(self._read(_START.size))
        if magic != _MAGIC or not 1 <= count <= 1 + MAX_PARTS:
            raise WireError("what arrived is no message of this program")
        sizes = struct.unpack(f"<{count}Q", self._read(_LENGTH * count))
        if sizes[0] > MAX_HEAD or max(sizes) > MAX_PART or sum(sizes) > MAX_FRAME:
            raise WireError(
                f"a message has at most {MAX_FRAME:,} bytes in parts of {MAX_PART:,} and a head of {MAX_HEAD:,}, "
                f"found {sum(sizes):,}"
            )
        self.received = sum(sizes)
        return cast("Received", self._codec.decode([self._read(size) for size in sizes]))

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
            sent = self._socket.sendmsg(unsent)
            while unsent and sent >= unsent[0].nbytes:
                sent -= unsent.pop(0).nbytes
            if sent:
                unsent[0] = unsent[0].cast("B")[sent:]

    def _read(self, size: int) -> bytes:
        """Usually one piece, which becomes the value's own buffer; a signal or a timeout of the socket may split it."""
        pieces = [self._socket.recv(size, socket.MSG_WAITALL)] if size else []
        missing = size - sum(map(len, pieces))
        while missing:
            if not pieces[-1]:
                raise EOFError("the other end of the connection is gone")
            pieces.append(self._socket.recv(min(missing, _PIECE), socket.MSG_WAITALL))
            missing -= len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
