"""Sessions of random keys on a pseudo-terminal end in a consistent state; tests/campaigns plays more of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from engine.search.journal import Journal, write_journal
from engine.search.journal_json import session_to_json
from engine.search.sessions import read_session
from tests.support.engine.searching import Running
from tests.support.tui.consistency import problems_of
from tests.support.tui.random_keys import play


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 18, 42])
def test_random_keys_end_in_a_consistent_state(tmp_path: Path, seed: int) -> None:
    assert play(tmp_path, seed, presses=120) == []


def left(folder: Path) -> None:
    """Leave a session of two picks."""
    running = Running(open_prompt(Options(), "a lake"), folder)
    running.finish()
    running.tell(Picked(marks=(0,)))
    running.tell(Picked(marks=(1,)))
    running.close()


def live_of(journal: Journal, folder: Path) -> Path:
    """Write a session as a program notes it when it ends."""
    file = folder / "live.json"
    file.write_text(json.dumps(session_to_json(journal.session)), "ascii")
    return file


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
    write_journal(replace(journal, session=replace(journal.session, past=())))
    assert problems_of(folder, live_of(journal, tmp_path))[0] == (
        "the journal holds a different session than the program had in memory when it ended"
    )
    write_journal(journal)
    third.unlink()
    assert "the journal names 003-round2.png, which does not exist" in problems_of(folder)
    (folder / "session.json").unlink()
    assert problems_of(folder) == [
        f"{folder}: this session cannot be continued: there is no session.json in its folder"
    ]
