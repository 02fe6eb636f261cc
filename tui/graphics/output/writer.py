"""A buffer in front of the terminal, and the thread that empties it.

A terminal may stop reading: its window is frozen, or the connection to it is dead and nobody has noticed yet.  Whoever
writes to it then waits, for minutes or for ever.  So only this thread does; everybody else puts whole escape sequences
into the buffer, and asks first whether it `is_behind`.  What was put in is written to its end or not at all, so that
the terminal never sees half a sequence; a closed or overfull buffer drops what it is given.
"""

from __future__ import annotations

import os
import select
import termios
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

BEHIND_BYTES: Final = 32 * 1024
"""With more in the buffer the terminal is behind: new frames would only queue up behind older ones."""
MAX_BYTES: Final = 32 * 1024 * 1024
"""The most that the buffer holds: far more than the largest frame, for those who write without asking first."""
SILENT_SECONDS: Final = 1.5
"""How long the end waits for a terminal that takes nothing."""
CLOSING_SECONDS: Final = 5.0
"""How long the end waits for a terminal that takes little."""

_PIECE: Final = 64 * 1024
_PAUSE_MS: Final = 20
_CANCEL: Final = b"\x18\x1b\\\x1b[?2026l\x1b[0m"
"""Ends what the terminal has read half of: CAN ends control sequences, ST ends strings; then frames and colours."""
_GONE: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL


class Writer:
    """Writes to a terminal, in a thread of its own, in the order in which it was asked to."""

    def __init__(self, terminal: int, *, on_room: Callable[[], None], on_gone: Callable[[], None]) -> None:
        """Start the thread.

        Args:
            terminal: A file descriptor of the terminal.  It stays open, and its flags stay as they are.
            on_room: Called in the thread when the terminal was behind and is not any more.
            on_gone: Called in the thread, once, when there is no terminal any more.
        """
        self._terminal = _opened_anew(terminal)
        self._may_block = os.get_blocking(self._terminal)
        self._on_room, self._on_gone = on_room, on_gone
        self._lock = threading.Condition()
        self._buffer: deque[memoryview] = deque()
        self._pending = self._written = 0
        self._is_closed = self._is_gone = self._is_over = self._has_lost = False
        self._last_words = b""
        self._woken, self._wake = os.pipe()
        for descriptor in (self._woken, self._wake):
            os.set_blocking(descriptor, False)
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    @property
    def is_behind(self) -> bool:
        """Whether nothing should be written that can wait, or be left out."""
        return self._pending > BEHIND_BYTES or self._is_closed or self._is_gone

    @property
    def pending(self) -> int:
        """The number of bytes that the terminal has not taken."""
        return self._pending

    def take_loss(self) -> bool:
        """Return whether something was dropped since this was asked last: then the screen is not what it should be."""
        with self._lock:
            has_lost, self._has_lost = self._has_lost, False
            return has_lost

    def write(self, data: bytes) -> None:
        """Put whole escape sequences into the buffer; return at once."""
        with self._lock:
            if not data or self._is_closed or self._is_gone:
                return
            if self._pending + len(data) > MAX_BYTES:
                self._has_lost = True
                return
            self._buffer.append(memoryview(data))
            self._pending += len(data)
            self._wake_up()

    def close(self, farewell: bytes) -> bool:
        """Write what is in the buffer, and end the thread.

        A terminal that reads too slowly is not waited for: what it has not read is dropped, also from the kernel's own
        buffer, and it gets the farewell alone.  So it is in order when it begins to read again.

        Args:
            farewell: What leaves the terminal in order; it is in the buffer already.

        Returns:
            Whether the terminal has taken everything.
        """
        end = time.monotonic() + CLOSING_SECONDS
        with self._lock:
            while self._pending and time.monotonic() < end:
                before = self._written
                self._lock.wait(SILENT_SECONDS)
                if self._written == before:
                    break
            is_done = not self._pending and not self._is_gone
            self._last_words = b"" if is_done else _CANCEL + farewell
            self._is_closed = True
            self._buffer.clear()
            self._wake_up()
        # It never waits long unless a write of it may block, for which it is a daemon.  Without a limit it has its turn
        # on a loaded machine too, however late, and the terminal gets its modes back.
        self._thread.join(SILENT_SECONDS if self._may_block else None)
        return is_done

    def _wake_up(self) -> None:
        if not self._is_over:
            with suppress(BlockingIOError):  # it is full of wake-ups
                os.write(self._wake, b"\0")

    def _run(self) -> None:
        if not self._write_until_closed():
            self._lose_terminal()
        with suppress(OSError, termios.error):
            if self._last_words:
                termios.tcflush(self._terminal, termios.TCOFLUSH)
                os.write(self._terminal, self._last_words)
        with self._lock:
            self._is_over = True
            for descriptor in (self._terminal, self._woken, self._wake):
                os.close(descriptor)

    def _write_until_closed(self) -> bool:
        """Write what is in the buffer until it is closed; return False when the terminal is gone."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.register(self._terminal, 0)
        while not self._is_closed:
            poll.modify(self._terminal, select.POLLOUT if self._buffer else 0)
            for descriptor, events in poll.poll():
                if descriptor == self._woken:
                    os.read(self._woken, 4096)
                elif events & _GONE or not self._write_some():
                    return False
        return True

    def _write_some(self) -> bool:
        """Write what the terminal takes now; return False when it is gone."""
        with self._lock:
            if not self._buffer:  # it was closed
                return True
            piece = self._buffer[0][:_PIECE]
        try:
            written = os.write(self._terminal, piece)
        except BlockingIOError:
            select.select([], [], [], _PAUSE_MS / 1000)  # room for less than a character
            return True
        except OSError:
            return False
        with self._lock:
            was_behind = self.is_behind
            if self._buffer:
                rest = self._buffer.popleft()[written:]
                if rest:
                    self._buffer.appendleft(rest)
                self._pending -= written
            self._written += written
            self._lock.notify_all()
        if was_behind and not self.is_behind:
            self._on_room()
        return True

    def _lose_terminal(self) -> None:
        with self._lock:
            self._is_gone = True
            self._buffer.clear()
            self._pending = 0
            self._lock.notify_all()
        self._on_gone()


def _opened_anew(terminal: int) -> int:
    """Return a descriptor of the terminal that never blocks, and shares its flags with no other program.

    A terminal that this user may not open, after `su` for example, is written to by its descriptor as it is: then the
    thread may wait in a write, but still nobody else does.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    with suppress(OSError):
        return os.open(os.ttyname(terminal), flags)
    with suppress(OSError):
        if os.tcgetpgrp(terminal):  # it is the terminal that controls this process
            return os.open("/dev/tty", flags)
    return os.dup(terminal)
