"""Count the bytes that the app writes to a terminal, and time how long encoding one picture takes.

    python -m tests.benchmarks.terminal_bytes [PICTURE]

A demo shows a grid of 2 x 2 pictures, each in a box of 40 x 20 cells with 10 x 20 pixels a cell, on a fake terminal.
For each protocol the benchmark prints the KiB that each action writes, the previews of each cell in a second on a slow
connection, and milliseconds and KiB of a single frame; there is no baseline.  The actions do not count what an idle
terminal that is near gets later, all colours of a picture: that is the "best" frame.  Without a picture file the demo
shows drawings, which are smoother and so smaller than photographs.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from tests.support.terminal.fake_terminal import FakeTerminal
from tests.support.terminal.picture_demo import drawing, photograph
from tui.graphics.frame import Quality
from tui.graphics.frames import encoder_for
from tui.graphics.geometry import Box
from tui.graphics.images import to_image
from tui.graphics.terminal.capabilities import PROTOCOLS, Protocol, Terminal

BOX = Box(columns=40, rows=20, cell_width=10, cell_height=20)
CELLS: tuple[Protocol, ...] = ("octant", "sextant", "quadrant", "halfcell")
PICTURE: dict[Protocol, bytes] = {"sixel": b"\x1bP0;1;0q", "kitty": b"\x1b_Ga=t,"}
PICTURE |= dict.fromkeys(CELLS, b"48;2;[0-9;]*m")
"""How a picture begins in what is written, or each run of its cells."""
FOUR: dict[Protocol, int] = {"sixel": 4, "kitty": 4, **dict.fromkeys(CELLS, 400)}
"""How often PICTURE is written for four pictures, at least."""


@contextmanager
def demo(protocol: Protocol, path: str, delay: float = 0.0) -> Iterator[FakeTerminal]:
    """Run the demo until its four pictures are shown.

    Args:
        protocol: How it sends pictures.
        path: A picture file; "" for drawings.
        delay: Seconds until the terminal answers a question, as on a slow connection.
    """
    command = [
        sys.executable,
        "-m",
        "tests.support.terminal.picture_demo",
        protocol,
        "2",
        "coarse",
        *filter(None, [path]),
    ]
    attributes = b"\x1b[?62;4;22c" if protocol == "sixel" else b"\x1b[?62;22c"
    with FakeTerminal(
        command, rows=43, columns=81, device_attributes=attributes, kitty=protocol == "kitty", delay=delay
    ) as terminal:
        terminal.read_until(PICTURE[protocol], times=FOUR[protocol])
        terminal.settle(1.0)
        yield terminal


def actions(protocol: Protocol, path: str) -> dict[str, int]:
    """Return the bytes that each action writes."""
    with demo(protocol, path) as terminal:

        def written(key: bytes, pattern: bytes, times: int = 1) -> int:
            os.write(terminal.fd, key)
            return len(terminal.read_until(pattern, times=times) + terminal.settle(1.0))

        return {
            "four new pictures": written(b"a", PICTURE[protocol], FOUR[protocol]),
            "one new picture": written(b"u", PICTURE[protocol]),
            "moving the selection": written(b"f", b" 2"),
            "opening a screen": written(b"m", b"an opaque screen"),
            "closing it": written(b"\x1b", b" 10x20"),
        }


def previews_per_second(protocol: Protocol, path: str, seconds: float = 4.0) -> tuple[float, float]:
    """Return the previews of each cell and the KiB in a second, when four cells want four previews a second each."""
    with demo(protocol, path, delay=0.08) as terminal:
        terminal.press(b"p", 1.0)
        written = terminal.read(seconds)
        batches = len(re.findall(rb"\x1b\[6n", written))
        return batches / seconds, len(written) / 1024 / seconds


def encoding(protocol: Protocol, path: str) -> dict[str, tuple[float, int]]:
    """Return quality -> milliseconds and bytes of one frame."""
    found: dict[str, tuple[float, int]] = {}
    encode = encoder_for(Terminal(protocol=protocol))
    for quality in get_args(Quality):
        picture = photograph(Path(path), 1, 1) if path else drawing(1, 1)
        image = to_image(picture)
        start = time.perf_counter()
        for _ in range(5):
            size = encode(image, BOX, quality).size
        found[quality] = ((time.perf_counter() - start) / 5 * 1000, size)
    return found


def main() -> None:
    """Measure every protocol and print the figures."""
    path = sys.argv[1] if sys.argv[1:] else ""
    for protocol in PROTOCOLS:
        counted = ", ".join(f"{name} {size / 1024:.1f}" for name, size in actions(protocol, path).items())
        print(f"{protocol}: KiB written by each action: {counted}")
        rate, kib = previews_per_second(protocol, path)
        print(f"{protocol}: previews shown: {rate:.1f} of 4 a second in each of 4 cells, {kib:.0f} KiB/s")
        for quality, (milliseconds, size) in encoding(protocol, path).items():
            print(f"{protocol}: encoding one {quality} frame: {milliseconds:.0f} ms, {size / 1024:.1f} KiB")


if __name__ == "__main__":
    main()
