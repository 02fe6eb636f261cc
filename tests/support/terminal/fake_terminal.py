"""A terminal played to a program on a pseudo-terminal; it records what the program writes.

with FakeTerminal(["warmer", "picture.png"], kitty=True) as terminal:
    terminal.read(3.0)                       # let it start
    written = terminal.press(b"1", wait=1.0)  # the bytes written in the second after the key

"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import NoReturn, Self, TypeAlias

Reply: TypeAlias = tuple[bytes, Callable[[re.Match[bytes]], bytes]]

TIMEOUT_SECONDS = 30.0
"""For a program on a loaded machine."""


class FakeTerminal:
    """A program that runs in a terminal of ours.

    Attributes:
        pid: Process ID of the program.
        fd: Our end of the pseudo-terminal: what is written to it arrives as keys.
        log: (seconds since the start, bytes written), in the order in which they were read.
    """

    def __init__(
        self,
        command: Sequence[str] | Callable[[], NoReturn],
        *,
        rows: int = 50,
        columns: int = 120,
        cell: tuple[int, int] = (10, 20),
        device_attributes: bytes = b"\x1b[?62;22c",
        kitty: bool = False,
        answers: bool = True,
        delay: float = 0.0,
        pixel_size: bool = True,
        rate: float | None = None,
        name: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the program.

        Args:
            command: The program and its arguments; or what the forked process does instead, without a new program.
            rows: Of the window.
            columns: Of the window.
            cell: Width and height of a character in pixels.
            device_attributes: The answer to DA1; a 4 in it means sixel.
            kitty: Answer the queries of kitty's graphics protocol.
            answers: False for a terminal that never answers.
            delay: How late each answer comes, in seconds.
            pixel_size: Report the size of the window in pixels to the kernel.
            rate: Read at most so many bytes a second; None for no limit.
            name: What the terminal calls itself, as "kitty(0.41.0)".
            environment: Added to the environment variables of the program.
        """
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            child = dict(os.environ, TERM="xterm-256color", COLORTERM="truecolor")
            # COLUMNS and LINES override the size of this terminal, and pytest-xdist's workers have them.
            for variable in ("TMUX", "COLUMNS", "LINES"):
                child.pop(variable, None)
            child.update(environment or {})
            # The child sets the size of the window before the program starts: a size that the parent set later could
            # come between the program's look at it and its handler for changes, and be missed on a loaded machine.
            _set_size(0, rows, columns, cell if pixel_size else (0, 0))
            if callable(command):
                command()
            os.execvpe(command[0], list(command), child)
        self.cell, self.delay, self.rate, self.pixel_size, self.name = cell, delay, rate, pixel_size, name
        self._started = time.monotonic()
        self.log: list[tuple[float, bytes]] = []
        self._due: list[tuple[float, bytes]] = []
        self._tail = b""
        self._replies = self._known(device_attributes, kitty) if answers else ()

    def _known(self, device_attributes: bytes, kitty: bool) -> tuple[Reply, ...]:
        size = b"\x1b[6;%d;%dt" % (self.cell[1], self.cell[0])
        replies: tuple[Reply, ...] = (
            (rb"\x1b\[c", lambda _: device_attributes),
            (rb"\x1b\[6n", lambda _: b"\x1b[1;1R"),
            (rb"\x1b\[16t", lambda _: size),
            (rb"\x1b\[\?2026\$p", lambda _: b"\x1b[?2026;2$y"),
        )
        if kitty:
            question = rb"\x1b_Gi=(\d+),[^;\x1b]*a=q[^\x1b]*\x1b\\"
            replies += ((question, lambda match: b"\x1b_Gi=" + match.group(1) + b";OK\x1b\\"),)
        if self.name:
            replies += ((rb"\x1b\[>0?q", lambda _: b"\x1bP>|" + self.name + b"\x1b\\"),)
        return replies

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the window."""
        _set_size(self.fd, rows, columns, self.cell if self.pixel_size else (0, 0))

    def press(self, keys: bytes, wait: float = 1.0) -> bytes:
        """Press keys, and return what the program writes in the next `wait` seconds."""
        os.write(self.fd, keys)
        return self.read(wait)

    def read(self, seconds: float) -> bytes:
        """Return everything that the program writes in that time; its questions are answered meanwhile."""
        written = b""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                os.write(self.fd, self._due.pop(0)[1])
            if now >= end:
                return written
            until = min([end, *(due for due, _ in self._due[:1])])
            readable, _, _ = select.select([self.fd], [], [], max(0.0, until - now))
            if not readable:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the program has ended
                return written
            if not data:
                return written
            self.log.append((time.monotonic() - self._started, data))
            written += data
            self._answer(data)
            if self.rate:
                time.sleep(len(data) / self.rate)

    def read_until(self, pattern: bytes, seconds: float = TIMEOUT_SECONDS, times: int = 1) -> bytes:
        """Return everything up to the moment when a regular expression has matched so many times."""
        written = b""
        end = time.monotonic() + seconds
        while len(re.findall(pattern, written)) < times:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{times} x {pattern!r} not written within {seconds} s; the last was {written[-200:]!r}"
                )
            written += self.read(0.02)
        return written

    def read_to_end(self, seconds: float = TIMEOUT_SECONDS) -> bytes:
        """Return everything up to the end of the program."""
        written = b""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            has_ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            written += self.read(0.02)
            if has_ended:
                return written
        raise TimeoutError(f"the program did not end within {seconds} s; the last was {written[-200:]!r}")

    def settle(self, quiet: float = 0.2, seconds: float = 10.0) -> bytes:
        """Return everything up to the moment when nothing has been written for `quiet` seconds.

        A loaded machine may pause for longer in the middle of a job: use it for measurements, not in assertions.
        """
        written = b""
        end = time.monotonic() + seconds
        while more := self.read(quiet):
            written += more
            if time.monotonic() >= end:
                break
        return written

    def _answer(self, data: bytes) -> None:
        seen = self._tail + data
        hits = [
            (match.start(), reply(match))
            for pattern, reply in self._replies
            for match in re.finditer(pattern, seen)
            if match.end() > len(self._tail)
        ]
        self._due += [(time.monotonic() + self.delay, answer) for _, answer in sorted(hits)]
        self._tail = seen[-200:]

    def close(self, signal_number: int = signal.SIGTERM) -> int:
        """End the program by a signal, and return its wait status."""
        os.kill(self.pid, signal_number)
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return status
            time.sleep(0.05)
        os.kill(self.pid, signal.SIGKILL)
        return os.waitpid(self.pid, 0)[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            self.close()


def _set_size(fd: int, rows: int, columns: int, cell: tuple[int, int]) -> None:
    """Set the size of a terminal's window; a cell of 0 x 0 pixels leaves the size in pixels unknown."""
    size = struct.pack("HHHH", rows, columns, columns * cell[0], rows * cell[1])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, size)
