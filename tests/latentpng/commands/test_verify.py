"""`latentpng verify` on many files: exit codes, summary, JSON, and worker processes."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.commands.parallel import spread
from latentpng.errors import ExitCode
from latentpng.reports.tally import Tally
from tests.support.latentpng import independent
from tests.support.latentpng.files import changed, png_of
from tests.support.latentpng.folders import four_pictures, with_other_pixels
from tests.support.latentpng.pictures import RGB

WORST_FIRST = [1, 2, 9, 3, 5, 7, 8, 11, 10, 6, 4, 0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: four different pictures."""
    four_pictures(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_exit_code_is_that_of_the_worst() -> None:
    for place, code in enumerate(WORST_FIRST):
        tally = Tally()
        for other in reversed(WORST_FIRST[place:]):
            tally.codes[ExitCode(other)] += 1
        assert tally.worst == code
    assert Tally().worst == 0


def test_help_lists_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    order = ", ".join(map(str, WORST_FIRST[:-1]))
    assert f"the worst one. From the worst on: {order}.\n" in capsys.readouterr().out


def bad_files(folder: Path) -> None:
    """Add four bad files: a damaged latent, a newer version, an empty file, and other pixels."""
    latent = dict(independent.png_chunks((folder / "cat.png").read_bytes()))[b"laTn"]
    (folder / "damaged.png").write_bytes(png_of((b"laTn", latent[:-1])))
    (folder / "newer.png").write_bytes(png_of((b"laTn", changed(latent, 4, b"\2"))))
    (folder / "zero.png").write_bytes(b"")
    (folder / "pixels.png").write_bytes(with_other_pixels((folder / "cat.png").read_bytes(), b"\xff" * len(RGB)))


def test_verify_counts_and_ends_with_the_worst(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad_files(folder)
    assert main(["verify", "."]) == 3
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 7
    counts = "3 good, 1 not readable, 1 damaged, 1 of a newer version, 1 with other pixels"
    assert err == f"latentpng: 7 files: {counts}; 1 without a latent skipped\n"
    (folder / "zero.png").unlink()
    assert main(["verify", "newer.png", "pixels.png", "damaged.png", "cat.png", "plain.png"]) == 5
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "latentpng: plain.png: it carries no latent",
        "latentpng: 5 files: 1 good, 1 without a latent, 1 damaged, 1 of a newer version, 1 with other pixels",
    ]
    assert main(["verify", "newer.png", "pixels.png"]) == 8
    assert main(["verify", "newer.png", "plain.png"]) == 6


def test_verify_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad_files(folder)
    assert main(["verify", "--json", "cat.png", "zero.png"]) == 3
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "exit_code": 0,
            "file": "cat.png",
            "passed": ["noise of 2 x 8 x 8", "lineage of 1 round", "pixels"],
            "problem": "",
            "result": "good",
        },
        {
            "exit_code": 3,
            "file": "zero.png",
            "passed": [],
            "problem": "zero.png: it is not a PNG, it is empty",
            "result": "not readable",
        },
    ]
    assert err == "latentpng: 2 files: 1 good, 1 not readable\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_several_processes_say_the_same_in_the_same_order(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    bad_files(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "cat.png").read_bytes())))
    code = main(["verify", *form, ".", "-", "gone.png"])
    alone = capfd.readouterr()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "cat.png").read_bytes())))
    assert main(["verify", "-j", "2", *form, ".", "-", "gone.png"]) == code == 3
    assert capfd.readouterr() == alone
    assert alone.out.count("\n") > 5


def killed(file: str) -> str:
    """Kill the process that runs this; a function of a module, so that worker processes can import it."""
    os.kill(os.getpid(), 9)
    return file


def test_a_killed_worker_process_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with spread(killed, ["a", "b", "c"], 2) as results:
        assert list(results) == []
    reason = "a worker process was killed, perhaps because memory ran out"
    assert capsys.readouterr() == ("", f"latentpng: {reason}; the remaining files are read one at a time\n")


@pytest.mark.parametrize("number", ["0", "-1", "257", "x", "9" * 5000])
def test_the_number_of_jobs_is_checked(capsys: pytest.CaptureFixture[str], number: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", f"-j{number}", "a.png"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"argument -j/--jobs: a number from 1 to 256 is needed, found {number!r}\n")


@pytest.mark.usefixtures("folder")
def test_one_file_needs_no_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "cat.png"]) == 0
    assert capsys.readouterr().err == ""
