"""The gallery without a screen: rows, words, the index, thumbnails."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from latentpng.errors import FileError
from tests.support.tui.scripting import warmer
from tui.app.gallery.index import PictureIndex
from tui.app.gallery.list import scrolled
from tui.app.gallery.reading import read_contents
from tui.app.gallery.rows import Contents, ExampleRow, PictureRow, SessionRow, rows_for
from tui.app.gallery.thumbnails import Thumbnails, large_picture, trim
from tui.app.gallery.words import count_words, day_words, details_of, hint, preview_words, title_of
from tui.graphics.images import THUMBNAIL_SIDE

NOW = datetime(2026, 3, 5, 14, 5)


def session(name: str, prompt: str, *, model: str = "", pictures: int = 2, is_last: bool = False) -> SessionRow:
    return SessionRow(
        folder=Path("/pictures") / name,
        prompt=prompt,
        model=model,
        changed=NOW.timestamp(),
        pictures=pictures,
        cover=None,
        is_last=is_last,
    )


def picture(path: str, prompt: str, model: str = "") -> PictureRow:
    return PictureRow.found(path, int(NOW.timestamp() * 1e9), 10).read(prompt=prompt, model=model)


CONTENTS = Contents(
    sessions=(session("a", "A red Sun", is_last=True), session("b", "the sea", model="ponyMix")),
    pictures=(picture("/pictures/a/1.png", "A red Sun"), picture("/pictures/b/2.png", "the sea", "ponyMix")),
    is_listed=True,
)


def test_everything_is_listed_in_order() -> None:
    rows = rows_for(CONTENTS, ("a lake",), "")
    assert rows == (*CONTENTS.sessions, *CONTENTS.pictures, ExampleRow(prompt="a lake"))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("SUN red", ["a", "1.png"]),
        ("pony", ["b", "2.png"]),
        ("sea pony", ["b", "2.png"]),
        ("2.png", ["2.png"]),
        ("sea sun", []),
        ("  ", ["a", "b", "1.png", "2.png"]),
    ],
)
def test_every_word_has_to_be_found_in_prompt_model_or_name(typed: str, found: list[str]) -> None:
    rows = rows_for(CONTENTS, (), typed)
    assert [row.folder.name if isinstance(row, SessionRow) else row.path[-5:] for row in rows if row] == found  # type: ignore[union-attr]


def test_the_pictures_of_one_search_are_those_in_its_folder() -> None:
    contents = Contents(pictures=(*CONTENTS.pictures, picture("/pictures/ab/3.png", "A red Sun")), is_listed=True)
    assert rows_for(contents, ("a lake",), "", Path("/pictures/a")) == CONTENTS.pictures[:1]
    assert rows_for(contents, ("a lake",), "sea", Path("/pictures/a")) == ()


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (datetime(2026, 3, 5, 9, 5), "today 9:05"),
        (datetime(2026, 3, 4, 23, 59), "yesterday 23:59"),
        (datetime(2026, 3, 2, 9, 5), "Monday 9:05"),
        (datetime(2026, 2, 26, 9, 5), "2026-02-26"),
        (datetime(2026, 3, 6, 0, 0), "2026-03-06"),
    ],
)
def test_days_are_named_as_people_name_them(then: datetime, words: str) -> None:
    assert day_words(then.timestamp(), NOW) == words


def test_a_time_that_is_none_is_said() -> None:
    assert day_words(1e300, NOW) == "no date"


def test_rows_say_what_they_are() -> None:
    last, other = CONTENTS.sessions
    assert (title_of(last), details_of(last, NOW)) == ("A red Sun", "last search · today 14:05 · 2 pictures")
    assert details_of(other, NOW) == "search · today 14:05 · 2 pictures · ponyMix"
    assert details_of(session("c", "", pictures=1), NOW) == "search · today 14:05 · 1 picture"
    assert title_of(session("2026-01-02 a\x1b[31m", "")) == "2026-01-02 a[31m"
    assert details_of(CONTENTS.pictures[1], NOW) == "picture · today 14:05 · ponyMix"
    assert title_of(PictureRow.found("/a/b\x07.png", 0, 0)) == "b.png"
    assert preview_words(CONTENTS.pictures[1]) == "the sea\n2.png in b"
    assert preview_words(last) == "A red Sun\nin a"
    assert preview_words(ExampleRow(prompt="a lake")) == "a lake"


@pytest.mark.parametrize(
    ("contents", "shown", "typed", "folder", "words"),
    [
        (Contents(), 0, "", None, "looking for earlier searches"),
        (Contents(is_listed=True), 0, "", None, "nothing was saved yet; try an example"),
        (Contents(is_listed=True), 0, "sea", None, "nothing was saved yet"),
        (CONTENTS, 4, "", None, "2 searches and 2 pictures"),
        (Contents(pictures=CONTENTS.pictures[:1], unread=1, is_listed=True), 1, "", None,
         "1 picture, 1 still to be read"),
        (CONTENTS, 2, "sea", None, "2 of 4 searches and pictures match"),
        (CONTENTS, 0, "moon", None, "0 of 4 searches and pictures match"),
        (CONTENTS, 1, "", Path("/pictures/a\x07"), "1 picture of a"),
    ],
)  # fmt: skip
def test_the_line_above_the_list(contents: Contents, shown: int, typed: str, folder: Path | None, words: str) -> None:
    assert count_words(contents, shown, typed, folder) == words


def test_the_status_line_says_what_enter_does() -> None:
    last, picture_row, example = CONTENTS.sessions[0], CONTENTS.pictures[0], ExampleRow(prompt="a lake")
    assert hint(last, "", None, in_list=False, can_resume=True) == (
        "Enter resumes the last search; type to start a new one, or to filter"
    )
    assert hint(None, "", None, in_list=False, can_resume=False) == ""
    assert hint(last, "sun", None, in_list=False, can_resume=True) == (
        "Enter starts a new search with this prompt; ↓ goes to what matches"
    )
    assert hint(None, "sun", None, in_list=False, can_resume=True) == "Enter starts a new search with this prompt"
    assert hint(last, "", None, in_list=True, can_resume=True) == (
        "Enter resumes this search where it was left; → shows its pictures"
    )
    assert hint(picture_row, "", None, in_list=True, can_resume=True) == "Enter goes on from this picture"
    assert hint(picture_row, "", Path("/a"), in_list=True, can_resume=True) == (
        "Enter goes on from this picture; ← goes back to all"
    )
    assert hint(example, "", None, in_list=True, can_resume=True) == "Enter starts a new search with this prompt"
    assert hint(None, "", None, in_list=True, can_resume=True) == ""


@pytest.mark.parametrize(
    ("top", "cursor", "places", "rows", "after"),
    [
        (0, 3, 4, 100, 0),
        (0, 4, 4, 100, 2),
        (50, 49, 4, 100, 48),
        (0, 99, 4, 100, 96),
        (0, 0, 4, 2, 0),
        (90, 3, 4, 5, 1),
    ],
)
def test_the_window_moves_by_half_of_its_height(top: int, cursor: int, places: int, rows: int, after: int) -> None:
    assert scrolled(top, cursor, places, rows) == after
    assert rows <= places or after <= cursor < after + places


def read(root: Path, cache: Path) -> Contents:
    """Read everything, and return what was reported last."""
    reported: list[Contents] = []
    read_contents((), root, cache / "index.sqlite", reported.append, lambda: False)
    assert all(each.is_listed for each in reported)
    return reported[-1]


def test_pictures_are_read_once_and_again_when_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pictures" / "a" / "1.png"
    file.parent.mkdir(parents=True)
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", file)
    (file.parent / "plain.jpg").write_bytes(b"no picture")
    (file.parent / "notes.txt").write_text("no picture either")
    first = read(tmp_path / "pictures", tmp_path)
    assert {(Path(row.path).name, row.prompt, row.model) for row in first.pictures} == {
        ("1.png", "a lake", "embedded"),
        ("plain.jpg", "", ""),
    }
    assert first.unread == 0

    def fails(path: str) -> None:
        raise AssertionError(f"{path} is read again")

    with monkeypatch.context() as patch:
        patch.setattr("latentpng.reports.look.look", fails)
        assert read(tmp_path / "pictures", tmp_path) == first
    warmer("new", "--prompt", "a meadow", "--seed", 7, "--out", file, "--force")
    (file.parent / "plain.jpg").unlink()
    assert [row.prompt for row in read(tmp_path / "pictures", tmp_path).pictures] == ["a meadow"]
    with PictureIndex(tmp_path / "index.sqlite") as index:
        assert list(index.known()) == [str(file)]


def test_reading_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    reported: list[Contents] = []
    read_contents((), tmp_path, tmp_path / "index.sqlite", reported.append, lambda: True)
    assert [each.unread for each in reported] == [1]


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_an_index_that_is_damaged_begins_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(content)
    row = picture("/a/1.png", "a lake", "embedded")
    with PictureIndex(path) as index:
        index.remember([row])
    with PictureIndex(path) as index:
        assert index.known() == {row.path: row}


def test_an_index_of_an_older_version_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE pictures (name TEXT)")
    database.close()
    with PictureIndex(path) as index:
        assert index.known() == {}
        index.remember([picture("/a/1.png", "a lake")])
        assert list(index.known()) == ["/a/1.png"]


def test_an_index_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with PictureIndex(tmp_path / "file" / "index.sqlite") as index:
        index.remember([picture("/a/1.png", "a lake")])
        index.forget(["/a/1.png"])
        assert index.known() == {}


def test_a_name_that_is_no_utf8_is_listed_and_not_remembered(tmp_path: Path) -> None:
    row = picture("/a/\udcff.png", "")
    assert title_of(row) == ".png"
    with PictureIndex(tmp_path / "index.sqlite") as index:
        index.remember([row])
        assert index.known() == {}


def test_a_thumbnail_is_made_once_and_kept_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.png"
    Image.new("RGB", (640, 320), (200, 30, 30)).save(file)
    made = Thumbnails(tmp_path / "cache").get(str(file))
    assert (made.width, made.height) == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
    (kept,) = (tmp_path / "cache").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr("tui.app.gallery.thumbnails.read_scaled", None)
        again = Thumbnails(tmp_path / "cache").get(str(file))
    assert (again.width, again.height) == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)
    assert all(abs(one - other) < 12 for one, other in zip(again.rgb[:3], (200, 30, 30), strict=True))
    kept.write_bytes(b"damaged")
    assert Thumbnails(tmp_path / "cache").get(str(file)).width == THUMBNAIL_SIDE
    Image.new("RGB", (320, 640), (30, 200, 30)).save(file)
    assert Thumbnails(tmp_path / "cache").get(str(file)).height == THUMBNAIL_SIDE


def test_a_file_without_a_picture_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"none")
    thumbnails = Thumbnails(tmp_path / "cache")
    with pytest.raises(FileError):
        thumbnails.get(str(tmp_path / "a.png"))
    with pytest.raises(OSError, match="No such file"):
        thumbnails.get(str(tmp_path / "b.png"))


def test_thumbnails_without_a_folder_are_made_all_the_same(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    (tmp_path / "file").touch()
    assert Thumbnails(tmp_path / "file" / "cache").get(str(tmp_path / "a.png")).width == 64


def test_the_thumbnails_that_were_used_longest_ago_are_removed(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.jpg").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{number}.jpg", (number, number))
    trim(tmp_path, 800)
    assert len(list(tmp_path.iterdir())) == 8
    trim(tmp_path, 600)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["4.jpg", "5.jpg", "6.jpg", "7.jpg"]


def test_a_large_picture_is_scaled_down(tmp_path: Path) -> None:
    Image.new("RGB", (3000, 1500)).save(tmp_path / "a.png")
    shown = large_picture(str(tmp_path / "a.png"))
    assert (shown.width, shown.height) == (1024, 512)
