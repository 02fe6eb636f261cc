"""Time from a key press to the reaction on the screen while the embedded model renders on all cores.

    python -m tests.benchmarks.tui_keys

`warmer` runs on a fake terminal and renders one long round; the space key marks a picture and unmarks it again.  The
benchmark prints the median, the 95th percentile and the longest time; there is no baseline.
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
PRESSES = 60
STEPS = 400
"""Denoising steps of a picture: so many that the round outlasts the measurement."""


def wait(terminal: FakeTerminal, text: bytes, timeout: float) -> float:
    """Wait until the program writes a text, and return the seconds that it took.

    Raises:
        RuntimeError: The text is not written within `timeout` seconds.
    """
    start, written = time.monotonic(), b""
    while text not in written:
        written += terminal.read(0.002)
        if time.monotonic() - start > timeout:
            raise RuntimeError(f"{text!r} was not written within {timeout} s")
    return time.monotonic() - start


def main() -> None:
    """Start `warmer`, press the keys and print the figures."""
    with tempfile.TemporaryDirectory() as home:
        arguments = ["--prompt", "a lake", "--seed", "7", "--steps", str(STEPS), "--graphics", "halfcell"]
        terminal = FakeTerminal(
            [sys.executable, "-m", "tui", *arguments], environment={"HOME": home, "PYTHONPATH": str(ROOT)}
        )
        with terminal:
            wait(terminal, b"step ", 120.0)
            terminal.read(6.0)
            os.write(terminal.fd, b"\x1b[D")
            terminal.read(0.5)
            seconds = []
            for _ in range(PRESSES):
                os.write(terminal.fd, b" ")
                seconds.append(wait(terminal, "● marked".encode(), 10.0))
                terminal.read(0.1)
                os.write(terminal.fd, b" ")
                terminal.read(0.15)
        ordered = sorted(seconds)
        print(
            f"key to reaction while rendering, {PRESSES} presses: median {statistics.median(ordered):.3f} s, "
            f"95% within {ordered[int(0.95 * PRESSES) - 1]:.3f} s, at most {ordered[-1]:.3f} s"
        )


if __name__ == "__main__":
    main()
