"""What stands in the place of standard streams that are missing, full or not read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.latentpng.running import ENVIRONMENT

PROGRAM = """
import sys
from latentpng import streams
streams.prepare()
with open("precious", "w") as file, streams.results():
    file.write("precious")
    print("a message", file=sys.stderr)
    print("a result")
"""


def run(folder: Path, program: str, redirection: str) -> subprocess.CompletedProcess[str]:
    """Run a program of Python by a shell that closes or redirects some of its streams."""
    shell = ["sh", "-c", f"exec '{sys.executable}' -c \"$0\" {redirection}", program]
    return subprocess.run(shell, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_messages_may_be_lost_and_land_nowhere_else(tmp_path: Path, redirection: str) -> None:
    ran = run(tmp_path, PROGRAM, redirection)
    assert (ran.returncode, ran.stdout) == (0, "a result\n")
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize(
    ("redirection", "error"),
    [(">&-", "Bad file descriptor"), ("<&- >&-", "Bad file descriptor"), (">/dev/full", "No space left on device")],
)
def test_results_may_not_be_lost(tmp_path: Path, redirection: str, error: str) -> None:
    ran = run(tmp_path, PROGRAM, redirection)
    assert ran.returncode != 0
    assert f"latentpng.streams.OutputError: standard output: it cannot be written ({error})" in ran.stderr
    assert (tmp_path / "precious").read_text() == "precious"


def test_results_that_were_lost_without_anybody_minding_are_told_of_in_the_end(tmp_path: Path) -> None:
    program = PROGRAM.replace(
        '    print("a result")', "    try:\n        print('x' * 100000)\n    except OSError:\n        pass"
    )
    ran = run(tmp_path, program, ">/dev/full")
    assert "OutputError: standard output: it cannot be written (No space left on device)" in ran.stderr


def test_standard_input_that_is_missing_cannot_be_read(tmp_path: Path) -> None:
    ran = run(tmp_path, "import os; from latentpng import streams; streams.prepare(); os.read(0, 1)", "<&-")
    assert "OSError: [Errno 9] Bad file descriptor" in ran.stderr
