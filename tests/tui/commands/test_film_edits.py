"""`warmer film` of a way with edits: each part is rendered with its own settings, and the edit is faded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import InvalidRequestError, ModelError
from engine.fake import FakeRenderer
from engine.models.fingerprints import identity_files
from engine.open import open_picture
from engine.options import Options
from engine.target import Target, target_for_record
from latentpng.png.files import read_picture, read_record, write_picture
from latentpng.record import JsonObject, Round
from tests.support.films import frames_of
from tests.support.tui.scripting import warmer


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a picture with a pick, other words and steps, and a second pick; its ancestors lie beside it."""
    names = ("start.png", "start-r1-1.png", "words.png", "words-r3-1.png")
    files = [tmp_path / name for name in names]
    vary = ("--count", 2, "--scale", 0.4, "--mark", 1, "--out", tmp_path)
    warmer("new", "--prompt", "a lake", "--seed", 7, "--size", "64x48", "--out", files[0])
    warmer("vary", files[0], "--seed", 1, *vary)
    warmer("render", files[1], "--prompt", "a fox", "--steps", 9, "--out", files[2])
    warmer("vary", files[2], "--seed", 2, *vary)
    assert [len(read_record(file).lineage.rounds) for file in files] == [0, 1, 2, 3]
    return files[3]


def prompts(renderer: FakeRenderer) -> list[tuple[str, int, int]]:
    """Return the prompt, the steps and the number of pictures of each job."""
    return [(job.settings.prompt, job.settings.num_inference_steps, len(job.tasks)) for job in renderer.jobs]


def test_each_part_is_rendered_with_the_settings_of_its_time(picture: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    warmer("film", picture, "--out", tmp_path / "way.webp", "--frames", 3, renderer=renderer)
    assert prompts(renderer) == [("a lake", 6, 3), ("a fox", 9, 3)]
    assert len(renderer.loads) == 1, "the same model at the same size"
    with Image.open(tmp_path / "way.webp") as film:
        assert frames_of(film) == 3 * 4 + 1


def test_without_the_files_of_the_ancestors_they_are_rendered(picture: Path, tmp_path: Path) -> None:
    for path in tmp_path.glob("*.png"):
        if path != picture:
            path.unlink()
    renderer = FakeRenderer()
    warmer("film", picture, "--sheet", tmp_path / "sheet.png", renderer=renderer)
    assert prompts(renderer) == [("a lake", 6, 2), ("a fox", 9, 1)]


def test_the_edit_is_faded_in_pixels(picture: Path, tmp_path: Path) -> None:
    warmer("film", picture, "--out", tmp_path / "way.png", "--frames", 1, "--size", 64)
    with Image.open(tmp_path / "way.png") as film:
        frames = []
        for number in range(frames_of(film)):
            film.seek(number)
            frames.append(film.convert("RGB"))
    assert len(frames) == 7
    assert frames[3].tobytes() == Image.blend(frames[2], frames[4], 0.5).tobytes()


def test_a_change_of_the_size_loads_anew_and_keeps_the_size_of_the_film(picture: Path, tmp_path: Path) -> None:
    warmer("render", picture, "--size", "128x128", "--out", tmp_path / "large.png")
    renderer = FakeRenderer()
    warmer("film", tmp_path / "large.png", "--out", tmp_path / "way.png", "--size", 96, renderer=renderer)
    with Image.open(tmp_path / "way.png") as film:
        assert film.size == (96, 96)


def test_ancestors_whose_model_is_missing_are_left_out(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_the_first(*arguments: object) -> Target:
        target = target_for_record(*arguments)  # type: ignore[arg-type]
        if target.settings.prompt == "a lake":
            raise ModelError("its model is not here")
        return target

    monkeypatch.setattr("tui.commands.film.target_for_record", without_the_first)
    (tmp_path / "start.png").unlink()
    renderer = FakeRenderer()
    warmer("film", picture, "--out", tmp_path / "way.png", "--frames", 1, renderer=renderer)
    assert prompts(renderer) == [("a fox", 9, 1)], "the first pick is on disk, and faded into the edit"
    said = f"{picture}: left out 1 of the 4 pictures of the way: its model is not here\n"
    assert said in capsys.readouterr().err
    with Image.open(tmp_path / "way.png") as film:
        assert frames_of(film) == 5


def hostile(path: Path, *edits: tuple[JsonObject, JsonObject]) -> Path:
    """Return a picture with edits that its file claims: the new settings, and those before."""
    picture = path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--size", "64x48", "--out", picture)
    record, (width, height, rgb) = read_record(picture), read_picture(picture)
    rounds = tuple(
        Round(seed=number, scale=0.0, settings=new, before=before) for number, (new, before) in enumerate(edits)
    )
    lineage = replace(record.lineage, rounds=rounds)
    changed = replace(record, metadata=replace(record.metadata, lineage=lineage))
    write_picture(path / "hostile.png", width, height, rgb, changed)
    picture.unlink()
    return path / "hostile.png"


def test_nonsense_about_ancestors_leaves_them_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changes = ({"guidance": 3}, {"guidance": 4}), ({"steps": 3}, {"steps": 4.5}), ({"x": 1}, {"x": 2})
    picture = hostile(tmp_path, *changes)
    capsys.readouterr()
    assert warmer("film", picture, "--out", tmp_path / "way.png", "--frames", 0) == 0
    assert capsys.readouterr().err == (
        f"{picture}: left out 2 of the 4 pictures of the way: settings: steps is a whole number, found 4.5\n"
    )
    with Image.open(tmp_path / "way.png") as film:
        assert frames_of(film) == 2


def test_a_way_of_which_only_the_picture_can_be_shown_says_why(tmp_path: Path) -> None:
    picture = hostile(tmp_path, *(({"model": number}, {"model": number - 1}) for number in range(9)))
    with pytest.raises(InvalidRequestError) as caught:
        warmer("film", picture, "--frames", 0)
    assert str(caught.value) == (
        f"{picture}: there is no way to show: left out 9 of the 10 pictures of the way: this picture records no model: "
        "choose one with --model"
    )
    assert list(tmp_path.iterdir()) == [picture]


def test_the_models_of_many_edits_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []

    def counted(path: Path) -> list[Path]:
        looked.append(path)
        return identity_files(path)

    picture = hostile(tmp_path, *(({"steps": number + 2}, {"steps": number + 1}) for number in range(60)))
    monkeypatch.setattr("engine.models.fingerprints.identity_files", counted)
    assert warmer("film", picture, "--out", tmp_path / "way.png", "--frames", 0) == 0
    in_the_film = len(looked)
    looked.clear()
    assert len(open_picture(Options(), picture).beginning.variants) == 61
    assert (in_the_film, len(looked)) < (20, 20)
