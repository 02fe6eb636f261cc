"""Searches that share a folder: each has a journal and pictures of its own, and none loses what it picked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.open import open_prompt
from engine.options import Options
from engine.resume import open_journal
from engine.search.answers import Picked
from engine.search.folder import PictureFolder
from engine.search.journal import Journal, read_journal, write_journal
from engine.search.journal_files import JOURNAL_NAME, MAX_JOURNALS, journal_names, journals_in
from engine.search.sessions import SavedSession, read_session, saved_sessions
from latentpng.png.files import read_record
from tests.engine.search.sessions import session
from tests.engine.search.test_folder import made
from tests.support.engine.searching import Running


def begun(folder: Path, prompt: str = "a lake") -> Running:
    """Begin a session with a prompt, and wait for its first grid."""
    running = Running(open_prompt(Options(seed=5), prompt), folder)
    running.finish()
    return running


def continued(folder: Path, name: str = JOURNAL_NAME) -> Running:
    """Continue a session of a folder."""
    running = Running(open_journal(Options(), read_session(folder, name)), folder)
    running.finish()
    return running


def listed(tmp_path: Path) -> tuple[SavedSession, ...]:
    return saved_sessions(tmp_path / "none", tmp_path / "index.txt")


def test_a_new_search_in_the_folder_of_another_one_gets_a_journal_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    for prompt in ("a lake", "a hill", "a town"):
        running = begun(folder, prompt)
        running.tell(Picked(marks=(1,)))
        running.close()
        assert running.troubles == []
    assert journals_in(folder) == ("session.json", "session-2.json", "session-3.json")
    assert {(one.prompt, one.journal) for one in listed(tmp_path)} == {
        ("a lake", "session.json"),
        ("a hill", "session-2.json"),
        ("a town", "session-3.json"),
    }
    again = continued(folder, "session-2.json")
    assert (again.search.settings.prompt, len(again.search.lineage(0).rounds)) == ("a hill", 1)
    again.tell(Picked(marks=(0,)))
    again.close()
    assert [len(read_session(folder, name).session.lineage.rounds) for name in journals_in(folder)] == [1, 2, 1]


def test_a_session_that_is_continued_twice_at_once_loses_no_pick(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    begun(folder).close()
    first, second = continued(folder), continued(folder)
    for number in range(3):
        first.tell(Picked(marks=(number % 2,)))
        second.tell(Picked(marks=(2,)))
    first.close()
    second.close()
    found = [read_session(folder, name) for name in journals_in(folder)]
    lineages = [journal.session.lineage for journal in found]
    assert len(lineages) == 2, "which of the two keeps the journal that was there is a matter of chance"
    assert first.search.lineage(0) in lineages
    assert second.search.lineage(0) in lineages
    files = [path for journal in found for path in journal.files.values()]
    assert all(read_record(path) for path in files)
    assert len(set(files)) == 7, "they share the picture that both began with, and no other"


def test_a_session_that_is_only_looked_at_twice_stays_one(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    begun(folder).close()
    both = continued(folder), continued(folder)
    for running in both:
        running.close()
    assert journals_in(folder) == ("session.json",)


@pytest.mark.parametrize("kind", ["damaged", "folder", "pipe", "dangling"])
def test_what_is_in_the_place_of_a_journal_stays_there(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    file = folder / JOURNAL_NAME
    match kind:
        case "damaged":
            file.write_text("{")
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case _:
            file.symlink_to(tmp_path / "of somebody else")
    before = os.lstat(file)
    running = begun(folder)
    running.close()
    assert running.troubles == []
    assert os.lstat(file)[:7] == before[:7]
    assert not (tmp_path / "of somebody else").exists()
    assert [one.journal for one in listed(tmp_path)] == ["session-2.json"]


def test_a_journal_that_was_removed_is_written_again(tmp_path: Path) -> None:
    running = begun(tmp_path / "s")
    running.search.wait()
    running = continued(tmp_path / "s")
    (tmp_path / "s" / JOURNAL_NAME).unlink()
    running.tell(Picked(marks=(1,)))
    running.close()
    assert journals_in(tmp_path / "s") == ("session.json",)


def test_names_of_journals(tmp_path: Path) -> None:
    for name in ("session-10.json", "session-2.json", "session-02.json", "session.json.part", "Session.json"):
        (tmp_path / name).touch()
    assert journals_in(tmp_path) == ("session-2.json", "session-10.json")
    (tmp_path / "session.json").touch()
    assert write_journal(Journal(folder=tmp_path, session=session()), journal_names()) == "session-3.json"
    for number in range(1000):
        (tmp_path / f"session-{number}.json").touch()
    assert len(journals_in(tmp_path)) == MAX_JOURNALS
    assert journals_in(tmp_path / "session.json") == ()


@pytest.mark.parametrize("name", ["session.json", "session-2.json"])
def test_a_pipe_in_place_of_a_journal_does_not_stop_the_list(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "pictures" / "a session"
    folder.mkdir(parents=True)
    os.mkfifo(folder / name)
    assert saved_sessions(folder.parent, tmp_path / "none") == ()
    with pytest.raises(StoreError) as caught:
        read_journal(folder, name)
    assert str(caught.value) == (
        f"{folder}: this session cannot be continued: {name} cannot be read (it is a folder, a pipe or a device)"
    )


def test_a_pipe_in_place_of_the_index_does_not_stop_the_list(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "index.txt")
    assert listed(tmp_path) == ()


def test_two_programs_save_under_different_numbers(tmp_path: Path) -> None:
    folders = [PictureFolder(tmp_path) for _ in range(4)]
    saved = [folder.save(*made(10 * number + seed)) for seed in range(6) for number, folder in enumerate(folders)]
    for folder in folders:
        folder.close()
    assert len({future.result() for future in saved}) == len(saved) == len(list(tmp_path.iterdir()))
