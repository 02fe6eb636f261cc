"""Answers of the terminal that come after the timeout are no keys: no help opens, and nothing is picked."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from engine.search.sessions import read_session
from tests.support.terminal.fake_terminal import FakeTerminal

ROOT = Path(__file__).parents[3]
TIMEOUT_SECONDS = 60.0
HELP = b"CHANGE WHAT COMES NEXT"
DEVICE = b"\x1b[?62;4;22c"
LATE = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.41.0)\x1b\\\x1b[>1;4100;0c\x1b[6;20;10t\x1b[?62;4;22c"


@pytest.mark.slow
def test_late_answers_are_no_keys(tmp_path: Path) -> None:
    words = [str(tmp_path), "--prompt", "a lake", "--seed", "7"]
    with FakeTerminal(
        [sys.executable, "-m", "tests.support.terminal.fake_warmer", *words],
        environment={"PYTHONPATH": str(ROOT)},
    ) as terminal:

        def rounds() -> int:
            folders = [path.parent for path in tmp_path.glob("pictures/*/session.json")]
            return len(read_session(folders[0]).session.lineage.rounds) if folders else -1

        def wait_for(count: int) -> None:
            end = time.monotonic() + TIMEOUT_SECONDS
            while rounds() < count:
                assert time.monotonic() < end, f"{count} rounds needed, found {rounds()}"
                terminal.read(0.02)

        wait_for(0)
        written = terminal.press(DEVICE, wait=1.0) + terminal.press(LATE, wait=0.5)
        assert HELP not in written
        terminal.press(b"1", wait=0.0)
        wait_for(1)
        assert rounds() == 1
