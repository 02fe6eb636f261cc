"""Start-up and first paint of `warmer` against an empty Textual app, and of both commands' --help.

Both run on a pseudo-terminal that answers questions at once; pairs in turn, medians.  Goal: first paint <= 1.2 times.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.terminal.fake_terminal import FakeTerminal

ROOT = Path(__file__).parents[2]
EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("it is painted")
Empty().run()
"""
RUNS = 9


def first_paint(command: list[str], words: bytes, home: str) -> float:
    """Seconds from the start of the process to the first of its words on the screen."""
    with FakeTerminal(command, environment={"HOME": home, "PYTHONPATH": str(ROOT)}) as terminal:
        while words not in b"".join(data for _, data in terminal.log):
            terminal.read(0.005)
            if terminal.log and terminal.log[-1][0] > 30.0:
                raise RuntimeError(f"{command} painted nothing in 30 s")
        return terminal.log[-1][0] - 0.1  # the fake terminal's child waits that long before it begins


def help_seconds(module: str) -> float:
    """Seconds of a whole `--help` process."""
    start = time.perf_counter()
    code = f"import sys; sys.argv = ['x', '--help']; from {module} import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as home:
        empty, ours = [], []
        for run in range(RUNS + 1):
            pair = (
                first_paint([sys.executable, "-c", EMPTY], b"painted", home),
                first_paint([sys.executable, "-m", "tui"], b"by varying", home),
            )
            if run:  # the first pair warms the caches
                empty.append(pair[0])
                ours.append(pair[1])
        ratios = [one / other for one, other in zip(ours, empty, strict=True)]
        print(f"first paint, empty Textual app   {statistics.median(empty):6.3f} s")
        print(f"first paint, warmer              {statistics.median(ours):6.3f} s")
        print(f"ratio, median of {RUNS} pairs         {statistics.median(ratios):6.2f}   (goal <= 1.2)")
    for name, module in (("latentpng", "latentpng.cli"), ("warmer", "tui.cli")):
        print(
            f"{name} --help".ljust(33)
            + f"{statistics.median(help_seconds(module) for _ in range(RUNS)):6.3f} s   (goal < 0.3)"
        )


if __name__ == "__main__":
    main()
