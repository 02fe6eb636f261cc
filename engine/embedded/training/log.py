"""What a training run says while it goes: one line at a time on standard error, with the time since the start."""

from __future__ import annotations

import sys
import time

_START = time.monotonic()


def log(text: str) -> None:
    """Print a line."""
    seconds = int(time.monotonic() - _START)
    sys.stderr.write(f"{seconds // 60:4d}:{seconds % 60:02d}  {text}\n")
    sys.stderr.flush()
