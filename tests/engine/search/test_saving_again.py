"""Folders that programs share or that are full: names that nobody shares, and pictures that are saved when they fit."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from engine.search.folder import PictureFolder, session_folders
from engine.search.sessions import read_session
from engine.search.store import Finished, PictureStore
from latentpng.identity import picture_keys
from latentpng.png.abandoned import temporary_name
from latentpng.png.files import read_record, write_picture
from tests.engine.search.test_folder import made
from tests.support.engine.searching import Running
from tests.support.tui.consistency import problems_of

DAY = date(2026, 11, 22)


class FullDisk:
    """A disk that is full until there is room: no file can be flushed to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._flush)

    def _flush(self, descriptor: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._fsync(descriptor)


def begun(folder: Path) -> Running:
    """Begin a session, and wait for its first grid."""
    running = Running(open_prompt(Options(seed=5), "a lake"), folder)
    running.finish()
    return running


def test_sessions_with_the_same_prompt_get_folders_of_their_own(tmp_path: Path) -> None:
    folders = [PictureFolder.new(session_folders(tmp_path, "a lake", DAY)) for _ in range(3)]
    assert len({folder.folder for folder in folders}) == 1
    files = [folder.save(*made(number)) for number, folder in enumerate(folders)]
    for folder in folders:
        folder.close()
    assert sorted(str(file.result().relative_to(tmp_path)) for file in files) == [
        "2026-11-22 a lake 2/001-round0.png",
        "2026-11-22 a lake 3/001-round0.png",
        "2026-11-22 a lake/001-round0.png",
    ]


def test_a_session_with_a_new_folder_has_its_journal_there(tmp_path: Path) -> None:
    folder = PictureFolder.new(session_folders(tmp_path / "all", "a lake", DAY))
    running = Running(open_prompt(Options(seed=5), "a lake"), folder)
    (tmp_path / "all" / "2026-11-22 a lake").mkdir(parents=True)
    running.finish()
    running.tell(Picked(marks=(1,)))
    running.finish()
    running.close()
    assert running.troubles == []
    assert folder.folder == tmp_path / "all" / "2026-11-22 a lake 2"
    assert list((tmp_path / "all" / "2026-11-22 a lake").iterdir()) == []
    assert problems_of(folder.folder) == []
    assert set(read_session(folder.folder).files.values()) == set(folder.folder.glob("*.png"))


def test_a_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[object] = []
    list_folder = os.listdir

    def noted(path: Path) -> list[str]:
        listed.append(path)
        return list_folder(path)

    monkeypatch.setattr(os, "listdir", noted)
    folder = PictureFolder(tmp_path)
    for number in range(20):
        folder.save(*made(number))
    folder.close()
    assert len(list(tmp_path.iterdir())) == 20
    assert len(listed) <= 4, "what was abandoned, and the numbers; never for each picture"


def test_a_recovered_picture_is_not_saved_twice(tmp_path: Path) -> None:
    picture, record = made(1)
    whole = tmp_path / "whole.png"
    write_picture(whole, picture.width, picture.height, picture.rgb, record)
    folder = tmp_path / "s"
    folder.mkdir()
    shutil.move(whole, folder / temporary_name("007-round0.png"))
    told: list[str] = []
    saving = PictureFolder(folder, tell=told.append)
    again, other = saving.save(picture, record), saving.save(*made(2))
    saving.close()
    assert (again.result().name, other.result().name) == ("007-round0.png", "008-round0.png")
    assert told == [f"{folder}: a program was ended while it saved here; this was whole and is kept: 007-round0.png"]
    assert sorted(path.name for path in folder.iterdir()) == ["007-round0.png", "008-round0.png"]


def test_what_did_not_fit_on_the_disk_is_saved_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch)
    running = begun(tmp_path / "s")
    disk.is_full = True
    for mark in (1, 0, 2):
        running.tell(Picked(marks=(mark,)))
        running.finish()
    running.until(lambda: bool(running.troubles))
    disk.is_full = False
    running.close()
    assert running.search.unsaved == ""
    journal = read_session(tmp_path / "s")
    assert len(journal.session.lineage.rounds) == 3
    assert problems_of(tmp_path / "s") == []
    assert {len(read_record(path).lineage.rounds) for path in journal.files.values()} >= {1, 2, 3}


def test_what_did_not_fit_is_saved_with_the_next_pick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch)
    troubles: list[str] = []
    told: list[str] = []
    folder = PictureFolder(tmp_path / "s", tell=told.append)
    saved: list[bool] = []
    store = PictureStore(folder, on_trouble=troubles.append, on_saved=lambda: saved.append(True))
    keys = []
    for seed in (1, 2):
        picture, record = made(seed)
        keys.append(picture_keys(record.lineage)[-1])
        store.add(keys[-1], Finished(picture=picture, record=record), protected=())
    disk.is_full = True
    store.save(keys[0])
    assert store.files[keys[0]].exception() is not None
    assert (store.unsaved, saved) == (1, [])
    reason = "pictures cannot be saved in this folder: No space left on device"
    assert troubles == [f"{tmp_path / 's'}: {reason}; it stays in memory and is tried again with the next save"]
    disk.is_full = False
    store.save_again()
    store.save(keys[1])
    store.close()
    assert len(saved) == 2
    assert (store.unsaved, told) == (0, ["the pictures that could not be saved before are saved now"])
    assert len(list((tmp_path / "s").iterdir())) == 2


def test_what_cannot_be_saved_at_all_is_told_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = begun(tmp_path / "s")
    disk = FullDisk(monkeypatch)
    disk.is_full = True
    running.tell(Picked(marks=(1,)))
    running.finish()
    running.close()
    assert running.search.unsaved.startswith(f"{tmp_path / 's'}: ")
    assert running.search.unsaved.endswith(" of this search could not be saved")
