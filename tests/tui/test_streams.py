"""`warmer` without some of its standard streams."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FULL = "warmer: standard output: it cannot be written (No space left on device)\n"
CLOSED = "warmer: standard output: it cannot be written (Bad file descriptor)\n"
NO_TERMINAL = "warmer: warmer needs a terminal; in scripts use `warmer new`, `vary`, `render` and `invert`\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--help >/dev/full", 9, FULL),
        ("--version >&-", 9, CLOSED),
        ("config >/dev/full", 9, FULL),
        ("config 2>&-", 0, ""),
        ("config 2>/dev/full", 0, ""),
        ("--no-such-option 2>/dev/full", 2, ""),
        ("<&-", 2, NO_TERMINAL),
        (">&-", 2, NO_TERMINAL),
        ("2>&-", 2, ""),
        ("<&- >&- 2>&-", 2, ""),
    ],
)
def test_streams_that_are_not_there(tmp_path: Path, words: str, code: int, message: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    shell = ["sh", "-c", f"exec '{sys.executable}' -m tui {words}"]
    ran = subprocess.run(
        shell,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert (ran.returncode, ran.stderr) == (code, message)
