"""`warmer render`, with and without --check, over one file and over many; and --strict."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.compare import differing_conditions
from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.models.resolve import resolve_model
from engine.options import Options
from engine.rendering.events import Failure
from engine.target import target_for_record
from latentpng.png.files import embed_record, read_picture, read_record, strip
from latentpng.record import Json, LatentRecord
from tests.support.latentpng.pictures import altered
from tests.support.tui.driving import make_app, running
from tests.support.tui.scripting import warmer
from tui.cli import main, run_command


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Return three pictures of one batch: 7.png, 8.png, 9.png."""
    warmer("new", "--prompt", "a lake", "--seed", 7, "--count", 3, "--out", tmp_path)
    return [tmp_path / f"{seed}.png" for seed in (7, 8, 9)]


@pytest.fixture(autouse=True)
def _forget_output(pictures: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert pictures
    capsys.readouterr()


def brighten(path: Path, values: int = 300) -> None:
    """Add ten to the first values of a picture; its latent stays unchanged."""
    record = read_record(path)
    width, height, rgb = read_picture(path)
    brighter = bytes(min(255, value + 10) if index < values else value for index, value in enumerate(rgb))
    Image.frombytes("RGB", (width, height), brighter).save(path)
    embed_record(path, record)


def with_model(path: Path, name: str, fingerprint: str) -> LatentRecord:
    """Let a file record that this model made it."""
    record = read_record(path)
    model = {"name": name, "fingerprint": fingerprint}
    record = altered(record, settings={**record.settings, "model": model})
    embed_record(path, record)
    return record


def test_the_same_pixels_are_bit_exact(pictures: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert warmer("render", pictures[0], "--check") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (f"{pictures[0]}: bit-exact\n", "")
    assert warmer("render", pictures[0], "--check", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "differing": [],
        "exact": True,
        "exit_code": 0,
        "largest": 0,
        "mean": 0.0,
        "path": str(pictures[0]),
        "problem": "",
    }


def test_different_pixels_are_reported_with_the_reason(
    pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, before = read_picture(pictures[0])
    brighten(pictures[0])
    _, _, after = read_picture(pictures[0])
    mean = sum(abs(one - other) for one, other in zip(before, after, strict=True)) / len(before)
    assert warmer("render", pictures[0], "--check") == 8
    assert capsys.readouterr().out == (
        f"{pictures[0]}: differs by at most 10 of 255, {mean:.4f} on average; "
        "the file was edited: rendering gives the recorded pixels\n"
    )
    assert warmer("render", pictures[0], "--check", "--json") == 8
    line = json.loads(capsys.readouterr().out)
    assert (line["exit_code"], line["exact"], line["largest"], line["mean"]) == (8, False, 10, pytest.approx(mean))


def test_every_condition_that_differs_is_named(pictures: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    record = read_record(pictures[0])
    other = {**record.settings, "dtype": "bfloat16", "slot": [2, 1]}
    software: dict[str, Json] = {"device": "cuda", "torch": "2.5.0", "threads": 8}
    embed_record(pictures[0], altered(record, settings=other, software=software))
    warmer("render", pictures[0], "--check", "--json")
    assert json.loads(capsys.readouterr().out)["differing"] == [
        "dtype bfloat16 then, float32 now",
        "torch 2.5.0 then, not recorded now",
        "device cuda then, fake now",
        "threads 8 then, not recorded now",
    ]


def test_many_files_are_a_line_each_a_summary_and_the_worst_code(
    pictures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brighten(pictures[1], values=1)
    with_model(pictures[2], "elsewhere", "f" * 64)
    bare, missing = tmp_path / "bare.png", tmp_path / "missing.png"
    strip(pictures[0], bare)
    renderer = FakeRenderer()
    assert run_command("render", [*map(str, [*pictures, bare, missing]), "--check"], lambda: renderer) == 3
    told = capsys.readouterr()
    width, height, _ = read_picture(pictures[1])
    assert sorted(told.out.splitlines()) == sorted(
        [
            f"{pictures[0]}: bit-exact",
            f"{pictures[1]}: differs by at most 10 of 255, {10 / (3 * width * height):.4f} on average; "
            "the file was edited: rendering gives the recorded pixels",
            f"{pictures[2]}: this picture was made with the model 'elsewhere', which is not known on this machine: "
            "choose one with --model",
            f"{bare}: it carries no noise: run `warmer invert {bare} --prompt '...'` first, which finds noise that "
            "repeats it",
            f"{missing}: it cannot be read (No such file or directory)",
        ]
    )
    assert told.err.splitlines()[-1] == (
        "5 files: 1 good, 1 not readable, 1 without a latent, 1 with other pixels, 1 without their model here"
    )
    assert len(renderer.loads) == 1
    assert len(renderer.jobs) == 2


def test_each_model_is_loaded_once_whatever_the_order_of_the_files(
    pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = resolve_model("")
    other = replace(embedded, name="other")
    monkeypatch.setattr("engine.target.recorded_model", lambda model: other if model["name"] == "other" else embedded)
    with_model(pictures[1], "other", "0" * 64)
    copies = [tmp_path / f"copy{index}.png" for index in range(2)]
    for copy, original in zip(copies, pictures, strict=False):
        os.link(original, copy)
    renderer = FakeRenderer()
    warmer("render", *pictures, *copies, "--check", renderer=renderer)
    assert [load.model.name for load in renderer.loads] == ["embedded", "other"]
    assert len(renderer.jobs) == 5


def test_a_model_that_cannot_be_loaded_is_an_error_of_each_of_its_files(
    pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("'embedded' cannot be loaded: no space")
    assert warmer("render", *pictures, "--check", renderer=renderer) == 10
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 'embedded' cannot be loaded: no space" for path in pictures
    ]
    assert renderer.jobs == []


def test_settings_that_the_model_refuses_are_an_error_of_their_file_alone(
    pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("this model cannot use the scheduler Foo", Failure.SETTINGS)
    assert warmer("render", *pictures, "--check", renderer=renderer) == 11
    assert capsys.readouterr().out.splitlines() == [
        f"{pictures[0]}: this model cannot use the scheduler Foo",
        *(f"{path}: bit-exact" for path in pictures[1:]),
    ]


def test_the_model_is_loaded_again_for_a_new_size(tmp_path: Path) -> None:
    warmer("new", "--prompt", "x", "--size", "64x64", "--out", tmp_path / "small.png")
    warmer("new", "--prompt", "x", "--size", "128x64", "--out", tmp_path / "wide.png")
    renderer = FakeRenderer()
    files = [tmp_path / "small.png", tmp_path / "wide.png", tmp_path / "wide.png"]
    assert warmer("render", *files, "--check", renderer=renderer) == 0
    assert [load.settings.width for load in renderer.loads] == [64, 128]


def test_a_prompt_that_was_not_moved_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = tmp_path / "start.png"
    warmer("new", "--prompt", "x", "--seed", 7, "--out", start)
    warmer("vary", start, "--seed", 5, "--count", 2, "--scale", 0.4, "--axis", "prompt", "--out", tmp_path)
    moved = tmp_path / "start-r1-0.png"
    record = read_record(moved)
    embed_record(
        moved,
        altered(record, settings={name: value for name, value in record.settings.items() if name != "moved_prompt"}),
    )
    sentence = (
        "its rounds move the prompt, but the program that rendered it could not do that: "
        "rendering it again gives a different picture"
    )
    capsys.readouterr()
    assert warmer("render", moved, "--out", tmp_path / "again.png") == 0
    assert capsys.readouterr().err.splitlines() == [f"{moved}: {sentence}"]
    assert target_for_record(Options(), read_record(moved)).notice == sentence


def test_a_confirmed_import_is_compared_with_what_confirmed_it(pictures: list[Path]) -> None:
    fresh = read_record(pictures[0])
    other = {"name": "v1-5-pruned", "hash": "abc"}
    confirmed = {"model": fresh.settings["model"], "mean": 1.0}
    imported = altered(fresh, settings={**fresh.settings, "model": other, "confirmed": confirmed})
    assert differing_conditions(imported, fresh) == ()
    unknown = altered(fresh, settings={**fresh.settings, "model": other})
    assert differing_conditions(unknown, fresh) == ("model v1-5-pruned then, embedded now (its hash was abc)",)


def test_after_a_crash_the_next_file_is_rendered(pictures: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    renderer = FakeRenderer()
    renderer.die_next("the rendering process was killed")
    assert warmer("render", *pictures, "--check", "--json", renderer=renderer) == 11
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["exit_code"] for line in found] == [11, 0, 0]
    assert found[0] == {
        "differing": [],
        "exact": False,
        "exit_code": 11,
        "largest": None,
        "mean": None,
        "path": str(pictures[0]),
        "problem": f"{pictures[0]}: the rendering process was killed",
    }
    assert renderer.closed


def test_check_renders_in_the_recorded_slot_and_strict_alone(pictures: list[Path]) -> None:
    for arguments, slots in (([], [(3, 0), (3, 1), (3, 2)]), (["--strict"], [(1, 0)] * 3)):
        renderer = FakeRenderer()
        warmer("render", *pictures, "--check", *arguments, renderer=renderer)
        assert [job.tasks[0].slot for job in renderer.jobs] == slots


def test_strict_pictures_have_no_neighbours(pictures: list[Path], tmp_path: Path) -> None:
    for command in (
        ["new", "--prompt", "p", "--count", 3, "--seed", 1, "--out", tmp_path / "s"],
        ["vary", pictures[0], "--count", 4, "--seed", 1, "--out", tmp_path / "s"],
        ["render", pictures[0], pictures[1], "--force"],
    ):
        renderer = FakeRenderer()
        warmer(*map(str, command), "--strict", renderer=renderer)
        assert {load.micro_batch for load in renderer.loads} == {1}
    written = [*(tmp_path / "s").iterdir(), tmp_path / "7-round0.png", tmp_path / "8-round0.png"]
    assert len(written) == 3 + 4 + 2
    assert {tuple(read_record(path).settings["slot"]) for path in written} == {(1, 0)}  # type: ignore[arg-type]


@pytest.mark.slow
async def test_strict_in_the_app_has_no_neighbours_either(tmp_path: Path) -> None:
    arguments = ("--prompt", "a lake", "--seed", "1", "--strict", "--keep", "all", "--out", str(tmp_path / "s"))
    async with running(make_app(tmp_path, *arguments)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
    written = list((tmp_path / "s").rglob("*.png"))
    assert len(written) == 2 * 9 - 1  # the parent is rendered once
    assert {tuple(read_record(path).settings["slot"]) for path in written} == {(1, 0)}  # type: ignore[arg-type]


def test_strict_and_a_batch_contradict_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["new", "--prompt", "p", "--out", "x", "--strict", "--batch", "4"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "warmer new: error: argument --batch: not allowed with argument --strict"
    )


def test_check_compares_no_ancestor(pictures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warmer("vary", pictures[0], "--seed", 5, "--count", 2, "--out", tmp_path)
    capsys.readouterr()
    child = tmp_path / "7-r1-0.png"
    assert warmer("render", child, "--check", "--round", 0) == 2
    assert capsys.readouterr().out == f"{child}: --check compares the picture itself, round 1: leave out --round 0\n"


def test_many_pictures_are_rendered_beside_their_files(
    pictures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.png"
    assert warmer("render", *pictures, missing) == 3
    told = capsys.readouterr()
    made = [tmp_path / f"{seed}-round0.png" for seed in (7, 8, 9)]
    assert told.out.splitlines() == [str(path) for path in made]
    assert told.err == f"{missing}: it cannot be read (No such file or directory)\n"
    assert [read_picture(path) for path in made] == [read_picture(path) for path in pictures]


def test_out_is_one_file(pictures: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        warmer("render", *pictures, "--out", tmp_path / "one.png")
    assert str(caught.value) == f"--out {tmp_path}/one.png is one file, but 3 pictures were given"


def test_words_from_a_file_reach_the_terminal_without_escapes(
    pictures: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    record = read_record(pictures[0])
    embed_record(pictures[0], altered(record, software={**record.software, "torch": "\x1b]0;owned\x07"}))
    warmer("render", pictures[0], "--check")
    assert capsys.readouterr().out == f"{pictures[0]}: bit-exact, although torch ]0;owned then, not recorded now\n"
