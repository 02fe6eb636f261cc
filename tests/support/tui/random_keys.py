"""A session of random keys on a real pseudo-terminal, and what has to be true when it is over."""

from __future__ import annotations

import os
import random
import re
import sys
import time
from pathlib import Path

from tests.support.terminal.fake_terminal import FakeTerminal
from tests.support.tui.consistency import problems_of

ROOT = Path(__file__).parents[3]
KEYS: tuple[bytes, ...] = (
    *(bytes([code]) for code in b"1234567890cfgjklnruU[]{}ba *dvhieEyYsop?m"),
    *(b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\t", b"\r", b"\x1b", b"\x7f"),
    *(b"w", b"x", b"\x1bOP", b"\x10", b"+", b"-", b"D", b"M"),
)
"""What is pressed: every key of the search but those that end the session, and some that mean nothing."""
_WINDOWS = ((24, 80), (40, 120), (60, 220), (16, 44))


def play(folder: Path, seed: int, presses: int = 200) -> list[str]:
    """Press random keys in a session, end it, and return what is wrong afterwards.

    Args:
        folder: An empty folder for the pictures and the state of the session.
        seed: It decides the keys, the pauses and the size of the window.
        presses: The number of keys.

    Returns:
        A sentence for each problem, with the bytes that were pressed.
    """
    draw = random.Random(seed)
    rows, columns = draw.choice(_WINDOWS)
    home = folder / "home"
    home.mkdir()
    module = "tests.support.tui.recorded_warmer"
    words = [str(folder), "--prompt", "a lake", "--seed", str(seed)]
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(home)}
    pressed = [draw.choice(KEYS) for _ in range(presses)]
    with FakeTerminal(
        [sys.executable, "-m", module, *words], rows=rows, columns=columns, environment=environment
    ) as terminal:
        _wait_for_text(terminal, b"round 1")
        terminal.read(0.4)  # digits do not count at the very start
        for key in pressed:
            terminal.press(key, wait=draw.choice((0.0, 0.01, 0.03, 0.1)))
        terminal.read(0.5)
        terminal.press(b"\x03", wait=0.1)
        status = _end_of(terminal)
        written = b"".join(data for _, data in terminal.log)
    problems = [] if status == 0 else [f"the program ended with the wait status {status}"]
    if b"Traceback" in written or b"internal error" in written:
        problems.append(f"the program wrote: {_plain(written)[-3000:]}")
    problems += _problems_of_folders(folder)
    return [f"seed {seed}, {rows} x {columns}: {problem}; pressed: {b' '.join(pressed)!r}" for problem in problems]


def _plain(written: bytes) -> str:
    """Return what a program wrote without its colours, movements of the cursor and frames."""
    text = re.sub(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|P[^\x1b]*\x1b\\\\|.)", "", written.decode("utf-8", "replace"))
    return re.sub(r"[ \t\r─│╭╮╰╯❱]+", " ", text)


def _wait_for_text(terminal: FakeTerminal, text: bytes, seconds: float = 60.0) -> None:
    end, written = time.monotonic() + seconds, b""
    while text not in written:
        written += terminal.read(0.05)
        if time.monotonic() > end:
            raise AssertionError(f"{text!r} was not written; the end of what was: {written[-2000:]!r}")


def _end_of(terminal: FakeTerminal, seconds: float = 60.0) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            return status
        terminal.read(0.02)
    return -1


def _problems_of_folders(folder: Path) -> list[str]:
    """Return what is wrong with the folders that the sessions left."""
    problems = []
    for session in sorted(path for path in (folder / "pictures").glob("*") if path.is_dir()):
        live = folder / "live" / f"{session.name}.json"
        problems += [f"{session.name}: {problem}" for problem in problems_of(session, live if live.exists() else None)]
        if not live.exists():
            problems.append(f"{session.name}: its search did not end in an orderly way")
    return problems
