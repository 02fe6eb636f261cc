"""The list of sessions: those in the folder of all sessions, and those that an index names."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.search import sessions
from engine.search.answers import Picked
from engine.search.journal import Journal, write_journal
from engine.search.journal_files import JOURNAL_NAME
from engine.search.session import tell
from engine.search.sessions import (
    MAX_INDEXED,
    SavedSession,
    indexed_folders,
    read_session,
    register,
    saved_sessions,
)
from latentpng.png.atomic import write_atomically
from tests.engine.search.sessions import session


def saved(folder: Path, changed: float, prompt: str = "a lake") -> Path:
    """Save a session with one picture, as if it was changed at a time."""
    current = tell(session(), Picked(marks=(1,)))
    files = {current.node.key: folder / "001-round1.png"}
    write_journal(Journal(folder=folder, session=current, prompt=prompt, model="a model", files=files))
    (folder / "001-round1.png").write_bytes(b"")
    os.utime(folder / JOURNAL_NAME, (changed, changed))
    return folder


def test_sessions_are_listed_the_one_that_was_changed_last_first(tmp_path: Path) -> None:
    root, index = tmp_path / "root", tmp_path / "state" / "index.txt"
    old, new = saved(root / "old", 100.0), saved(root / "new", 300.0, prompt="a [bold]hill\x1b")
    elsewhere = saved(tmp_path / "out", 200.0)
    for folder in (elsewhere, new, tmp_path / "gone"):
        register(index, folder)
    (root / "pictures only").mkdir()
    (root / "a file").write_bytes(b"")
    (old / "001-round1.png").unlink()
    found = saved_sessions(root, index)
    assert [(one.folder, one.changed) for one in found] == [(new, 300.0), (elsewhere, 200.0), (old, 100.0)]
    assert found[0] == SavedSession(
        folder=new,
        prompt="a [bold]hill\x1b",
        model="a model",
        changed=300.0,
        pictures=1,
        cover=new / "001-round1.png",
    )
    assert found[2].cover is None
    assert read_session(new).prompt == "a [bold]hill\x1b"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"warmer_session":1}', '{"warmer_session":9,"prompt":"",\n}', "\xff"]
)
def test_a_folder_with_a_damaged_journal_is_no_session(tmp_path: Path, text: str) -> None:
    folder = saved(tmp_path / "root" / "one", 1.0)
    (folder / JOURNAL_NAME).write_bytes(text.encode("latin-1"))
    assert saved_sessions(tmp_path / "root", tmp_path / "index.txt") == ()
    with pytest.raises(StoreError):
        read_session(folder)


def test_there_may_be_no_sessions(tmp_path: Path) -> None:
    assert saved_sessions(tmp_path / "none", tmp_path / "none.txt") == ()


def test_a_session_is_listed_once(tmp_path: Path) -> None:
    folder = saved(tmp_path / "root" / "one", 1.0)
    (tmp_path / "link").symlink_to(folder)
    for known in (folder, tmp_path / "link", folder):
        register(tmp_path / "index.txt", known)
    assert len(saved_sessions(tmp_path / "root", tmp_path / "index.txt")) == 1


def test_the_index_keeps_what_programs_add_and_forgets_what_is_no_line_of_it(tmp_path: Path) -> None:
    index = tmp_path / "index.txt"
    index.write_text('{"picture": "/old/journal.png",\n "folder": "/old"}\n"relative"\n"/a"\n[\n"/b\\u0000"\n3\n')
    register(index, Path("/ö\udce9"))
    register(index, Path("/a"))
    register(index, Path("/a"))
    assert indexed_folders(index) == (Path("/a"), Path("/ö\udce9"))
    assert index.read_text().count('"/a"') == 2, "the newest is not added again"


def test_the_index_stays_small(tmp_path: Path) -> None:
    index = tmp_path / "index.txt"
    folders = [f"/{number:04d}/{'x' * 300}" for number in range(MAX_INDEXED + 200)]
    index.write_text("".join(f'"{folder}"\n' for folder in folders))
    before = index.stat().st_size
    register(index, Path("/new"))
    found = indexed_folders(index)
    assert [str(folder) for folder in found] == ["/new", *reversed(folders[201:])]
    assert index.stat().st_size < before


def test_what_another_program_adds_while_the_index_is_written_anew_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index.txt"
    index.write_text("".join(f'"/{number:04d}/{"x" * 300}"\n' for number in range(MAX_INDEXED)))
    other = threading.Thread(target=register, args=(index, Path("/other")))

    def write(path: Path, parts: Iterable[bytes]) -> None:
        monkeypatch.undo()
        other.start()
        other.join(0.05)  # it waits for the lock; without one it would have ended by now
        write_atomically(path, parts)

    monkeypatch.setattr(sessions, "write_atomically", write)
    register(index, Path("/new"))
    other.join()
    assert indexed_folders(index)[:2] == (Path("/other"), Path("/new"))


def test_a_line_of_the_index_that_was_cut_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    index = tmp_path / "index.txt"
    index.write_text('"/a"\n"/hal')
    register(index, Path("/new"))
    assert indexed_folders(index) == (Path("/new"), Path("/a"))
