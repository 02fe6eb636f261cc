"""Measure the start screen with ten thousand pictures: first screen, filter, cursor, memory, bytes.

    python -m tests.benchmarks.tui_gallery [PICTURES]

The pictures are those of searches, 25 in each session.  `warmer` runs on a fake terminal, with a renderer that needs no
model, and draws half-cells.  It runs without pictures (the baseline), with all of them and an empty cache, and again
with a full cache.  For each run the benchmark prints the seconds from the start of the process to the first paint, from
the first paint to the first rows of the gallery and to the end of reading; the seconds from a key to the filtered list
and to the moved cursor, median and longest; the bytes of one move of the cursor; and the memory of the process.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.benchmarks.latentpng_many import fill
from tests.support.terminal.fake_terminal import FakeTerminal
from tests.support.tui.driving import PROMPT, make_app, running

ROOT = Path(__file__).parents[2]
PICTURES, IN_A_SESSION = 10_000, 25
KEYS = 20
DOWN, BACKSPACE, NO_MATCH = b"\x1b[B", b"\x7f", b"~"


async def one_session(folder: Path) -> None:
    """Leave one session on the disk, with a journal."""
    async with running(make_app(folder, *PROMPT)) as driver:
        await driver.until_done()


def fill_sessions(folder: Path, pictures: int) -> None:
    """Fill a folder with sessions; each has the journal of the first."""
    asyncio.run(one_session(folder))
    (first,) = (folder / "pictures").iterdir()
    files = fill(first, IN_A_SESSION)
    for number in range(1, pictures // IN_A_SESSION):
        session = folder / "pictures" / f"2026-01-01 a lighthouse {number}"
        session.mkdir()
        for file in [*files, str(first / "session.json")]:
            shutil.copyfile(file, session / Path(file).name)


def first_bytes(terminal: FakeTerminal, keys: bytes) -> tuple[float, int]:
    """Press keys; return the seconds until something is written, and the bytes written in the next 0.6 s."""
    start = time.monotonic()
    os.write(terminal.fd, keys)
    written = b""
    while not written:
        written = terminal.read(0.001)
    seconds = time.monotonic() - start
    return seconds, len(written + terminal.read(0.6))


def until(terminal: FakeTerminal, keys: bytes, text: bytes) -> float:
    """Press keys; return the seconds until a text is written, and let the screen settle."""
    start, written = time.monotonic(), b""
    os.write(terminal.fd, keys)
    while text not in written:
        written += terminal.read(0.002)
        if time.monotonic() - start > 30.0:
            raise RuntimeError(f"{text!r} was not written within 30 s: {written[-1000:]!r}")
    seconds = time.monotonic() - start
    terminal.settle()
    return seconds


def figures(name: str, seconds: list[float]) -> str:
    """Return the median and the longest of some times."""
    return f"{name} {statistics.median(seconds) * 1000:5.0f} ms, at most {max(seconds) * 1000:5.0f} ms"


def measure(name: str, folder: Path, home: str, rows: bytes) -> None:
    """Start `warmer`, press keys, and print the figures."""
    command = [sys.executable, "-m", "tests.support.terminal.fake_warmer", str(folder)]
    start = time.monotonic()
    with FakeTerminal(command, environment={"HOME": home, "PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read_until(b"by varying")
        paint = time.monotonic() - start
        written = terminal.read_until(rows)
        shown = time.monotonic() - start - paint
        while re.findall(rb"pictures(, [0-9,]+ still)?", written)[-1:] != [b""]:
            written += terminal.read(0.05)
        read = time.monotonic() - start - paint
        terminal.settle()
        print(f"{name}: first paint {paint:.2f} s, first rows {shown:.2f} s later, all read {read:.2f} s later")
        filtered = []
        for _ in range(KEYS):
            filtered += [until(terminal, NO_MATCH, b" match"), until(terminal, BACKSPACE, rows)]
        moved = [first_bytes(terminal, DOWN) for _ in range(KEYS)]
        memory = psutil.Process(terminal.pid).memory_info().rss / 2**20
        print(
            f"    {figures('key to filtered list', filtered)}; {figures('key to moved cursor', [s for s, _ in moved])}"
        )
        print(f"    one move writes {statistics.median(b for _, b in moved) / 1024:.1f} KiB; memory {memory:.0f} MiB")


def main() -> None:
    """Make the pictures, run three times and print the figures."""
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    with tempfile.TemporaryDirectory() as home:
        empty, full = Path(home) / "empty", Path(home) / "full"
        fill_sessions(empty, 1)
        fill_sessions(full, pictures)
        measure("one session", empty, home, b"search and")
        measure(f"{pictures:,} pictures, empty cache", full, home, b"searches and")
        measure(f"{pictures:,} pictures, full cache", full, home, b"searches and")


if __name__ == "__main__":
    main()
