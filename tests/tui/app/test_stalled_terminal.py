"""A terminal that stops reading stops nothing else: the search goes on, and the app ends when it is asked to."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.search.sessions import read_session
from tests.support.terminal.fake_terminal import FakeTerminal

pytestmark = pytest.mark.slow
TIMEOUT_SECONDS, AGAIN_SECONDS = 60.0, 5.0
PICKS = 12
"""Each paints more often than Textual's own queue has room for a quarter of."""
ANSWERS = {
    "sextant": {},
    "sixel": {"device_attributes": b"\x1b[?62;4;22c"},
    "kitty": {"kitty": True, "name": b"kitty(0.41.0)"},
}
DRAWS = {"sextant": b"\xf0\x9f\xac", "sixel": b"\x1bP0;1;0q", "kitty": b"\x1b_Ga=t,"}


class Stalled:
    """The app on a terminal that is read only when the test says so."""

    def __init__(self, folder: Path, graphics: str) -> None:
        self._folder = folder
        program = [sys.executable, "-m", "tests.support.terminal.streaming_warmer", "40", "0.02"]
        words = ["--graphics", graphics, "--prompt", "a lake", "--seed", "7", "--out", str(folder / "out")]
        home = {"HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[3])}
        home |= {f"XDG_{name}_HOME": str(folder / name) for name in ("STATE", "CONFIG", "CACHE", "DATA")}
        self.terminal = FakeTerminal([*program, *words], environment=home, **ANSWERS[graphics])  # type: ignore[arg-type]
        self.modes = termios.tcgetattr(self.terminal.fd)
        self.terminal.read_until(DRAWS[graphics], times=3)

    def until(self, condition: Callable[[], bool], key: bytes = b"") -> None:
        """Wait without reading, and press a key again and again if one is given: what is early is not taken for one."""
        end, again = time.monotonic() + TIMEOUT_SECONDS, 0.0
        while not condition():
            now = time.monotonic()
            assert now < end, "it did not become true while nobody read"
            if key and now > again:
                os.write(self.terminal.fd, key)
                again = now + AGAIN_SECONDS
            time.sleep(0.02)

    def rounds(self) -> int:
        """Return how many rounds the journal has."""
        journal = self._folder / "out" / "session.json"
        return len(read_session(journal.parent).session.lineage.rounds) if journal.exists() else 0

    def pick(self) -> None:
        """Pick until the journal has many rounds, without reading what all that paints."""
        for number in range(1, PICKS + 1):
            self.until(lambda number=number: self.rounds() >= number, b"2")  # type: ignore[misc]

    def end(self) -> int:
        """Return the exit code of the program."""
        status = 0

        def has_ended() -> bool:
            nonlocal status
            pid, status = os.waitpid(self.terminal.pid, os.WNOHANG)
            return bool(pid)

        self.until(has_ended)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture(params=list(ANSWERS))
def stalled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stalled]:
    app = Stalled(tmp_path, request.param)
    with app.terminal:
        yield app


def test_picks_are_kept_and_it_ends_while_nobody_reads(stalled: Stalled) -> None:
    stalled.pick()
    os.kill(stalled.terminal.pid, signal.SIGTERM)
    assert stalled.end() == 0
    assert stalled.rounds() >= PICKS
    assert termios.tcgetattr(stalled.terminal.fd) == stalled.modes
    assert b"\x1b[?1049l" in stalled.terminal.read(0.1)


def test_the_screen_is_whole_again_when_the_terminal_reads(stalled: Stalled) -> None:
    stalled.pick()
    stalled.terminal.read_until(f"round {PICKS}".encode())
    os.write(stalled.terminal.fd, b"q")
    stalled.terminal.read_to_end()
    assert stalled.end() == 0
