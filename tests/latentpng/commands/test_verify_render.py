"""`latentpng verify --render`: what it asks of `warmer`, played by a fake, and how the answers become lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.commands import rendering
from latentpng.parent import Lifeline
from latentpng.png.files import write_picture
from latentpng.record import Json
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

FACTS = "noise of 2 x 8 x 8, lineage of 0 rounds, pixels"
EXACT: dict[str, Json] = {"exit_code": 0, "exact": True, "largest": 0, "mean": 0.0, "differing": [], "problem": ""}
ANSWERS: dict[str, dict[str, Json]] = {
    "good.png": EXACT,
    "moved.png": {**EXACT, "differing": ["torch 2.5.0 then, \x1b[31m2.13.0 now"]},
    "far.png": {
        "exit_code": 8,
        "exact": False,
        "largest": 3,
        "mean": 0.25,
        "differing": ["device cuda then, cpu now"],
        "problem": "far.png: differs by at most 3 of 255, 0.2500 on average; device cuda then, cpu now",
    },
    "unknown.png": {
        "exit_code": 10,
        "exact": False,
        "largest": None,
        "mean": None,
        "differing": [],
        "problem": "unknown.png: this picture was made with the model 'x', which is not known on this machine",
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: one good picture for each answer."""
    for name in ANSWERS:
        write_picture(tmp_path / name, SIDE, SIDE, RGB, seeded_record())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def play(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Run this program in place of `warmer`; it has ANSWERS as `answers` and the names of the files as `files`."""
    script = folder / "child.py"
    script.write_text(f"import json, sys\nanswers, files = {ANSWERS!r}, sys.argv[1:]\n{program}\n")
    monkeypatch.setattr(rendering, "command", lambda _: [sys.executable, str(script)])


ANSWER_ALL = "for name in reversed(files): print(json.dumps({'path': name, **answers[name]}), flush=True)"


def test_answers_become_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, folder, ANSWER_ALL)
    assert main(["verify", "--render", *ANSWERS, "missing.png"]) == 3
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "missing.png: it cannot be read (No such file or directory)",
        "unknown.png: this picture was made with the model 'x', which is not known on this machine",
        "far.png: differs by at most 3 of 255, 0.2500 on average; device cuda then, cpu now",
        f"moved.png: good ({FACTS}, rendering bit-exact, although torch 2.5.0 then, [31m2.13.0 now)",
        f"good.png: good ({FACTS}, rendering bit-exact)",
    ]
    assert err.splitlines() == [
        "latentpng: rendering 4 pictures again",
        "latentpng: 5 files: 2 good, 1 not readable, 1 with other pixels, 1 without their model here",
    ]


@pytest.mark.parametrize(("name", "code"), [(name, answer["exit_code"]) for name, answer in ANSWERS.items()])
def test_the_exit_code_is_the_answer(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: Json) -> None:
    play(monkeypatch, folder, ANSWER_ALL)
    assert main(["verify", "--render", name]) == code


def test_json_has_the_result_of_rendering(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, folder, ANSWER_ALL)
    assert main(["verify", "--render", "--json", "far.png"]) == 8
    assert json.loads(capsys.readouterr().out) == {
        "exit_code": 8,
        "file": "far.png",
        "passed": ["noise of 2 x 8 x 8", "lineage of 0 rounds", "pixels"],
        "problem": ANSWERS["far.png"]["problem"],
        "rendering": {
            "differing": ["device cuda then, cpu now"],
            "exact": False,
            "exit_code": 8,
            "largest": 3,
            "mean": 0.25,
        },
        "result": "with other pixels",
    }


def test_only_good_files_are_rendered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = bytearray((folder / "far.png").read_bytes())
    damaged[damaged.index(b"LPNG") + 100] ^= 1
    (folder / "far.png").write_bytes(damaged)
    play(monkeypatch, folder, f"open('asked', 'w').write(' '.join(files))\n{ANSWER_ALL}")
    assert main(["verify", "--render", "far.png", "./good.png", "good.png", "good.png"]) == 5
    assert (folder / "asked").read_text() == "./good.png good.png good.png"
    assert capsys.readouterr().out.startswith("far.png: ")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("sys.exit('a fault of the program')", "exit code 1: a fault of the program"),
        (
            "print('{not json'); print('[]'); print(json.dumps({'path': 'elsewhere.png', 'exit_code': 0}))",
            "exit code 0",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code -9"),
        ("sys.stderr.write('\\x1b[31m' + 'x' * 1000)", f"exit code 0: [31m{'x' * 395}…"),
    ],
)
def test_a_process_without_answers_is_reported_for_each_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str, why: str
) -> None:
    play(monkeypatch, folder, program)
    assert main(["verify", "--render", "good.png", "far.png"]) == 11
    assert capsys.readouterr().out.splitlines() == [
        f"{name}: warmer ended without a result for this file ({why})" for name in ("good.png", "far.png")
    ]


def test_an_invalid_answer_counts_as_not_rendered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, folder, "print(json.dumps({'path': 'good.png', 'exit_code': 'fine', 'differing': 7}))")
    assert main(["verify", "--render", "good.png"]) == 11
    assert (
        capsys.readouterr().out == "good.png: warmer gave a result that this version of latentpng does not understand\n"
    )


def test_many_files_are_split_between_processes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, folder, f"open('asked', 'a').write(str(len(files)))\n{ANSWER_ALL}")
    monkeypatch.setattr(rendering, "_MAX_FILES", 3)
    assert main(["verify", "--render", *["good.png"] * 7]) == 0
    assert (folder / "asked").read_text() == "331"
    assert capsys.readouterr().out.splitlines() == [f"good.png: good ({FACTS}, rendering bit-exact)"] * 7


def test_a_folder_with_the_name_of_the_package_is_not_warmer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "not_warmer").mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(rendering, "PACKAGE", "not_warmer")
    assert main(["verify", "--render", "good.png"]) == 2
    sentence = "verify --render needs the package warmer, which is not installed: pip install warmer"
    assert capsys.readouterr() == ("", f"latentpng: {sentence}\n")


@pytest.mark.usefixtures("folder")
def test_standard_input_cannot_be_rendered_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", "--render", "-"]) == 2
    assert capsys.readouterr().err == "latentpng: -: --render cannot read standard input; name a file\n"


def test_the_child_is_warmer_of_the_same_python(folder: Path) -> None:
    with Lifeline() as lifeline:
        ended = subprocess.run(
            [*rendering.command(lifeline)[:-1], "--help"],
            cwd=folder,
            env=rendering.environment(),
            pass_fds=(lifeline.end,),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert ended.stdout.startswith("usage: warmer render")
