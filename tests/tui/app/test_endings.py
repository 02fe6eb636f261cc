"""However the app ends, nothing that was picked is lost and nothing is left running."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.search.sessions import read_session
from latentpng.png.files import read_record
from latentpng.record import SeedRoot
from tests.support.terminal.fake_terminal import FakeTerminal
from tests.support.tui.driving import PROMPT, make_app, running

TIMEOUT_SECONDS = 30.0
ALTERNATE_SCREEN = rb"\x1b\[\?1049h"
MODES = rb"\x1b\[\?(\d+)([hl])"
_OFF = (b"1000", b"1003", b"1004", b"1006", b"1015", b"1049", b"2004")
IN_ORDER = {b"7": b"h", b"25": b"h"} | dict.fromkeys(_OFF, b"l")
"""Wrapped lines and a cursor; no mouse, no focus, no second screen and no brackets around pastes."""


def wait_for(terminal: FakeTerminal, condition: Callable[[], bool]) -> None:
    """Read the terminal until a condition is true."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < end, b"".join(data for _, data in terminal.log)[-2000:]
        terminal.read(0.05)


def wait_for_end(terminal: FakeTerminal) -> int:
    """Return the wait status of the program."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            return status
        terminal.read(0.02)
    raise AssertionError("the program did not end")


def hang_up(terminal: FakeTerminal) -> None:
    os.kill(terminal.pid, signal.SIGHUP)


def terminate(terminal: FakeTerminal) -> None:
    os.kill(terminal.pid, signal.SIGTERM)


def kill(terminal: FakeTerminal) -> None:
    os.kill(terminal.pid, signal.SIGKILL)


def close_window(terminal: FakeTerminal) -> None:
    os.close(terminal.fd)
    terminal.fd = os.open(os.devnull, os.O_RDWR)


def interrupt(terminal: FakeTerminal) -> None:
    os.kill(terminal.pid, signal.SIGINT)


def stop_and_quit(terminal: FakeTerminal) -> None:
    """Stop the program by a signal that it cannot handle, let it go on, and quit."""
    os.kill(terminal.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, terminal.pid, os.WSTOPPED | os.WNOWAIT)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.read_until(ALTERNATE_SCREEN)
    os.write(terminal.fd, b"q")


def suspend_and_quit(terminal: FakeTerminal) -> None:
    """Suspend the program by Ctrl+Z, let it go on, and quit."""
    os.write(terminal.fd, b"\x1a")
    while os.waitid(os.P_PID, terminal.pid, os.WSTOPPED | os.WNOWAIT | os.WNOHANG) is None:
        terminal.read(0.02)
    assert termios.tcgetattr(terminal.fd)[3] & termios.ECHO
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.read_until(ALTERNATE_SCREEN)
    os.write(terminal.fd, b"q")


def quit_by_key(terminal: FakeTerminal) -> None:
    os.write(terminal.fd, b"q")


@pytest.mark.slow
@pytest.mark.parametrize(
    "end",
    [quit_by_key, stop_and_quit, suspend_and_quit, hang_up, terminate, interrupt, kill, close_window],
)
def test_a_pick_survives(tmp_path: Path, end: Callable[[FakeTerminal], None]) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.terminal.fake_warmer",
        str(tmp_path),
        "--prompt",
        "a lake",
        "--seed",
        "7",
    ]
    terminal = FakeTerminal(command, environment={"PYTHONPATH": str(Path(__file__).parents[3])})

    modes = termios.tcgetattr(terminal.fd)

    def saved() -> list[Path]:
        return sorted(tmp_path.glob("pictures/*/*.png"))

    def journal_rounds() -> int:
        folders = [path.parent for path in tmp_path.glob("pictures/*/session.json")]
        return len(read_session(folders[0]).session.lineage.rounds) if folders else -1

    wait_for(terminal, lambda: len(saved()) == 1 and journal_rounds() == 0)
    terminal.read(0.4)  # digits do not count at the very start
    terminal.press(b"2", wait=0.1)
    wait_for(terminal, lambda: journal_rounds() == 1)
    end(terminal)
    status = wait_for_end(terminal)
    assert journal_rounds() == 1
    assert all(read_record(path).lineage.root == SeedRoot(seed=7) for path in saved())
    if end is not kill:
        assert not os.WIFSIGNALED(status)
    if end is close_window:
        return
    written = b"".join(data for _, data in terminal.log)
    assert b"Traceback" not in written
    if end is not kill:
        assert termios.tcgetattr(terminal.fd) == modes
        assert IN_ORDER.items() <= dict(re.findall(MODES, written)).items()
        assert written.count(b"\x1b[<u") == len(re.findall(rb"\x1b\[>\d+u", written))


async def test_pictures_that_arrive_while_the_app_ends_are_not_shown(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: driver.screen.search is not None)
        search = driver.search
        await driver.screen.remove_children()
        renderer.release()
        await driver.until(lambda: renderer._done == search.size)
        await driver.pilot.pause()
        assert search.finished(0) is None


@pytest.mark.slow
def test_it_ends_without_its_terminal_also_while_it_paints(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.terminal.painting_warmer", str(tmp_path)]
    terminal = FakeTerminal(command, environment={"PYTHONPATH": str(Path(__file__).parents[3])})
    wait_for(terminal, lambda: len(list(tmp_path.glob("pictures/*/*.png"))) == 1)
    close_window(terminal)
    assert os.WIFEXITED(wait_for_end(terminal))
