"""Output of the campaigns."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Write a line to standard output at once, so that a long run can be watched."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
