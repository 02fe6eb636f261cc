"""Sessions of random keys on a pseudo-terminal end in a consistent state; tests/campaigns plays more of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from engine.search.journal import write_journal
from engine.search.sessions import read_session
from tests.support.engine.searching import Running
from tests.support.tui.consistency import problems_of

ROOT = Path(__file__).parents[3]
RANDOM_KEYS = ("14",)
"""The case of the attack on sessions in which keys without any sense are pressed."""


@pytest.mark.slow
def test_random_keys_end_in_a_consistent_state() -> None:
    program = [sys.executable, "-m", "tests.campaigns.sessions", *RANDOM_KEYS]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL)
    assert (done.stdout, done.returncode) == ("".join(f"{each} random keys: 0 faults\n" for each in RANDOM_KEYS), 0)


def left(folder: Path) -> None:
    """Leave a session of two picks."""
    running = Running(open_prompt(Options(), "a lake"), folder)
    running.finish()
    running.tell(Picked(marks=(0,)))
    running.tell(Picked(marks=(1,)))
    running.close()


def test_a_session_that_is_whole_has_no_problems(tmp_path: Path) -> None:
    left(tmp_path / "s")
    assert problems_of(tmp_path / "s") == []


def test_every_kind_of_damage_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    left(folder)
    first, second, third = sorted(folder.glob("*.png"))
    journal = read_session(folder)
    keys = {path.name: key for key, path in journal.files.items()}
    (folder / "leftover.tmp").touch()
    assert problems_of(folder)[0] == "it holds leftover.tmp"
    (folder / "leftover.tmp").unlink()

    write_journal(replace(journal, files={key: path for key, path in journal.files.items() if path != second}))
    assert problems_of(folder) == ["002-round1.png is not in the journal"]
    write_journal(replace(journal, files={**journal.files, keys[second.name]: first, keys[first.name]: second}))
    assert "001-round0.png carries a different picture than the one for which the journal names it" in problems_of(
        folder
    )
    write_journal(journal)
    third.unlink()
    assert "the journal names 003-round2.png, which does not exist" in problems_of(folder)
    (folder / "session.json").unlink()
    assert problems_of(folder) == [
        f"{folder}: this session cannot be continued: there is no session.json in its folder"
    ]
