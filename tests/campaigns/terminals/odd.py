"""Terminals, environments and input that nobody planned for: the app works, or says in a sentence why it does not."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

import psutil

from tests.campaigns.attack.part import Outcome
from tests.campaigns.sessions import processes, remains
from tests.campaigns.sessions.life import Life
from tests.campaigns.terminals.stalls import prepare

_ROOT: Final = Path(__file__).parents[3]
_DROP_CAPABILITY: Final = 24  # PR_CAPBSET_DROP
_PERMISSIONS_DO_NOT_COUNT: Final = (1, 2, 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
_ENVIRONMENTS: Final[dict[str, dict[str, str | None]]] = {
    "LANG=C": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Latin-1": {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"},
    "no HOME": {"HOME": None},
    "HOME that does not exist": {"HOME": "/nonexistent/home"},
    "HOME that is a file": {"HOME": "/dev/null"},
    "TERM=dumb": {"TERM": "dumb", "COLORTERM": None},
    "no TERM": {"TERM": None, "COLORTERM": None},
    "TERM=": {"TERM": "", "COLORTERM": ""},
    "unknown TERM": {"TERM": "no-such-terminal-256color"},
    "TERM=linux": {"TERM": "linux", "COLORTERM": None},
    "TMUX that is gone": {"TMUX": "/nonexistent/tmux,1,0", "TERM": "screen"},
    "COLUMNS=1": {"COLUMNS": "1", "LINES": "1"},
    "COLUMNS=x": {"COLUMNS": "x", "LINES": "-5"},
    "no write permission": {},
}
_SIZES: Final = ((1, 1), (24, 20), (200, 500), (0, 0), (1, 200), (100, 2), (3, 7), (24, 80))
_FRAGMENTS: Final = (
    *(b"\x1b", b"\x1b[", b"\x1b[<", b"\x1b[<0;", b"\x1b[<0;999999;999999M", b"\x1b]", b"\x1b]52;c;", b"\x1bP>|"),
    *(b"\x1b_Gi=1;", b"\x1b[200~", b"\x1b[201~", b"\x1b[?62;4c", b"\x1b[99999999999999R", b"\x1b[1;1R", b"\x1bOP"),
    *(b"\x1b[?2026;2$y", b"\x1b[?2048;2$y", b"\x1b[48;0;0;0;0t", b"\x1b[48;99999;99999;1;1t", b"\x1b[I", b"\x1b[O"),
    *(b"\xff\xfe", b"\xf0\x9f", b"\xc3", b"\0", b"\x1b[97;5u", b"\x1b[57441;1:3u", b"\x1b[99999999999u", b"\x1b[3;"),
    *(b"M", b"~", b"\\", b"\x07", b"\x9b1;1H"),
)
_PASTES: Final = (
    b"x" * 1_000_000,
    "\u65e5\u672c \U0001f600\n".encode() * 50_000,
    b"\x1b[31m" * 100_000,
    b"1" * 300_000,
)
_SECONDS: Final = 60.0
"""For what never happens when it fails: it is long, because a loaded machine is slow."""
_SECONDS_OF_TYPING: Final = 10.0
_FAULTS: Final = (b"Traceback", b"internal error")


def environment(number: int, home: Path) -> Outcome:
    """Start the app, as a program of its own, where something is odd."""
    name = list(_ENVIRONMENTS)[number % len(_ENVIRONMENTS)]
    prepare(home)
    life = Life(home, [], renderer="thread", adapt=lambda: _start(name, home))
    try:
        drawn = life_draws(life)
        if drawn and not life.has_ended:
            life.press(b"2", 0.2)
        faults = ended_orderly(life, refusals=() if drawn else (2, 3, 9, 10))
    finally:
        life.end()
    faults += processes.orphans(home) + remains.broken_pictures(home)
    return Outcome(kind="odd environments", faults=tuple(f"case {number} ({name}): {fault}" for fault in faults))


def size(number: int, home: Path) -> Outcome:
    """Give the window a size that nobody has, or one after the other."""
    draw = random.Random(f"sizes {number}")
    prepare(home)
    window = _SIZES[number % len(_SIZES)]
    life = _life(home, number, window, draw)
    is_storm = number % 3 == 2
    try:
        life.read(0.5)
        for _ in range(draw.randrange(20, 200) if is_storm else 3):
            rows, columns = draw.choice(_SIZES) if draw.random() < 0.5 else (draw.randrange(120), draw.randrange(300))
            life.terminal.resize(rows, columns)
            life.press(draw.choice((b"", b"2", b"v", b"\x1b", b"h")), draw.choice((0.0, 0.01, 0.05)))
        life.terminal.resize(*window)
        life.read(0.3)
        faults = ended_orderly(life)
    finally:
        life.end()
    faults += processes.orphans(home) + remains.broken_pictures(home)
    kind = "size storms" if is_storm else "odd sizes"
    return Outcome(kind=kind, faults=tuple(f"case {number} {window}: {fault}" for fault in faults))


def garbage(number: int, home: Path) -> Outcome:
    """Type what no keyboard sends."""
    draw = random.Random(f"garbage {number}")
    prepare(home)
    life = _life(home, number, (40, 120), draw)
    try:
        life.wait_for_grid()
        if number % 4 == 3:
            if number % 8 == 7:
                life.press(b"p", 0.3)  # into a field of text
            _type(life, b"\x1b[200~" + draw.choice(_PASTES) + draw.choice((b"\x1b[201~", b"")))
        else:
            for _ in range(draw.randrange(5, 60)):
                piece = draw.choice(_FRAGMENTS) if draw.random() < 0.7 else draw.randbytes(draw.randrange(1, 50))
                _type(life, piece)
        life.read(0.3)
        faults = ended_orderly(life)
    finally:
        life.end()
    faults += processes.orphans(home) + remains.broken_pictures(home)
    return Outcome(
        kind="pastes" if number % 4 == 3 else "garbage typed",
        faults=tuple(f"case {number}: {fault}" for fault in faults),
    )


def life_draws(life: Life) -> bool:
    """Wait until the app has taken over the terminal; return False if it ended before."""
    end = time.monotonic() + _SECONDS
    while b"\x1b[?1049h" not in life.written and not life.has_ended and time.monotonic() < end:
        life.read(0.05)
    life.read(1.0)
    return b"\x1b[?1049h" in life.written


def ended_orderly(life: Life, *, refusals: tuple[int, ...] = ()) -> list[str]:
    """End the app by SIGTERM, unless it has ended, and return what was broken."""
    if not life.has_ended:
        os.kill(life.pid, signal.SIGTERM)
    end = time.monotonic() + _SECONDS
    while not life.has_ended and time.monotonic() < end:
        life.read(0.02)
        if psutil.Process(life.pid).status() == psutil.STATUS_STOPPED:  # Ctrl+Z may have been among what was typed
            os.kill(life.pid, signal.SIGCONT)
    code = life.wait_for_end(0.0)
    faults = [] if code in (0, *refusals) else [f"it ended with {code}: {life.text()}"]
    if any(fault in life.written for fault in _FAULTS):
        faults.append(f"it showed a fault of its own: {life.text()}")
    return faults + (life.terminal_faults() if code is not None else [])


def _life(home: Path, number: int, window: tuple[int, int], draw: random.Random) -> Life:
    words = ["--prompt", "a lake", "--seed", str(number)]
    graphics = draw.choice((0, 1, 2))
    return Life(home, words, renderer="thread", window=window, graphics=graphics, adapt=_tell_more)


def _tell_more() -> None:
    os.environ["WARMER_DEBUG"] = "1"  # the place of a fault, and not only its sentence


def _type(life: Life, data: bytes) -> None:
    """Type as fast as the app reads."""
    os.set_blocking(life.terminal.fd, False)
    end = time.monotonic() + _SECONDS_OF_TYPING
    while data and not life.has_ended and time.monotonic() < end:
        try:
            data = data[os.write(life.terminal.fd, data[:4096]) :]
        except BlockingIOError:
            pass
        except OSError:
            break
        life.read(0.0)
    os.set_blocking(life.terminal.fd, True)


def _start(name: str, home: Path) -> NoReturn:
    """Become the program, in an odd environment."""
    changes = dict(_ENVIRONMENTS[name])
    changes |= {"PYTHONPATH": str(_ROOT)}
    if name == "no write permission":
        _give_up_rights(home)
    variables = {key: value for key, value in (os.environ | changes).items() if value is not None}
    words = ["-m", "tests.support.terminal.streaming_warmer", "3", "0.02", "--prompt", "a lake", "--seed", "7"]
    os.execve(sys.executable, [sys.executable, *words], variables)


def _give_up_rights(home: Path) -> None:
    """Let the program that this process becomes write nowhere, also as root: by the permissions of its own files."""
    for folder in (home, *(path for path in home.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    for capability in _PERMISSIONS_DO_NOT_COUNT:
        ctypes.CDLL(None).prctl(_DROP_CAPABILITY, capability)
