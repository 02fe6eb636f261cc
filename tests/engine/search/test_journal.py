"""The journal of a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.search.answers import NoneBetter, Picked
from engine.search.journal import Journal, read_journal, write_journal
from engine.search.session import Mode, Session, begin, tell
from latentpng.record import Lineage, SeedRoot


def answered() -> Session:
    """Return a session in which something was picked and then nothing was better."""
    session = begin(Lineage(root=SeedRoot(seed=1)), seed=3, octaves=3, scale=0.7, count=8, mode=Mode.BISECT)
    return tell(tell(session, Picked(marks=(2,))), NoneBetter())


def written(folder: Path) -> Path:
    """Write the journal of a session whose first picture is in `folder`, and return its path."""
    picture = folder / "picture.png"
    picture.write_bytes(b"")
    write_journal(folder / "state" / "journal.json", Journal.of(answered(), picture, folder, saved_rounds=0))
    return folder / "state" / "journal.json"


def test_a_session_comes_back_from_its_journal(tmp_path: Path) -> None:
    later = answered()
    journal = read_journal(written(tmp_path))
    assert journal == Journal.of(later, tmp_path / "picture.png", tmp_path, saved_rounds=0)
    assert journal.rounds == later.lineage.rounds
    fresh = begin(later.lineage, seed=99, octaves=3, scale=0.1, count=8)
    resumed = journal.resume(fresh)
    assert (resumed.template, resumed.mode, resumed.seed) == (later.template, Mode.BISECT, 3)
    assert tell(resumed, NoneBetter()).template == tell(later, NoneBetter()).template


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"picture": 3}', '{"picture": "/gone.png"}', "\ud800"])
def test_a_damaged_journal_is_no_journal(tmp_path: Path, text: str) -> None:
    (tmp_path / "journal.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert read_journal(tmp_path / "journal.json") is None
    assert read_journal(tmp_path / "missing.json") is None


@pytest.mark.parametrize("entry", ["picture", "folder", "rounds", "template", "mode", "seed"])
@pytest.mark.parametrize("value", [None, 3.5, "no", [1], {"seed": "1"}])
def test_a_journal_with_a_wrong_entry_is_no_journal(tmp_path: Path, entry: str, value: object) -> None:
    path = written(tmp_path)
    entries = json.loads(path.read_text())
    path.write_text(json.dumps({**entries, entry: value}))
    found = read_journal(path)
    assert found is None or (entry, value) == ("folder", "no"), "any text may name a folder"
    del entries[entry]
    path.write_text(json.dumps(entries))
    assert read_journal(path) is None


def test_deep_nesting_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_text("[" * 100_000)
    assert read_journal(tmp_path / "journal.json") is None


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = Journal.of(answered(), tmp_path / "picture.png", tmp_path, saved_rounds=0)
    with pytest.raises(StoreError) as caught:
        write_journal(tmp_path / "file" / "journal.json", journal)
    assert str(caught.value) == f"{tmp_path}/file: the folder for the session's journal cannot be created: File exists"
    with pytest.raises(StoreError) as caught:
        write_journal(tmp_path, journal)
    assert str(caught.value) == f"the session's journal cannot be saved: {caught.value.__cause__}"
