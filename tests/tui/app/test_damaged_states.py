"""A damaged file of state never ends a start: a small part of the campaign `tests.campaigns.long_life`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from engine.models.start_model import remember_start_model, start_model
from tests.campaigns.long_life.states import States
from tests.support.tui.driving import make_app, running
from tui.app.gallery.index import PictureIndex
from tui.app.gallery.rows import PictureRow
from tui.app.state_files import set_aside_damaged


def test_only_our_errors_come_out_of_damaged_files_of_state(tmp_path: Path) -> None:
    states = States(tmp_path)
    for number in range(1, 40):
        assert states.attack(number, tmp_path).faults == ()


@pytest.mark.slow  # it starts the app
def test_the_app_starts_with_damaged_files_of_state(tmp_path: Path) -> None:
    states = States(tmp_path)
    for number in range(0, 160, 40):
        assert states.attack(number, tmp_path).faults == ()


def damage(file: Path, kind: str) -> None:
    """Put something in the place of a file that is none of its contents."""
    match kind:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case _:
            file.write_text(kind)


@pytest.mark.parametrize("kind", ['{"a": 1e999', "[" * 100_000, "\x00", "null", "9" * 9999, "folder", "pipe"])
def test_damaged_files_of_state_are_set_aside_and_said_once(tmp_path: Path, kind: str) -> None:
    damage(tmp_path / "prompts.json", kind)
    (tmp_path / "theme.json").write_text('{"chosen": 1e999}')
    before = os.lstat(tmp_path / "prompts.json")[:4]
    assert set_aside_damaged(tmp_path) == (
        f"{tmp_path}/prompts.json was damaged; it is now called prompts.json.damaged, and warmer begins a new one",
    )
    assert os.lstat(tmp_path / "prompts.json.damaged")[:4] == before
    assert set_aside_damaged(tmp_path) == ()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["prompts.json.damaged", "theme.json"]


async def test_the_app_says_that_a_damaged_file_was_set_aside(tmp_path: Path) -> None:
    (tmp_path / "prompts.json").write_text("{")
    async with running(make_app(tmp_path), size=(200, 40)) as driver:
        await driver.until(lambda: "it is now called prompts.json.damaged" in driver.text())
    async with running(make_app(tmp_path), size=(200, 40)) as driver:
        await driver.until(lambda: driver.app.stage.start is not None)
        assert "damaged" not in driver.text()


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
