"""Time how long `warmer` takes until its first paint, against an empty Textual app (the baseline), in paired rounds.

    python -m tests.benchmarks.tui_startup

Both apps run on a fake terminal that answers at once.  The benchmark prints the median seconds of both and the median
of the paired ratios (above 1, `warmer` is slower), then the median seconds of `latentpng --help` and `warmer --help`.
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


def first_paint(command: list[str], text: bytes, home: str) -> float:
    """Return the seconds from the start of the process until a text of its first screen is written.

    Raises:
        RuntimeError: The text is not written within 30 s.
    """
    with FakeTerminal(command, environment={"HOME": home, "PYTHONPATH": str(ROOT)}) as terminal:
        while text not in b"".join(data for _, data in terminal.log):
            terminal.read(0.005)
            if terminal.log and terminal.log[-1][0] > 30.0:
                raise RuntimeError(f"{command} did not write {text!r} within 30 s")
        return terminal.log[-1][0]


def help_seconds(module: str) -> float:
    """Return the seconds of a whole process that prints its help."""
    start = time.perf_counter()
    code = f"import sys; sys.argv = ['x', '--help']; from {module} import main; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    """Start both apps in turn and print the figures."""
    with tempfile.TemporaryDirectory() as home:
        baseline, warmer = [], []
        for run in range(RUNS + 1):
            pair = (
                first_paint([sys.executable, "-c", EMPTY], b"painted", home),
                first_paint([sys.executable, "-m", "tui"], b"by varying", home),
            )
            if run:  # the first pair warms the caches
                baseline.append(pair[0])
                warmer.append(pair[1])
        ratios = [one / other for one, other in zip(warmer, baseline, strict=True)]
        print(f"first paint, empty Textual app   {statistics.median(baseline):6.3f} s")
        print(f"first paint, warmer              {statistics.median(warmer):6.3f} s")
        print(f"ratio, median of {RUNS} rounds        {statistics.median(ratios):6.2f}   above 1, warmer is slower")
    for name, module in (("latentpng", "latentpng.cli"), ("warmer", "tui.cli")):
        print(f"{name} --help".ljust(33) + f"{statistics.median(help_seconds(module) for _ in range(RUNS)):6.3f} s")


if __name__ == "__main__":
    main()
