"""A progress bar for commands that read many files: one line on standard error, erased when the command ends.

There is no bar unless standard error is a terminal.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

_DELAY = 0.3  # seconds before the bar appears
_DELAY_AMONG_RESULTS = 1.0  # the same where results scroll by on the terminal
_INTERVAL = 0.1  # seconds between two updates
_WIDTH = 20  # of the bar, in characters

_lines: list[str] = []  # the line that the terminal shows now, if any


class Progress:
    """A counter of files that draws the bar now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._stream = _terminal(sys.stderr)
        self._start = self._last = time.monotonic()
        self._delay = _DELAY_AMONG_RESULTS if _terminal(sys.stdout) else _DELAY

    def step(self) -> bool:
        """Count one file.

        Returns:
            True ten times a second, when buffered results should be flushed too.
        """
        self._done += 1
        now = time.monotonic()
        if now - self._last < _INTERVAL:
            return False
        self._last = now
        if self._stream is not None and now - self._start >= self._delay:
            _draw(self._stream, progress_text(self._done, self._total, now - self._start))
        return True


def clear() -> None:
    """Erase the bar before something else is written to the terminal."""
    if _lines:
        sys.stderr.write(f"\r{' ' * len(_lines.pop())}\r")
        sys.stderr.flush()


def progress_text(done: int, total: int, seconds: float) -> str:
    """Return the bar, the count and the rate: "[=====     ] 25 of 50 files, 12 a second"."""
    bar = "=" * (_WIDTH * done // total)
    rate = done / seconds
    return f"[{bar:{_WIDTH}}] {done:,} of {total:,} files, {rate:,.{0 if rate >= 10 else 1}f} a second"


def _draw(stream: TextIO, line: str) -> None:
    clear()
    stream.write(line)
    stream.flush()
    _lines.append(line)


def _terminal(stream: TextIO) -> TextIO | None:
    """Return the stream if it is a terminal."""
    return stream if stream.isatty() else None
