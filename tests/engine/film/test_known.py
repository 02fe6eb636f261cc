"""Pictures of the way that are on disk: the same picture is used, and nothing that only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.film.known import is_whole, known_files, read_known
from engine.film.way import way_of
from latentpng.errors import PixelsDifferError
from latentpng.png.files import embed_record, read_picture, read_record, write_picture
from latentpng.record import JsonObject, LatentRecord
from tests.support.latentpng.pictures import altered
from tests.support.tui.scripting import warmer


@pytest.fixture
def family(tmp_path: Path) -> list[Path]:
    """Return a picture with two rounds and its ancestors, the root first."""
    files = [tmp_path / "start.png"]
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", files[0])
    for number in (1, 2):
        warmer("vary", files[-1], "--seed", number, "--count", 2, "--scale", 0.4, "--mark", 1, "--out", tmp_path)
        files.append(tmp_path / f"start-r{number}-1.png")
    return files


def found(file: Path, settings: JsonObject | None = None) -> dict[int, str]:
    """Return the names of what is found for a file, with the file's own settings unless others are given."""
    record = read_record(file)
    files = known_files(record, file, way_of(record.lineage), {0: record.settings if settings is None else settings})
    return {index: path.name for index, path in files.items()}


def rewrite(path: Path, record: LatentRecord) -> None:
    """Write a picture again with a different record."""
    width, height, rgb = read_picture(path)
    path.unlink()
    write_picture(path, width, height, rgb, record)


def test_ancestors_in_the_same_folder_are_found(family: list[Path]) -> None:
    assert found(family[2]) == {0: "start.png", 1: "start-r1-1.png", 2: "start-r2-1.png"}
    assert found(family[1]) == {0: "start.png", 1: "start-r1-1.png"}


def test_the_slot_does_not_make_a_different_picture(family: list[Path]) -> None:
    record = read_record(family[1])
    settings = {**record.settings, "slot": [8, 3]}
    rewrite(family[1], altered(record, settings=settings))
    assert 1 in found(family[2])


@pytest.mark.parametrize("changed", [{"prompt": "a fox"}, {"steps": 99}, {"model": {"name": "x"}}, {"clip_skip": 2}])
def test_a_picture_with_other_settings_is_not_taken(family: list[Path], changed: JsonObject) -> None:
    record = read_record(family[1])
    rewrite(family[1], altered(record, settings={**record.settings, **changed}))
    assert found(family[2]) == {0: "start.png", 2: "start-r2-1.png"}


def test_stops_with_unknown_settings_are_not_looked_for(family: list[Path]) -> None:
    record = read_record(family[2])
    assert known_files(record, family[2], way_of(record.lineage), {}) == {}


def test_broken_neighbours_are_passed_over(family: list[Path]) -> None:
    (family[0].parent / "0.png").write_bytes(b"no picture")
    (family[0].parent / "1.png").mkdir()
    (family[0].parent / "2.png").symlink_to("nowhere")
    assert len(found(family[2])) == 3


def test_edited_pixels_are_not_shown(family: list[Path]) -> None:
    assert is_whole(family[1])
    record = read_record(family[1])
    Image.new("RGB", (128, 128)).save(family[1])
    embed_record(family[1], record)
    assert not is_whole(family[1])
    with pytest.raises(PixelsDifferError) as error:
        read_known(family[1])
    assert str(error.value) == f"{family[1]}: this picture was edited after it was rendered"
    family[1].unlink()
    assert not is_whole(family[1])
