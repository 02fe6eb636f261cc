"""A session's folder: names, saving, and the newest pictures."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.rendering.events import Picture
from engine.search.folder import PictureFolder, recent_pictures, session_folders
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import pixel_digest, read_record
from latentpng.record import LatentRecord, Lineage, SeedRoot

DAY = date(2026, 11, 22)


def session_folder(parent: Path, prompt: str, day: date) -> Path:
    """Return the first name for the folder of a session."""
    return next(session_folders(parent, prompt, day))


def made(seed: int) -> tuple[Picture, LatentRecord]:
    """Return a tiny picture and its record."""
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


def test_numbers_go_on_behind_the_highest_one(tmp_path: Path) -> None:
    for name in ("007-round3.png", "1200-round4.png", "2026-01-02.png"):
        (tmp_path / name).write_bytes(b"")
    folder = PictureFolder(tmp_path)
    assert folder.save(*made(1)).result().name == "1201-round0.png"
    (tmp_path / "1202-round0.png").write_bytes(b"of a second program")
    assert folder.save(*made(2)).result().name == "1203-round0.png"
    folder.close()


def test_a_picture_whose_file_was_changed_is_saved_again_beside_it(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path)
    first = folder.save(*made(1))
    first.result().write_bytes(b"changed")
    folder.forget(first)
    assert folder.save(*made(1)).result().name == "002-round0.png"
    folder.close()
    assert first.result().read_bytes() == b"changed"


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = PictureFolder(tmp_path / "file" / "session")
    with pytest.raises(StoreError) as caught:
        folder.save(*made(1)).result()
    assert str(caught.value) == f"{tmp_path}/file/session: pictures cannot be saved in this folder: Not a directory"
    folder.close()


def test_recent_pictures_are_newest_first(tmp_path: Path) -> None:
    for number, name in enumerate(("a/1.png", "b/2.png", "a/3.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (number, number))
    assert [path.name for path in recent_pictures(tmp_path, 2)] == ["3.png", "2.png"]
    assert recent_pictures(tmp_path / "none", 2) == ()
