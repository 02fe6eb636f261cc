"""A search that outgrows its journal says so, keeps the journal and goes on saving pictures; unnamed ones are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.open import open_prompt
from engine.options import Options
from engine.search import journal_limits
from engine.search.answers import Jumped, Picked
from engine.search.journal import read_journal, write_journal
from latentpng.png.files import read_record
from tests.support.engine.searching import Running, resumed

LIMITS = {
    "MAX_BYTES": "at most {} bytes are allowed",
    "MAX_VALUES": "at most {} values are allowed",
    "MAX_FILES": "at most {} files, found 4",
    "MAX_NODES": "1 to {} nodes, found 4",
    "MAX_WORK": "the tree has too many long branches",
}


def searched(folder: Path, prompt: str = "a lake") -> Running:
    """Begin a search, and pick three times."""
    running = Running(open_prompt(Options(seed=5), prompt), folder)
    running.finish()
    for _ in range(2):
        running.tell(Picked(marks=(1,)))
    running.tell(Jumped(node=0))
    return running


@pytest.mark.parametrize("name", LIMITS)
def test_a_search_that_outgrows_its_journal(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = searched(tmp_path / "s")
    running.search.stop()
    running.search.wait()
    data, before = (tmp_path / "s" / "session.json").read_bytes(), read_journal(tmp_path / "s")
    most = {
        "MAX_BYTES": len(data),
        "MAX_VALUES": sum(data.count(each) for each in (b",", b"[", b"{")),
        "MAX_FILES": len(before.files),
        "MAX_NODES": len(before.session.tree.nodes),
        "MAX_WORK": 5,
    }
    monkeypatch.setattr(journal_limits, name, most[name])
    assert read_journal(tmp_path / "s") == before, "what was written can be read"
    again = resumed(tmp_path / "s")
    again.finish()
    again.tell(Picked(marks=(2,)))
    again.close()
    assert again.troubles
    assert set(again.troubles) == {
        f"{tmp_path / 's'}: this search is too large for its journal ({LIMITS[name].format(most[name])}), which stays "
        "as it was; its pictures are still saved: open the last one by itself, and go on in a new search"
    }
    assert again.search.unsaved == f"{tmp_path / 's'}: the session could not be saved"
    assert before.files.items() <= read_journal(tmp_path / "s").files.items()
    file = again.search.file(again.search.session.place.node)
    assert file is not None
    assert read_record(file).lineage == again.search.session.lineage


def test_a_picture_that_the_journal_does_not_name_is_not_saved_twice(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    running = searched(folder)
    running.close()
    journal = read_journal(folder)
    last = max(journal.files, key=lambda key: journal.files[key])
    write_journal(replace(journal, files={key: file for key, file in journal.files.items() if key != last}))
    other = searched(folder, "a hill")  # the same seeds: only the settings tell its pictures
    other.close()
    assert other.search.session.tree == running.search.session.tree
    before = sorted(folder.glob("*.png"))
    again = resumed(folder)
    again.finish()
    again.tell(Jumped(node=2))
    again.close()
    assert sorted(folder.glob("*.png")) == before
    assert read_journal(folder).files == journal.files
