"""`kill -9` at random moments and at every line of atomic.py: the old picture or the new one, and nothing stays."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.campaigns.files.kills import Kills

KILLS, SIDE = 60, 96


@pytest.mark.slow
def test_a_killed_writer_loses_no_picture_and_leaves_nothing(tmp_path: Path) -> None:
    kills = Kills(tmp_path / "pictures", SIDE)
    found = Counter(kills.kill(Random(number)) for number in range(KILLS))
    pictures = {name for name, _ in found}
    assert pictures == {"old", "new"}  # kills came before the file was renamed, and after it
    assert any(left for _, left in found)  # and while the temporary file was there
