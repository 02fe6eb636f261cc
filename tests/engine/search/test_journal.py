"""A session's folder and journal."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.rendering.events import Picture
from engine.search.journal import (
    Journal,
    PictureFolder,
    StoreError,
    read_journal,
    recent_pictures,
    session_folder,
    write_journal,
)
from engine.search.session import Mode, NoneBetter, Picked, begin, tell
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import pixel_digest, read_record
from latentpng.record import LatentRecord, Lineage, SeedRoot

DAY = date(2026, 11, 22)


def made(seed: int) -> tuple[Picture, LatentRecord]:
    """A tiny picture and its record."""
    lineage = Lineage(root=SeedRoot(seed=seed))
    picture = Picture(width=8, height=8, rgb=bytes([seed % 256]) * 192)
    noise = replay(lineage, (4, 8, 8), "CHW")
    return picture, record_of(lineage, noise, axes="CHW", pixels=pixel_digest(picture.rgb))


def test_folder_names(tmp_path: Path) -> None:
    assert session_folder(tmp_path, "a red sun, a lake", DAY).name == "2026-11-22 a red sun, a lake"
    assert session_folder(tmp_path, "../../etc/passwd\x1b[0m", DAY).parent == tmp_path
    assert session_folder(tmp_path, "  ", DAY).name == "2026-11-22 untitled"
    assert len(session_folder(tmp_path, "x" * 500, DAY).name) == len("2026-11-22 ") + 60
    session_folder(tmp_path, "twice", DAY).mkdir()
    assert session_folder(tmp_path, "twice", DAY).name == "2026-11-22 twice 2"


def test_each_picture_is_saved_once_in_order(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "session")
    first, again, second = (folder.save(*made(seed)) for seed in (1, 1, 2))
    folder.close()
    assert first.result() == again.result() == tmp_path / "session" / "001-round0.png"
    assert second.result().name == "002-round0.png"
    assert read_record(second.result()).lineage == Lineage(root=SeedRoot(seed=2))


def test_an_older_session_in_the_same_folder_is_not_overwritten(tmp_path: Path) -> None:
    for seed in (1, 2):
        folder = PictureFolder(tmp_path)
        folder.save(*made(seed)).result()
        folder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001-round0.png", "002-round0.png"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = PictureFolder(tmp_path / "file" / "session")
    with pytest.raises(StoreError, match=r"^.*/file/session: cannot save a picture there: Not a directory$"):
        folder.save(*made(1)).result()
    folder.close()


def test_a_session_comes_back_from_its_journal(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"")
    session = begin(Lineage(root=SeedRoot(seed=1)), seed=3, octaves=3, scale=0.7, count=8, mode=Mode.BISECT)
    later = tell(tell(session, Picked(marks=(2,))), NoneBetter())
    journal = Journal.of(later, picture, tmp_path, saved_rounds=0)
    write_journal(tmp_path / "state" / "journal.json", journal)
    assert read_journal(tmp_path / "state" / "journal.json") == journal
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


def test_recent_pictures_are_newest_first(tmp_path: Path) -> None:
    import os

    for number, name in enumerate(("a/1.png", "b/2.png", "a/3.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (number, number))
    assert [path.name for path in recent_pictures(tmp_path, 2)] == ["3.png", "2.png"]
    assert recent_pictures(tmp_path / "none", 2) == ()
