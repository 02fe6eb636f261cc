"""One run of the app on a pseudo-terminal of ours, from its start to its end, however it ends.

The app runs in a process that is forked from this one, which has imported everything already.  It is a session leader,
as in a terminal that runs it directly; or a shell stands between, without which nobody could stop and continue it.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.campaigns.sessions import processes
from tests.campaigns.sessions.forked import in_shell, run
from tests.campaigns.sessions.witness import Witness, found_in
from tests.campaigns.sessions.witnessed import STACKS_SIGNAL, run_app, settle_in
from tests.support.terminal.fake_terminal import FakeTerminal

SECONDS_TO_END = 120.0
"""For a program on a machine that is loaded with other work: it only decides how late a real fault is found."""
_LEFT_SECONDS = 0.5
_LOOK_SECONDS = 0.04
_QUIET_LOOKS, _MAX_LOOKS = 8, 60
_MODES = (9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1049, 2004, 2048)
"""Modes that a program must not leave switched on: the mouse, the focus, the alternate screen, pasting, the size."""
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_GRAPHICS: tuple[dict[str, Any], ...] = ({}, {"kitty": True}, {"device_attributes": b"\x1b[?62;4;22c"})


class Life:
    """A run of the app.

    Attributes:
        terminal: Its terminal.
        pid: The process ID of the app.
        seen: What was on the screen, oldest first.
        keys: What was pressed since the app was last at rest.
        written: Everything that the app wrote.
    """

    def __init__(
        self,
        home: Path,
        words: Sequence[str],
        *,
        renderer: str,
        window: tuple[int, int] = (40, 120),
        graphics: int = 0,
        has_shell: bool = False,
        adapt: Callable[[], object] = list,
    ) -> None:
        """Start the app.

        Args:
            home: The home directory, which marks every process that the app starts.
            words: The command line.
            renderer: One of `witnessed.RENDERERS`.
            window: The rows and columns of the terminal.
            graphics: What the terminal draws: characters (0), Kitty's graphics (1) or sixels (2).
            has_shell: Run it as a job of a shell.
            adapt: Called in the new process before the app begins.
        """
        near, far = socket.socketpair()

        def begin() -> None:
            settle_in(home, processes.mark(home))
            adapt()
            run_app(words, renderer)

        program = (lambda: in_shell(begin, far)) if has_shell else (lambda: run(begin))
        self.terminal = FakeTerminal(program, rows=window[0], columns=window[1], **_GRAPHICS[graphics])
        far.close()
        self._shell = near
        self.pid = int(near.recv(32)) if has_shell else self.terminal.pid
        self.seen: list[Witness] = []
        self.keys = b""
        self.written = bytearray()
        self._status: int | None = None
        self._modes_before = _fresh_modes()
        self._parsed = 0

    def read(self, seconds: float) -> None:
        """Take in what the app writes in that time."""
        self._take(self.terminal.read(seconds))

    def press(self, keys: bytes, wait: float = 0.0) -> None:
        """Press keys, and take in what the app writes."""
        self.keys += keys
        with contextlib.suppress(OSError):  # it has ended
            self._take(self.terminal.press(keys, wait))

    def wait_for_grid(self, more_than: int = 0, seconds: float = SECONDS_TO_END) -> bool:
        """Wait until more grids were painted; return False where that does not happen, or the app has ended."""
        end = time.monotonic() + seconds
        while len(self.seen) <= more_than and time.monotonic() < end and not self.has_ended:
            self.read(0.02)
        return len(self.seen) > more_than

    def rest(self) -> None:
        """Wait until the app is at rest: it has taken and painted all that was pressed.

        It paints nothing for a while then, and no thread of it waits for a processor or a disk either, as one of a
        program does that has its turn late on a loaded machine.
        """
        quiet = 0
        for _ in range(_MAX_LOOKS):
            data = self.terminal.read(_LOOK_SECONDS)
            self._take(data)
            quiet = 0 if data or processes.is_busy(self.pid) else quiet + 1
            if quiet == _QUIET_LOOKS:
                self.keys = b""
                return

    @property
    def has_ended(self) -> bool:
        """Whether the app has ended."""
        if self._status is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.terminal.pid, os.WNOHANG)
                self._status = status if pid else None
        return self._status is not None

    def wait_for_end(self, seconds: float = SECONDS_TO_END) -> int | None:
        """Return the exit code, negative for a signal; None where it does not end."""
        end = time.monotonic() + seconds
        while not self.has_ended and time.monotonic() < end:
            self.read(0.01)
        if self._status is None:
            os.kill(self.pid, STACKS_SIGNAL)
            self.read(0.5)
        self._take_what_is_left()
        return None if self._status is None else os.waitstatus_to_exitcode(self._status)

    def stop_by_key(self) -> bool:
        """Press Ctrl+Z and wait until the shell has the terminal again; return False where that does not happen."""
        self.press(b"\x1a")
        end = time.monotonic() + SECONDS_TO_END
        while time.monotonic() < end and not self.has_ended:
            self.read(0.01)
            if select.select([self._shell], [], [], 0)[0]:
                return self._shell.recv(32) == b"stopped"
        return False

    def bring_back(self) -> None:
        """Let the stopped app go on in the foreground, as `fg` does."""
        self._shell.send(b"fg")

    def close_window(self) -> None:
        """Close the terminal, whatever runs in it."""
        self.read(0.0)
        os.close(self.terminal.fd)
        self.terminal.fd = os.open(os.devnull, os.O_RDWR)

    def terminal_faults(self) -> list[str]:
        """Return what the app has left of its own in the terminal, a sentence for each."""
        found = []
        now = termios.tcgetattr(self.terminal.fd)
        if now[:4] != self._modes_before[:4]:
            has_echo = bool(now[3] & termios.ECHO)
            found.append(f"the terminal is not as it was before{'' if has_echo else ': it has no echo'}")
        last: dict[int, bytes] = {}
        for numbers, action in _MODE.findall(self.written):
            last.update(dict.fromkeys(map(int, numbers.split(b";")), action))
        found += [f"the terminal's mode {mode} is left on" for mode in _MODES if last.get(mode) == b"h"]
        if last.get(25) == b"l":
            found.append("the cursor is left hidden")
        return found

    def text(self) -> str:
        """Return the end of what the app wrote, as text."""
        plain = re.sub(
            rb"\x1b(\[[0-9;?<>=]*[a-zA-Z]|[\]P_][^\x1b\x07]*(\x1b\\|\x07)|.)", b"", bytes(self.written[-9000:])
        )
        return re.sub(r"[\s─│╭╮╰╯❱█▀▄▌▐]+", " ", plain.decode("utf-8", "replace"))[-600:]

    def end(self) -> None:
        """Kill whatever is left."""
        if not self.has_ended:
            for pid in {self.pid, self.terminal.pid}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.wait_for_end()
        os.close(self.terminal.fd)
        self._shell.close()

    def _take_what_is_left(self) -> None:
        """Take in what the app has written, until the terminal has no other end or what else holds that is silent."""
        with contextlib.suppress(OSError):  # it has no other end any more
            while select.select([self.terminal.fd], [], [], _LEFT_SECONDS)[0]:
                data = os.read(self.terminal.fd, 2**16)
                if not data:
                    return
                self._take(data)

    def _take(self, data: bytes) -> None:
        self.written += data
        found = found_in(bytes(self.written[self._parsed :]))
        if found:
            self._parsed = self.written.rindex(b"\x1b]7717;") + 1
            self.seen += found


def _fresh_modes() -> list[Any]:
    """Return the modes of a terminal that no program has used."""
    near, far = os.openpty()
    try:
        return termios.tcgetattr(far)
    finally:
        os.close(near)
        os.close(far)
