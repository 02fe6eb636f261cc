"""Bytes of a grid and of a selection move, and the time of a flip, in the app itself.

    python -m tests.benchmarks.tui_grid [COLUMNS ROWS]

`warmer` runs with the embedded model on a fake terminal that shows sixels, with cells of 10 x 20 pixels.  The benchmark
prints the KiB that a selection move and a pick write (the whole next grid, with its previews), and how long Tab takes
until the other picture is written to the terminal: the median and the 95th percentile.  There is no baseline.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.support.terminal.fake_terminal import FakeTerminal

ROOT = Path(__file__).parents[2]
FLIPS = 40
SIXEL = b"\x1bP0;1;0q"
QUIET_SECONDS = 8.0
"""A grid is over when nothing was written for so long."""
STARTING_SECONDS = 240.0


def wait_for_the_first_grid(terminal: FakeTerminal) -> None:
    """Return when the first grid is finished."""
    start, seen = time.monotonic(), b""
    while SIXEL not in seen:
        seen += terminal.read(0.5)
        if time.monotonic() - start > STARTING_SECONDS:
            raise RuntimeError(f"no picture was written within {STARTING_SECONDS:.0f} s")
    terminal.settle(QUIET_SECONDS, STARTING_SECONDS)


def written(terminal: FakeTerminal, key: bytes, quiet: float) -> bytes:
    """Press a key, and return what is written until nothing is for so many seconds."""
    os.write(terminal.fd, key)
    return terminal.settle(quiet, STARTING_SECONDS)


def flip(terminal: FakeTerminal) -> float:
    """Press Tab, and return the seconds until a whole picture is written."""
    start, seen = time.monotonic(), b""
    os.write(terminal.fd, b"\t")
    while SIXEL not in seen or b"\x1b\\" not in seen[seen.index(SIXEL) :]:
        seen += terminal.read(0.002)
        if time.monotonic() - start > 10.0:
            raise RuntimeError("no picture was written within 10 s")
    return time.monotonic() - start


def main() -> None:
    """Measure and print the figures."""
    columns, rows = (int(text) for text in sys.argv[1:3]) if sys.argv[2:] else (120, 40)
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "tui", "--prompt", "a red sun over a lake", "--seed", "7", "--steps", "6"]
        environment = {"HOME": home, "PYTHONPATH": str(ROOT)}
        with FakeTerminal(
            command, rows=rows, columns=columns, device_attributes=b"\x1b[?62;4;22c", environment=environment
        ) as terminal:
            wait_for_the_first_grid(terminal)
            arrows = (b"\x1b[C", b"\x1b[C", b"\x1b[D", b"\x1b[B", b"\x1b[A")
            moves = [len(written(terminal, key, 0.7)) for key in arrows]
            print(f"{columns}x{rows}: a selection move writes {statistics.median(moves) / 1024:.1f} KiB")
            pick = len(written(terminal, b"1", QUIET_SECONDS))
            print(f"{columns}x{rows}: a pick and the whole next grid write {pick / 1024:.0f} KiB")
            written(terminal, b"\x1b[C", 1.5)
            seconds = []
            for _ in range(FLIPS):
                seconds.append(flip(terminal))
                terminal.settle(0.3)
            ordered = sorted(seconds)
            print(
                f"{columns}x{rows}: Tab to the other picture, {FLIPS} times: median "
                f"{statistics.median(ordered):.3f} s, 95% within {ordered[int(0.95 * FLIPS) - 1]:.3f} s"
            )


if __name__ == "__main__":
    main()
