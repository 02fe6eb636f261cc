"""`kill -9` at random moments and at every line of atomic.py: the old picture or the new one, and nothing stays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import latentpng

KILLS, SIDE = 30, 96
REPORT = re.compile(
    r"(\w+) +(kills at random|lines of atomic\.py): (\d+), (\d+) times the old picture, (\d+) the new one, "
    r"(\d+) temporary files left and removed by the next run"
)


@pytest.mark.slow
def test_a_killed_writer_loses_no_picture_and_leaves_nothing() -> None:
    root = Path(latentpng.__file__).parents[1]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.files.kills", str(KILLS), str(SIDE)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    reports = [REPORT.fullmatch(line) for line in ran.stdout.splitlines()]
    assert None not in reports
    found = [report.groups() for report in reports if report is not None]
    names = ["save", "strip", "embed", "copy", "import", "save"]
    counts = [[int(count) for count in counts] for _, _, *counts in found]
    assert [name for name, *_ in found] == names
    assert [kind for _, kind, *_ in found] == [*["kills at random"] * 5, "lines of atomic.py"]
    assert all(old + new == count for count, old, new, _ in counts)
    assert [count for count, *_ in counts[:-1]] == [KILLS // 5] * 5
    _, old, new, left = counts[-1]  # before the file is renamed, and after it
    assert old > left > 0 < new
