"""How a session ends, or is disturbed: by a signal, by the end of its worker, by its window."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.sessions import processes
from tests.campaigns.sessions.keys import WINDOWS
from tests.campaigns.sessions.life import Life

_QUIT, _ESCAPE, _PICKS = b"\x03", b"\x1b", (b"1", b"2", b"3", b"4")
_SECONDS_TO_PICK = 5.0
"""After that, the key has picked nothing, because of where the cursor is for example."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blow:
    """What happens to a running app.

    Attributes:
        deal: Does it, and returns broken promises that show at once.
        codes: The exit codes that the app may end with, negative for a signal; () where it goes on.
        restores: Whether the app can restore the terminal.
        has_shell: Whether the app has to be the job of a shell.
        has_slow_disk: Whether the app works on a slow disk, which shows what does not wait for it.
    """

    deal: Callable[[Life, Path, random.Random], list[str]]
    codes: tuple[int, ...] = ()
    restores: bool = False
    has_shell: bool = False
    has_slow_disk: bool = False


def _signal(number: int) -> Callable[[Life, Path, random.Random], list[str]]:
    def deal(life: Life, home: Path, draw: random.Random) -> list[str]:
        del home, draw
        with contextlib.suppress(ProcessLookupError):
            os.kill(life.pid, number)
        return []

    return deal


def _kill_worker(life: Life, home: Path, draw: random.Random) -> list[str]:
    del draw
    for pid in processes.started(home):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    life.read(0.05)
    return []


def _kill_both(life: Life, home: Path, draw: random.Random) -> list[str]:
    deals = [_kill_worker, _signal(signal.SIGKILL)]
    draw.shuffle(deals)
    for deal in deals:
        deal(life, home, draw)
    return []


def _stop_worker_and_kill(life: Life, home: Path, draw: random.Random) -> list[str]:
    for pid in processes.started(home, python_only=True):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    return _signal(signal.SIGKILL)(life, home, draw)


def _close_window(life: Life, home: Path, draw: random.Random) -> list[str]:
    del home, draw
    life.close_window()
    return []


def _stop_by_key(life: Life, home: Path, draw: random.Random) -> list[str]:
    """Stop the app as Ctrl+Z does, look at the terminal meanwhile, and go on."""
    del home
    if not life.stop_by_key():
        return [f"Ctrl+Z does not stop it: {life.text()}"]
    found = [f"while it is stopped, {fault}" for fault in life.terminal_faults()]
    time.sleep(draw.uniform(0.0, 0.05))
    life.bring_back()
    life.read(0.05)
    return found


def _stop(life: Life, home: Path, draw: random.Random) -> list[str]:
    del home
    with contextlib.suppress(ProcessLookupError):
        os.kill(life.pid, signal.SIGSTOP)
        life.read(draw.uniform(0.0, 0.2))
        os.kill(life.pid, signal.SIGCONT)
    return []


def _storm(life: Life, home: Path, draw: random.Random) -> list[str]:
    """Give the window many sizes while keys are pressed."""
    del home
    for _ in range(draw.randrange(10, 60)):
        rows, columns = draw.choice(WINDOWS)
        life.terminal.resize(rows + draw.randrange(9), columns + draw.randrange(30))
        life.press(draw.choice((b"", b"1", b"2", b"u")), draw.choice((0.0, 0.0, 0.01)))
    return []


def _quit_and_kill(life: Life, home: Path, draw: random.Random) -> list[str]:
    """Quit, and kill the app before or after it has ended."""
    life.press(_QUIT)
    life.read(draw.uniform(0.0, 0.3))
    if not life.has_ended:
        _signal(signal.SIGKILL)(life, home, draw)
    return []


def _film_and_kill(life: Life, home: Path, draw: random.Random) -> list[str]:
    for key in (b"\x1b", b"1", b"1", b"E"):
        life.press(key, 0.1)
    life.press(b"\r", draw.uniform(0.0, 0.6))
    return _signal(signal.SIGKILL)(life, home, draw)


def _kill_at_grid(life: Life, home: Path, draw: random.Random) -> list[str]:
    """Pick, and kill the app as soon as the next grid can be seen, before it does anything else."""
    life.press(_ESCAPE, 0.15)
    for _ in range(draw.randint(1, 3)):
        count = len(life.seen)
        life.press(draw.choice(_PICKS))
        life.wait_for_grid(count, seconds=_SECONDS_TO_PICK)
    return _signal(signal.SIGKILL)(life, home, draw)


def quit_app(life: Life, home: Path, draw: random.Random) -> list[str]:
    """Quit by one key."""
    del home, draw
    life.press(_QUIT)
    return []


_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
_LEFT = (0,)
BLOWS: dict[str, Blow] = {
    "app killed": Blow(deal=_signal(signal.SIGKILL), codes=_KILLED),
    "worker killed": Blow(deal=_kill_worker),
    "app and worker killed": Blow(deal=_kill_both, codes=_KILLED),
    "app killed, worker stopped": Blow(deal=_stop_worker_and_kill, codes=_KILLED),
    "SIGTERM": Blow(deal=_signal(signal.SIGTERM), codes=(*_LEFT, 128 + signal.SIGTERM), restores=True),
    "SIGHUP": Blow(deal=_signal(signal.SIGHUP), codes=(*_LEFT, 128 + signal.SIGHUP), restores=True),
    "SIGINT": Blow(deal=_signal(signal.SIGINT), codes=(*_LEFT, 128 + signal.SIGINT), restores=True),
    "closed window": Blow(deal=_close_window, codes=(*_LEFT, 128 + signal.SIGHUP, -signal.SIGHUP)),
    "SIGTSTP, SIGCONT": Blow(deal=_stop_by_key, has_shell=True),
    "SIGSTOP, SIGCONT": Blow(deal=_stop),
    "SIGWINCH storm": Blow(deal=_storm),
    "killed while quitting": Blow(deal=_quit_and_kill, codes=(*_LEFT, *_KILLED)),
    "killed while filming": Blow(deal=_film_and_kill, codes=_KILLED),
}
KILLED_AT_GRID = Blow(deal=_kill_at_grid, codes=_KILLED, has_slow_disk=True)
QUIT = Blow(deal=quit_app, codes=_LEFT, restores=True)
