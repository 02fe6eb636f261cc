"""`latentpng invert` hands everything to `warmer invert`; the package of warmer is played by a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from latentpng.cli import main
from latentpng.commands import rendering

PLAYED = "import sys\nprint(sys.argv[1:])\nprint('progress', file=sys.stderr)\nsys.exit(11)\n"


@pytest.fixture
def played(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that says how it was called, in place of warmer."""
    (folder / "played").mkdir()
    (folder / "played" / "__main__.py").write_text(PLAYED)
    monkeypatch.setattr(rendering, "PACKAGE", "played")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["photo.jpg"],
        ["--prompt", "a beach", "photo.jpg", "--keep", "layout", "-o", "out.png"],
        ["photo.jpg", "--help"],
        ["-h"],
        ["--", "-photo.jpg"],
        ["photo.jpg", "--prompt", "-p invert"],
        [],
    ],
)
@pytest.mark.usefixtures("played")
def test_the_arguments_go_on_as_they_are(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["invert", *words]) == 11
    assert capfd.readouterr() == (f"{['invert', *words]}\n", "progress\n")


def test_without_warmer_the_sentence_says_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "not_warmer").mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(rendering, "PACKAGE", "not_warmer")
    assert main(["invert", "photo.jpg"]) == 2
    sentence = "invert needs the package warmer, which is not installed: pip install warmer"
    assert capsys.readouterr() == ("", f"latentpng: {sentence}\n")


def test_the_help_is_that_of_warmer(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "latentpng", "invert", "--help"],
        cwd=folder,
        env=rendering.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.startswith("usage: warmer invert")
