"""The log of a training run: lines on standard error, each with the time since the start."""

from __future__ import annotations

import sys
import time

_START = time.monotonic()


def log(text: str) -> None:
    """Write a line to the log."""
    seconds = int(time.monotonic() - _START)
    sys.stderr.write(f"{seconds // 60:4d}:{seconds % 60:02d}  {text}\n")
    sys.stderr.flush()
