"""A damaged file of state never ends a start: a small part of the campaign `tests.campaigns.long_life`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engine.models.start_model import remember_start_model, start_model
from tests.campaigns.long_life.states import States
from tui.app.gallery.index import PictureIndex
from tui.app.gallery.rows import PictureRow


def test_only_our_errors_come_out_of_damaged_files_of_state(tmp_path: Path) -> None:
    states = States(tmp_path)
    for number in range(1, 40):
        assert states.attack(number, tmp_path).faults == ()


@pytest.mark.slow  # it starts the app
def test_the_app_starts_with_damaged_files_of_state(tmp_path: Path) -> None:
    states = States(tmp_path)
    for number in range(0, 160, 40):
        assert states.attack(number, tmp_path).faults == ()


@pytest.mark.parametrize("path", ["/" + "y" * 5000, "/\0", "/\ud800"])
def test_a_start_model_that_no_path_can_be_is_none(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    remember_start_model(path)
    assert start_model() == ""


def test_rows_of_other_kinds_in_the_index_are_left_out(tmp_path: Path) -> None:
    good = PictureRow.found("/a.png", 1, 2).read(prompt="p", model="m")
    with PictureIndex(tmp_path / "pictures.sqlite") as index:
        index.remember([good])
    with sqlite3.connect(tmp_path / "pictures.sqlite") as database:
        for values in ((b"\xff", 1, 2, "p", "m"), ("/b", "x", 2, "p", "m"), ("/c", 1, 2, None, "m")):
            database.execute("INSERT INTO pictures VALUES (?, ?, ?, ?, ?)", values)
    database.close()
    with PictureIndex(tmp_path / "pictures.sqlite") as index:
        assert index.known() == {"/a.png": good}
