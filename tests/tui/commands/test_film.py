"""`warmer film` against the fake renderer: what it renders, writes, prints and refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidRequestError, RenderCancelled, RenderError
from engine.fake import FakeRenderer
from engine.film.between import lineage_at
from latentpng.errors import LatentPngError, NoLatentError, UnreadableFileError, UnwritableFileError
from latentpng.png.files import read_picture, read_record
from tests.support.films import frames_of
from tests.support.tui.scripting import warmer
from tui.cli import main, run_command
from tui.exit_codes import INTERRUPTED


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a picture with two rounds, whose ancestors lie beside it."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--size", "64x48", "--out", path)
    for number in (1, 2):
        warmer("vary", path, "--seed", number, "--count", 2, "--scale", 0.4, "--mark", 1, "--out", tmp_path)
        path = tmp_path / f"start-r{number}-1.png"
    return path


def test_a_film_beside_the_picture(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    renderer = FakeRenderer()
    assert warmer("film", picture, renderer=renderer) == 0
    path = picture.with_name("start-r2-1-way.webp")
    assert capsys.readouterr().out == f"{path}\n"
    with Image.open(path) as film:
        assert (film.format, film.size, frames_of(film)) == ("WEBP", (512, 384), 2 * 13 + 1)
    (job,) = renderer.jobs
    assert len(job.tasks) == 2 * 12, "the three pictures on disk are not rendered again"
    lineage = read_record(picture).lineage
    assert job.tasks[5].lineage == lineage_at(lineage, 0, 1, 0.439732)
    assert {len(task.lineage.rounds) for task in job.tasks} == {1, 2}


def test_the_rounds_of_a_pick_by_region_move_together(picture: Path, tmp_path: Path) -> None:
    parts = ("--mark-region", "tl:2", "--mark-region", "bottom:0")
    warmer("vary", picture, "--seed", 3, "--count", 4, "--scale", 0.4, *parts, "--out", tmp_path)
    patchwork, renderer = tmp_path / "start-r4-tl2+bottom0.png", FakeRenderer()
    warmer("film", patchwork, "--out", tmp_path / "way.png", "--frames", 2, renderer=renderer)
    (job,) = renderer.jobs
    assert [len(task.lineage.rounds) for task in job.tasks] == [1, 1, 2, 2, 4, 4]
    for task in job.tasks[-2:]:
        first, second = task.lineage.rounds[-2:]
        assert (first.region, second.region) == ("10/00", "0/1")
        assert first.scale == second.scale < 0.4
    with Image.open(tmp_path / "way.png") as film:
        assert frames_of(film) == 3 * 3 + 1


def test_the_ancestors_are_shown_as_they_are_on_disk(picture: Path, tmp_path: Path) -> None:
    warmer("film", picture, "--out", tmp_path / "way.png", "--frames", 1, "--size", 64)
    with Image.open(tmp_path / "way.png") as film:
        for frame, name in ((0, "start.png"), (2, "start-r1-1.png"), (4, "start-r2-1.png")):
            film.seek(frame)
            assert film.convert("RGB").tobytes() == read_picture(tmp_path / name)[2]


def test_without_the_ancestors_they_are_rendered(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "start.png").unlink()
    (tmp_path / "start-r1-1.png").unlink()
    renderer = FakeRenderer()
    warmer("film", picture, "--out", tmp_path / "way.png", "--frames", 0, renderer=renderer)
    (job,) = renderer.jobs
    assert [task.lineage for task in job.tasks] == [read_record(picture).lineage.ancestor(each) for each in (0, 1)]
    with Image.open(tmp_path / "way.png") as film:
        assert frames_of(film) == 3


def test_nothing_is_rendered_or_loaded_when_all_is_on_disk(picture: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    warmer("film", picture, "--sheet", tmp_path / "sheet.png", renderer=renderer)
    assert (renderer.jobs, renderer.loads) == ([], [])
    assert not picture.with_name("start-r2-1-way.webp").exists()
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.asarray(sheet).std() > 10


def test_an_option_that_changes_the_pictures_renders_all_of_them(picture: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    warmer("film", picture, "--sheet", tmp_path / "s.png", "--scheduler", "euler a", renderer=renderer)
    assert [len(job.tasks) for job in renderer.jobs] == [3]


def test_json_says_what_was_made(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    out, sheet = tmp_path / "way.gif", tmp_path / "sheet.png"
    warmer("film", picture, "--out", out, "--sheet", sheet, "--frames", 3, "--seconds", 6, "--size", 128, "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    common = {"ancestors": 3, "rendered": 6}
    assert lines == [
        {"path": str(out), "kind": "film", "frames": 9, "seconds": 6.0, **common},
        {"path": str(sheet), "kind": "sheet", "shown": 3, **common},
    ]
    with Image.open(out) as film:
        assert film.size == (128, 96)


def test_words_under_the_frames(picture: Path, tmp_path: Path) -> None:
    warmer("film", picture, "--out", tmp_path / "way.webp", "--words", "--size", 64)
    with Image.open(tmp_path / "way.webp") as film:
        assert film.size == (64, 48 + 14)


def test_progress_counts_the_pictures_to_be_rendered(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    run_command("film", [str(picture), "--frames", "2"], FakeRenderer)
    assert capsys.readouterr().err.splitlines() == ["loading weights", "rendering 4 pictures"]


@pytest.mark.parametrize(
    ("words", "kind", "sentence"),
    [
        (("{0}/start.png",), InvalidRequestError, "{0}/start.png: there is no way to show: this picture has no rounds, "
         "it is where a search begins"),
        (("{1}", "--out", "{0}/way.mp4"), InvalidRequestError, "{0}/way.mp4: an animation ends in .webp, .gif, .apng "
         "or .png"),
        (("{1}", "--sheet", "{0}/s.jpg"), InvalidRequestError, "{0}/s.jpg: a contact sheet is a PNG, its name has to "
         "end in .png"),
        (("{1}", "--out", "{0}/start.png"), InvalidRequestError, "{0}/start.png: this file exists already; choose "
         "another --out, or add --force"),
        (("{1}", "--out", "{1}", "--force"), InvalidRequestError, "{1}: this is the picture itself; choose a different "
         "file"),
        (("{1}", "--out", "{0}/a.png", "--sheet", "{0}/a.png"), InvalidRequestError, "--out and --sheet are one file, "
         "{0}/a.png: choose two"),
        (("{1}", "--size", "5000"), InvalidRequestError, "--size is a width from 1 to 4096 pixels, found 5000"),
        (("{1}", "--size", "0"), InvalidRequestError, "--size is a width from 1 to 4096 pixels, found 0"),
        (("{1}", "--out", "{0}/start.png/x.webp"), UnwritableFileError, "{0}/start.png/x.webp: {0}/start.png is not a "
         "folder"),
        (("{1}", "--out", "{0}", "--force"), UnwritableFileError, "{0}: this is a folder; give the name of a file"),
        (("{0}/none.png",), UnreadableFileError, "{0}/none.png: it cannot be read (No such file or "
         "directory)"),
        (("-",), InvalidRequestError, "a picture from standard input has no name: add --out or --sheet"),
    ],
)  # fmt: skip
def test_refusals_are_one_sentence_and_render_nothing(
    picture: Path, tmp_path: Path, words: tuple[str, ...], kind: type[Exception], sentence: str
) -> None:
    renderer = FakeRenderer()
    with pytest.raises(kind) as error:
        warmer("film", *(word.format(tmp_path, picture) for word in words), renderer=renderer)
    assert str(error.value) == sentence.format(tmp_path, picture)
    assert renderer.jobs == []


def test_a_photograph_has_no_way(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "photo.png")
    with pytest.raises(NoLatentError) as error:
        warmer("film", tmp_path / "photo.png")
    assert isinstance(error.value, LatentPngError)
    assert not (tmp_path / "photo-way.webp").exists()


def test_a_new_folder_is_created_for_the_film(picture: Path, tmp_path: Path) -> None:
    warmer("film", picture, "--out", tmp_path / "a" / "b" / "way.webp", "--frames", 0)
    assert (tmp_path / "a" / "b" / "way.webp").is_file()


def test_a_failure_writes_nothing_and_keeps_the_old_file(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "way.webp").write_bytes(b"old")
    renderer = FakeRenderer()
    renderer.fail_next("too little memory")
    with pytest.raises(RenderError) as error:
        warmer("film", picture, "--out", tmp_path / "way.webp", "--force", renderer=renderer)
    assert str(error.value) == "too little memory"
    assert (tmp_path / "way.webp").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "start-r1-1.png",
        "start-r2-1.png",
        "start.png",
        "way.webp",
    ]


def test_an_interruption_writes_nothing(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.film.output.FilmOutput.take", interrupted)
    monkeypatch.setattr("tui.cli._renderer", lambda _: FakeRenderer())
    with pytest.raises(RenderCancelled):
        warmer("film", picture, "--out", tmp_path / "way.webp")
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["film", str(picture), "--out", str(tmp_path / "way.webp"), "--quiet"])
    assert ended.value.code == INTERRUPTED
    assert capsys.readouterr().err == "warmer: interrupted: nothing was written\n"
    assert not (tmp_path / "way.webp").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pipe.webp", "refusing to replace a pipe or device"),
        ("lost.webp", "this symlink leads to no file"),
        ("round.webp", "it cannot be written (Too many levels of symbolic links)"),
        (f"{'n' * 300}.webp", "it cannot be written (File name too long)"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_rendered(picture: Path, name: str, why: str) -> None:
    folder = picture.parent / "out"
    folder.mkdir()
    os.mkfifo(folder / "pipe.webp")
    (folder / "lost.webp").symlink_to(folder / "nowhere" / "x")
    (folder / "round.webp").symlink_to(folder / "round.webp")
    renderer = FakeRenderer()
    with pytest.raises(UnwritableFileError) as caught:
        warmer("film", picture, "--out", folder / name, "--force", renderer=renderer)
    assert str(caught.value) == f"{folder / name}: {why}"
    assert renderer.jobs == []
    assert not (folder / "nowhere").exists()
