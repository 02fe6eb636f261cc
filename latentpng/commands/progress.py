"""How far a command over many files is: one line on a terminal's standard error, gone when the command is done.

Machines see nothing of it: there is no line unless standard error is a terminal.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

_PATIENCE = 0.3  # seconds before the first line
_LONGER_PATIENCE = 1.0  # the same where the results themselves scroll by
_INTERVAL = 0.1
_WIDTH = 20

_lines: list[str] = []  # the line that stands on the terminal, if any


class Progress:
    """Counts files, and now and then draws how many there are."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._stream = _terminal(sys.stderr)
        self._start = self._last = time.monotonic()
        self._patience = _LONGER_PATIENCE if _terminal(sys.stdout) else _PATIENCE

    def step(self) -> bool:
        """One file more is done; True each tenth of a second, when waiting results should be let out too."""
        self._done += 1
        now = time.monotonic()
        if now - self._last < _INTERVAL:
            return False
        self._last = now
        if self._stream is not None and now - self._start >= self._patience:
            _draw(self._stream, progress_text(self._done, self._total, now - self._start))
        return True


def clear() -> None:
    """Take the line off the terminal, before another is written there."""
    if _lines and sys.stderr is not None:
        sys.stderr.write(f"\r{' ' * len(_lines.pop())}\r")
        sys.stderr.flush()


def progress_text(done: int, total: int, seconds: float) -> str:
    """A bar, how many of how many, and how many a second."""
    bar = "=" * (_WIDTH * done // total)
    rate = done / seconds
    return f"[{bar:{_WIDTH}}] {done:,} of {total:,} files, {rate:,.{0 if rate >= 10 else 1}f} a second"


def _draw(stream: TextIO, line: str) -> None:
    clear()
    stream.write(line)
    stream.flush()
    _lines.append(line)


def _terminal(stream: TextIO | None) -> TextIO | None:
    return stream if stream is not None and stream.isatty() else None
