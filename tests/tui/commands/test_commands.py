"""`warmer new`, `vary`, `render` against the fake renderer: what they write, print and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import EngineError, InvalidRequestError, ModelError, RenderCancelled, RenderError
from engine.fake import FakeRenderer
from engine.search.axis import axis_of
from latentpng.errors import ExitCode, NoLatentError, UnreadableFileError
from latentpng.png.files import read_picture, read_record, strip, write_picture
from latentpng.record import Lineage, SeedRoot
from tests.support.latentpng.pictures import altered
from tests.support.tui.scripting import warmer
from tui.arguments import AppArguments, parse
from tui.cli import app_parser, main
from tui.exit_codes import HUNG_UP, INTERRUPTED, NO_WORKER, exit_code_of, exit_codes_help


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a new picture."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", path)
    return path


def test_new_writes_one_file_and_prints_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warmer("new", "--prompt", "a lake", "--seed", 7, "--steps", 4, "--size", "64x32", "--out", tmp_path / "a.png")
    assert capsys.readouterr().out == f"{tmp_path / 'a.png'}\n"
    record = read_record(tmp_path / "a.png")
    assert record.lineage == Lineage(root=SeedRoot(seed=7))
    assert (record.settings["prompt"], record.settings["steps"]) == ("a lake", 4)
    assert read_picture(tmp_path / "a.png")[:2] == (64, 32)


def test_new_writes_a_folder_of_following_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warmer("new", "--prompt", "p", "--seed", 7, "--count", 3, "--out", tmp_path / "many", "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["path"] for line in lines] == [str(tmp_path / "many" / f"{seed}.png") for seed in (7, 8, 9)]
    assert [line["seed"] for line in lines] == ["7", "8", "9"]
    assert lines[0]["node"] == read_record(tmp_path / "many" / "7.png").node


def test_vary_adds_one_round(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, "--seed", 5, "--count", 4, "--scale", 0.3, "--out", tmp_path / "v")
    names = sorted(path.name for path in (tmp_path / "v").iterdir())
    assert names == [f"start-r1-{mark}.png" for mark in range(4)]
    (round_,) = read_record(tmp_path / "v" / "start-r1-2.png").lineage.rounds
    assert (round_.seed, round_.of, round_.marks, round_.scale) == (5, 4, (2,), 0.3)
    assert round_.bands == ()


@pytest.mark.parametrize(("axis", "scales"), [("noise", (0.3, 0.0)), ("prompt", (0.0, 0.3)), ("both", (0.3, 0.3))])
def test_vary_moves_the_requested_axis(picture: Path, tmp_path: Path, axis: str, scales: tuple[float, float]) -> None:
    given = ("--seed", 5, "--count", 2, "--out", tmp_path)
    warmer("vary", picture, "--axis", axis, "--scale", 0.3, *given)
    record = read_record(tmp_path / "start-r1-1.png")
    (round_,) = record.lineage.rounds
    assert (round_.scale, round_.prompt_scale) == scales
    assert (record.node == read_record(picture).node) is (axis == "prompt")
    assert ("moved_prompt" in record.settings) is (axis != "noise")
    warmer("render", tmp_path / "start-r1-1.png", "--check")
    warmer("vary", tmp_path / "start-r1-1.png", *given)
    assert axis_of(read_record(tmp_path / "start-r2-0.png").lineage.rounds[1]) == axis


def test_render_reports_that_the_prompt_of_a_picture_was_not_moved(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warmer("vary", picture, "--axis", "prompt", "--seed", 5, "--count", 2, "--out", tmp_path)
    path, old = tmp_path / "start-r1-1.png", tmp_path / "old.png"
    record, (width, height, rgb) = read_record(path), read_picture(picture)
    settings = {name: value for name, value in record.settings.items() if name != "moved_prompt"}
    write_picture(old, width, height, rgb, altered(record, settings=settings))
    capsys.readouterr()
    warmer("render", old, "--out", tmp_path / "new.png")
    assert capsys.readouterr().err == (
        f"{old}: its rounds move the prompt, but the program that rendered it could not do that: "
        "rendering it again gives a different picture\n"
    )
    assert read_picture(tmp_path / "new.png") == read_picture(path)
    assert warmer("render", old, "--check") == 8
    assert capsys.readouterr().out.endswith(" on average; moved prompt embeddings not recorded then, 1024 now\n")


def test_vary_three_times_on_its_own_output(picture: Path, tmp_path: Path) -> None:
    current = picture
    for rounds in (1, 2, 3):
        warmer("vary", current, "--seed", rounds, "--count", 2, "--bands", "all", "--out", tmp_path)
        current = tmp_path / f"start-r{rounds}-1.png"
    lineage = read_record(current).lineage
    assert [round_.seed for round_ in lineage.rounds] == [1, 2, 3]
    assert [round_.scale for round_ in lineage.rounds] == [0.7, 0.7, 0.7]


def test_marks_blend_into_one_picture(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, "--seed", 5, "--count", 8, "--mark", 4, 1, "--out", tmp_path)
    assert read_record(tmp_path / "start-r1-4+1.png").lineage.rounds[0].marks == (4, 1)


def test_render_gives_an_ancestor(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, "--seed", 5, "--count", 2, "--out", tmp_path)
    warmer("render", tmp_path / "start-r1-0.png", "--round", 0, "--out", tmp_path / "root.png")
    assert read_record(tmp_path / "root.png").node == read_record(picture).node
    assert read_picture(tmp_path / "root.png") == read_picture(picture)


def test_nothing_is_replaced_without_force(picture: Path) -> None:
    before = picture.read_bytes()
    with pytest.raises(InvalidRequestError) as caught:
        warmer("new", "--prompt", "p", "--out", picture)
    assert str(caught.value) == f"{picture}: this file exists already; choose another --out, or add --force"
    assert picture.read_bytes() == before
    warmer("new", "--prompt", "p", "--out", picture, "--force")
    assert picture.read_bytes() != before


@pytest.mark.parametrize("out", ["-o", "--out", "--output"])
@pytest.mark.parametrize("force", ["-f", "--force", "--overwrite"])
@pytest.mark.parametrize("command", ["new", "vary", "render"])
def test_out_and_force_have_their_aliases_in_every_command(
    picture: Path, tmp_path: Path, command: str, out: str, force: str
) -> None:
    target = tmp_path / ("v" if command == "vary" else "a.png")
    written = target / "start-r1-0.png" if command == "vary" else target
    words = {"new": ("--prompt", "p"), "vary": (picture, "--seed", 5, "--count", 1), "render": (picture,)}[command]
    written.parent.mkdir(exist_ok=True)
    written.write_bytes(b"in the way")
    with pytest.raises(InvalidRequestError):
        warmer(command, *words, out, target)
    assert warmer(command, *words, out, target, force) == 0
    assert read_record(written).settings["prompt"] in ("p", "a lake")


def test_the_app_has_the_aliases_of_out() -> None:
    for out in ("-o", "--out", "--output"):
        assert parse(app_parser(), [out, "folder"], AppArguments)[1].out == Path("folder")


@pytest.mark.parametrize("command", ["new", "vary"])
def test_a_command_that_needs_out_names_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--prompt", "p"] if command == "new" else ["a.png"]
    with pytest.raises(SystemExit) as ended:
        main([command, *words])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"warmer {command}: error: one of the arguments -o/--out is required"
    )


def test_a_picture_that_was_done_is_kept_when_the_rest_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renderer = FakeRenderer(micro_batch=1)
    renderer.die_next("the worker was killed", after=1)
    with pytest.raises(RenderError, match=r"^the worker was killed$"):
        warmer("new", "--prompt", "p", "--seed", 1, "--count", 2, "--out", tmp_path / "x", renderer=renderer)
    assert capsys.readouterr().out == f"{tmp_path / 'x' / '1.png'}\n"
    assert read_record(tmp_path / "x" / "1.png").lineage == Lineage(root=SeedRoot(seed=1))
    assert renderer.closed


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ["vary", "{missing}", "--out", "{dir}"],
            UnreadableFileError,
            "{missing}: it cannot be read (No such file or directory)",
        ),
        (
            ["vary", "{plain}", "--out", "{dir}"],
            NoLatentError,
            "{plain}: it carries no noise: run `warmer invert {plain} --prompt '...'` first, which finds noise that "
            "repeats it",
        ),
        (
            ["vary", "{good}", "--mark", "1", "--out", "{dir}"],
            InvalidRequestError,
            "--mark needs --seed, the seed of the round whose candidates were marked",
        ),
        (
            ["vary", "{good}", "--count", "65", "--out", "{dir}"],
            InvalidRequestError,
            "--count 65: a round has at most 64 candidates",
        ),
        (
            ["vary", "{good}", "--seed", "1", "--mark", "8", "--out", "{dir}"],
            InvalidRequestError,
            "--mark: candidate 8 is not in this round; with --count 8 they are 0 to 7",
        ),
        (
            ["render", "{good}", "--round", "1"],
            InvalidRequestError,
            "{good}: there is no round 1; choose --round from 0, the root, to 0, the picture itself",
        ),
        (
            ["new", "--prompt", "p", "--count", "2", "--out", "{dir}/a.png"],
            InvalidRequestError,
            "{dir}/a.png: one file cannot hold 2 pictures; name a folder",
        ),
        (
            ["new", "--prompt", "p", "--out", "{dir}/a.jpg"],
            InvalidRequestError,
            "{dir}/a.jpg: pictures are saved as PNG; name a .png file or a folder",
        ),
        (
            ["new", "--prompt", "p", "--seed", "18446744073709551615", "--count", "2", "--out", "{dir}"],
            InvalidRequestError,
            "--seed 18446744073709551615 with --count 2 exceeds the largest seed, 2^64 - 1",
        ),
        (
            ["new", "--prompt", "p", "--steps", "0", "--out", "{dir}"],
            InvalidRequestError,
            "steps is a number from 1 to 1000, found 0",
        ),
    ],
)
def test_mistakes(picture: Path, tmp_path: Path, arguments: list[str], error: type[EngineError], message: str) -> None:
    bare = tmp_path / "plain.png"
    strip(picture, bare)
    names = {"missing": tmp_path / "missing.png", "plain": bare, "good": picture, "dir": tmp_path / "out"}
    with pytest.raises(error) as caught:
        warmer(arguments[0], *(argument.format(**names) for argument in arguments[1:]))
    assert str(caught.value) == message.format(**names)
    assert exit_code_of(caught.value) in range(2, 9)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["new", "--device", "cuda:0,,cuda:1"],
            "argument --device: the name of a device is missing, found 'cuda:0,,cuda:1'",
        ),
        (
            ["new", "--device", "auto,cpu"],
            "argument --device: auto is no name for one of several devices: name each of them, found 'auto,cpu'",
        ),
        (["new", "--size", "12x"], "argument --size: a size is WIDTHxHEIGHT, for example 512x512, found '12x'"),
        (["new", "--size", "12x16"], "argument --size: width and height are multiples of 8, found '12x16'"),
        (["new", "--seed", "-1"], "argument --seed: a seed is a whole number from 0 to 2^64 - 1, found '-1'"),
        (["new", "--count", "0"], "argument --count: a count is a whole number from 1, found '0'"),
        (["vary", "--scale", "3"], "argument --scale: a scale is a number above 0 and at most 1, found '3'"),
    ],
)
def test_mistakes_of_one_argument(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"warmer {words[0]}: error: {message}"


def test_an_unknown_scheduler_is_refused_with_the_names_of_some(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"there is no scheduler 'x'; the names of A1111, ComfyUI and InvokeAI are known"
    ):
        warmer("new", "--prompt", "p", "--scheduler", "x", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_mistake_ends_with_one_sentence_and_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["vary", str(tmp_path / "no.png"), "--out", str(tmp_path)])
    assert ended.value.code == 3
    assert capsys.readouterr().err == f"warmer: {tmp_path}/no.png: it cannot be read (No such file or directory)\n"


def test_the_app_needs_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--prompt", "p"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "warmer: warmer needs a terminal; in scripts use `warmer new`, `vary`, `render` and `invert`\n"
    )


def test_a_model_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["new", "--prompt", "p", "--model", str(tmp_path / "none"), "--out", str(tmp_path)])
    assert ended.value.code == exit_code_of(ModelError("")) == 10
    assert capsys.readouterr().err == f"warmer: there is no folder or file {str(tmp_path / 'none')!r}\n"


def test_the_help_lists_every_exit_code() -> None:
    title, *lines = exit_codes_help().splitlines()
    assert title == "exit codes:"
    assert [int(line.split()[0]) for line in lines] == [*ExitCode, NO_WORKER, HUNG_UP, INTERRUPTED]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnreadableFileError("x"), 3),
        (InvalidRequestError("x"), 2),
        (ModelError("x"), 10),
        (RenderError("x"), 11),
        (RenderCancelled("x"), 130),
    ],
)
def test_every_error_has_its_exit_code(error: EngineError, code: int) -> None:
    assert exit_code_of(error) == code
