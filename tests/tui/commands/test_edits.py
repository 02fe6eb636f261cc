"""The same noise with other words: --prompt and its kin in `warmer render` and `warmer vary`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.search.room import WAY_OUT_OF_FILE
from latentpng.ancestors import settings_at
from latentpng.cli import main as latentpng
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import read_picture, read_record, write_picture
from latentpng.record import LatentRecord, Lineage, Round, SeedRoot
from latentpng.reports.edits import edit_text
from latentpng.rules import MAX_ROUNDS
from tests.engine.test_records import png_with_text
from tests.support.tui.scripting import warmer
from tui.cli import main

EDIT = ("--prompt", "a sea", "--negative", "fog", "--steps", 5, "--guidance", 4)
WORDS = "edit: guidance: 2.5 -> 4.0; negative prompt: (none) -> 'fog'; prompt: 'a lake' -> 'a sea'; steps: 6 -> 5"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a new picture."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", path)
    return path


def edits(record: LatentRecord) -> list[str]:
    return [edit_text(round_.settings, round_.before) for round_ in record.lineage.rounds if round_.settings]


def test_render_changes_the_words_and_records_them(picture: Path, tmp_path: Path) -> None:
    warmer("render", picture, *EDIT, "--out", tmp_path / "b.png")
    before, record = read_record(picture), read_record(tmp_path / "b.png")
    assert edits(record) == [WORDS]
    assert record.node == before.node, "the noise stays"
    assert [record.settings[key] for key in ("prompt", "negative_prompt", "steps", "guidance")] == [
        "a sea",
        "fog",
        5,
        4,
    ]
    assert record.settings["step_seed"] == before.settings["step_seed"]
    assert record.settings["slot"] == [1, 0]
    assert settings_at(record, 0) == {key: value for key, value in before.settings.items() if key != "slot"}


def test_the_picture_before_an_edit_is_rendered_with_its_own_words(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *EDIT, "--seed", 5, "--count", 2, "--out", tmp_path)
    candidate = tmp_path / "start-r2-1.png"
    record = read_record(candidate)
    assert edits(record) == [WORDS]
    assert (record.lineage.rounds[1].seed, record.lineage.rounds[1].marks) == (5, (1,))
    for rounds, prompt, steps in ((0, "a lake", 6), (1, "a sea", 5), (2, "a sea", 5)):
        renderer = FakeRenderer()
        warmer("render", candidate, "--round", rounds, "--out", tmp_path / f"{rounds}.png", renderer=renderer)
        settings = renderer.jobs[-1].settings
        assert (settings.prompt, settings.num_inference_steps) == (prompt, steps)
        again = read_record(tmp_path / f"{rounds}.png")
        assert again.lineage == record.lineage.ancestor(rounds)
        assert again.settings["prompt"] == prompt
    assert read_record(tmp_path / "0.png") == read_record(picture)
    assert read_picture(tmp_path / "0.png") == read_picture(picture)
    assert warmer("render", candidate, "--check") == 0


def test_an_ancestor_can_be_edited(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, "--seed", 5, "--count", 2, "--out", tmp_path)
    warmer("render", tmp_path / "start-r1-0.png", "--round", 0, "--steps", 5)
    record = read_record(tmp_path / "start-r1-0-round1.png")
    assert edits(record) == ["edit: steps: 6 -> 5"]
    assert record.lineage.root == SeedRoot(seed=7)


def test_every_option_of_the_settings_is_an_edit(picture: Path, tmp_path: Path) -> None:
    for number, (options, words) in enumerate(
        (
            (("--scheduler", "Euler a"), "edit: scheduler: UniPCMultistepScheduler -> EulerAncestralDiscreteScheduler"),
            (("--scheduler", ""), "edit: scheduler: UniPCMultistepScheduler -> (none)"),
            (("--size", "192x128"), "edit: width: 128 -> 192"),
            (("--prompt-style", "comfyui"), "edit: prompt style: (none) -> 'comfyui'"),
            (("--clip-skip", 2), "edit: clip skip: (none) -> 2"),
            (("--negative", ""), ""),
            (("--model", "embedded", "--steps", 6), ""),
        )
    ):
        warmer("render", picture, *options, "--out", tmp_path / f"{number}.png")
        assert edits(read_record(tmp_path / f"{number}.png")) == ([words] if words else [])


def test_without_options_nothing_is_an_edit(picture: Path, tmp_path: Path) -> None:
    warmer("render", picture, "--strict", "--memory", "resident", "--out", tmp_path / "b.png")
    assert read_record(tmp_path / "b.png").lineage == Lineage(root=SeedRoot(seed=7))


def test_the_way_is_seen_later(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warmer("render", picture, "--prompt", "a sea", "--out", tmp_path / "b.png")
    capsys.readouterr()
    latentpng(["tree", str(tmp_path)])
    assert capsys.readouterr().out.replace(f"{tmp_path}/", "").splitlines() == [
        "seed 7, 4 x 16 x 16: start.png",
        "└─ b.png (round 1: edit: prompt: 'a lake' -> 'a sea')",
    ]


def test_an_edit_of_a_picture_of_another_tool(tmp_path: Path) -> None:
    path = png_with_text(tmp_path / "old.png")
    warmer("render", path, "--model", "embedded", "--prompt", "a ship", "--out", tmp_path / "b.png")
    assert edits(read_record(tmp_path / "b.png")) == ["edit: prompt: 'a boat' -> 'a ship'"]


def test_bands_fit_the_noise_of_the_new_size(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renderer = FakeRenderer(noise_shape=(4, 32, 32))
    warmer(
        "vary",
        picture,
        "--size",
        "256x256",
        "--seed",
        5,
        "--count",
        1,
        "--bands",
        "tilt",
        "--out",
        tmp_path,
        renderer=renderer,
    )
    said = "at 256x256 the noise is drawn anew from the same seeds, so expect a different picture\n"
    assert capsys.readouterr().err == said
    rounds = read_record(tmp_path / "start-r2-0.png").lineage.rounds
    assert len(rounds[1].bands) == 4


def test_an_ancestor_of_another_size_is_rendered_as_it_was(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = tmp_path / "b.png"
    warmer("render", picture, "--size", "192x128", "--out", wide, renderer=FakeRenderer(noise_shape=(4, 16, 24)))
    capsys.readouterr()
    warmer("render", wide, "--round", 0, "--out", tmp_path / "c.png")
    assert capsys.readouterr().err == ""
    assert read_record(tmp_path / "c.png") == read_record(picture)


def test_noise_of_another_shape_is_said(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        f"{picture}: this model starts from noise of 2 x 16 x 16 values and the picture from 4 x 16 x 16: the noise is "
        "drawn anew from the same seeds, so expect a different picture\n"
    )
    for command, out in (("render", tmp_path / "b.png"), ("vary", tmp_path / "v")):
        renderer = FakeRenderer(noise_shape=(2, 16, 16))
        warmer(command, picture, "--prompt", "a sea", "--out", out, renderer=renderer)
        assert capsys.readouterr().err == words


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--check", "--prompt", "a sea"), "--check compares the picture as it was made: leave out --prompt"),
        (("--check", "--negative", ""), "--check compares the picture as it was made: leave out --negative"),
        (("--check", "--size", "64x64"), "--check compares the picture as it was made: leave out --size"),
        (("--check", "--steps", "5"), "--check compares the picture as it was made: leave out --steps"),
        (("--check", "--guidance", "0"), "--check compares the picture as it was made: leave out --guidance"),
        (
            ("--check", "--prompt-style", "plain"),
            "--check compares the picture as it was made: leave out --prompt-style",
        ),
        (("--check", "--clip-skip", "0"), "--check compares the picture as it was made: leave out --clip-skip"),
        (("--steps", "0"), "steps is a number from 1 to 1000, found 0"),
        (("--size", "8192x16384"), "height is a number from 8 to 8192, found 16384"),
        (("--prompt", "x" * 100_001), "the prompt is at most 100,000 characters, found 100,001"),
    ],
)
def test_mistakes(picture: Path, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    out = () if "--check" in options else ("--out", tmp_path / "b.png")
    with pytest.raises(InvalidRequestError) as caught:
        warmer("render", picture, *options, *out)
    assert str(caught.value) == message
    assert not (tmp_path / "b.png").exists()


def test_a_profile_with_words_cannot_be_checked(picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "warmer").mkdir()
    (tmp_path / "warmer" / "config.toml").write_text("[profiles.fast]\nsteps = 3\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(InvalidRequestError) as caught:
        warmer("render", picture, "--check", "--profile", "fast")
    assert str(caught.value) == (
        "--check compares the picture as it was made: leave out --steps, which the profile fast sets"
    )
    warmer("render", picture, "--profile", "fast", "--out", tmp_path / "b.png")
    assert edits(read_record(tmp_path / "b.png")) == ["edit: steps: 6 -> 3"]


@pytest.mark.parametrize(
    "words", [("render", "{}", "--steps", "3", "--out", "{}.png"), ("vary", "{}", "--count", "2", "--out", "{}s")]
)
def test_a_lineage_that_is_full_cannot_grow(words: tuple[str, ...], picture: Path, tmp_path: Path) -> None:
    moves = tuple(Round(seed=number % 10, scale=0.5, of=4, marks=(0,)) for number in range(MAX_ROUNDS))
    record = read_record(picture)
    lineage = replace(record.lineage, rounds=moves)
    noise = replay(lineage, record.tensor.shape, record.axes)
    full = tmp_path / "full.png"
    write_picture(full, *read_picture(picture), record_of(lineage, noise, axes=record.axes, settings=record.settings))
    with pytest.raises(InvalidRequestError) as caught:
        warmer(*[word.format(full) for word in words])
    assert str(caught.value) == (f"this picture came from 4,096 rounds, and a file holds 4,096: {WAY_OUT_OF_FILE}")


def test_the_help_names_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("render", "vary"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        assert "the same noise, rendered in a different way:\n  --prompt P" in shown
        assert all(f"\n  --{name} " in shown for name in ("negative", "size", "steps", "guidance", "scheduler", "lora"))
