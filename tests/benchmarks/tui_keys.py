"""Time from a key press to the reaction on the screen, in every kind of terminal, here and over a slow connection.

    python -m tests.benchmarks.tui_keys [PRESSES]

`warmer` runs on a fake terminal and renders one long round with the embedded model on all cores, with previews; the
space key marks a picture and unmarks it again.  The connection carries 10 Mbit/s and has a round trip of 80 ms, and
nothing is held back: a reaction waits for everything that was written before it.  Its figures count what a person
notices beyond the round trip: when the reaction arrives, less the 80 ms that key and answer travel.

Then Tab flips between a candidate and its parent, at rest: until the words and the whole picture are there.

The benchmark prints the median, the 95th percentile and the longest time of each; there is no baseline.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.terminal.fake_terminal import FakeTerminal
from tests.support.terminal.linked_terminal import LOCAL, SSH, Link, LinkedTerminal

ROOT = Path(__file__).parents[2]
PRESSES = 40
STEPS = 900
"""Denoising steps of a picture: the most that the scheduler of the model takes is 957."""
SCREENS: dict[str, tuple[bytes, bool, bytes]] = {
    "quadrant": (b"\x1b[?62;22c", False, rb"(?s)(?:48;2;(?:(?!48;2;).)*){100}"),
    "kitty": (b"\x1b[?62;22c", True, rb"\x1b_Ga=p"),
    "sixel": (b"\x1b[?62;4;22c", False, rb"\x1bP0;1;0q[^\x1b]*\x1b\\"),
}
"""By protocol: the answer to DA1, whether kitty's questions are answered, and how a whole picture is written."""
MARKED, AT_REST = b"blend", b"press the number"


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


@contextmanager
def warmer(protocol: str, link: Link, *words: str) -> Iterator[LinkedTerminal]:
    """Run `warmer` on a prompt."""
    attributes, kitty, _ = SCREENS[protocol]
    command = [sys.executable, "-m", "tui", "--prompt", "a lake", "--seed", "7", "--graphics", protocol, *words]
    with (
        tempfile.TemporaryDirectory() as home,
        LinkedTerminal(
            command,
            link,
            device_attributes=attributes,
            kitty=kitty,
            environment={"HOME": home, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": home},
        ) as terminal,
    ):
        yield terminal


def while_rendering(protocol: str, link: Link, presses: int) -> list[float]:
    """Return the seconds of each press while previews come."""
    with warmer(protocol, link, "--steps", str(STEPS)) as terminal:
        terminal.read_until(b"about ", 120.0)
        terminal.read(6.0)
        terminal.press(b"\x1b[C", 1.0)
        found = []
        for _ in range(presses):
            found.append(terminal.reaction(b" ", MARKED))
            terminal.read(0.15)
            terminal.press(b" ", 0.3)
        return found


def flips(protocol: str, presses: int) -> list[float]:
    """Return the seconds of each flip at rest."""
    picture = SCREENS[protocol][2]
    with warmer(protocol, LOCAL) as terminal:
        terminal.read_until(AT_REST, 120.0)
        terminal.settle(1.0)
        terminal.press(b"\x1b[C", 1.0)
        found = []
        for number in range(presses):
            words = b"difference" if number % 2 == 0 else b"none better"
            found.append(terminal.reaction(b"\t", words, picture))
            terminal.read(0.4)
        return found


def figures(seconds: list[float]) -> str:
    """Return the figures of some times."""
    ordered = sorted(seconds)
    return (
        f"median {statistics.median(ordered):.3f} s, 95% within {ordered[int(0.95 * len(ordered)) - 1]:.3f} s, "
        f"at most {ordered[-1]:.3f} s"
    )


def main() -> None:
    """Start `warmer` in every kind of terminal, press the keys and print the figures."""
    presses = int(sys.argv[1]) if len(sys.argv) > 1 else PRESSES
    for protocol in SCREENS:
        for name, link in (("local", LOCAL), ("10 Mbit/s, 80 ms", SSH)):
            found = while_rendering(protocol, link, presses)
            print(f"{protocol:9} key to reaction while rendering, {name}: {figures(found)}", flush=True)
        print(f"{protocol:9} Tab to the other picture, local: {figures(flips(protocol, presses))}", flush=True)
    print(f"{presses} presses each; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
