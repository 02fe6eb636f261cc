"""Commands that save pictures where other programs save too, and where there is no room."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.rendering.requests import Job
from latentpng.errors import ExitCode, UnwritableFileError
from latentpng.png.files import read_record
from tests.support.tui.scripting import warmer
from tui.exit_codes import exit_code_of


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a new picture."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", path)
    return path


class Meanwhile(FakeRenderer):
    """A renderer during whose work something else happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__(threaded=False)
        self._happens = happens

    def render(self, job: Job) -> None:
        self._happens()
        super().render(job)


def test_two_programs_that_vary_into_one_folder_keep_all_pictures(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = (picture, "--count", 4, "--out", out)
    renderer = Meanwhile(lambda: warmer("vary", *words, "--seed", 1))
    assert warmer("vary", *words, "--seed", 2, renderer=renderer) == ExitCode.OK
    printed = capsys.readouterr()
    paths = [Path(line) for line in printed.out.splitlines()]
    assert len(set(paths)) == 8
    assert set(paths) == set(out.iterdir())
    assert {(read_record(path).lineage.rounds[-1].seed) for path in paths} == {1, 2}
    first = out / "start-r1-0.png"
    assert (
        f"{first}: this file appeared meanwhile and stays as it is; the picture is saved as {out / 'start-r1-0-2.png'}"
    ) in printed.err


@pytest.mark.parametrize("command", ["render", "film", "invert"])
def test_a_file_that_appears_while_it_is_made_is_not_replaced(picture: Path, tmp_path: Path, command: str) -> None:
    warmer("vary", picture, "--count", 1, "--seed", 3, "--out", tmp_path / "v")
    varied = tmp_path / "v" / "start-r1-0.png"
    out = tmp_path / ("a.webp" if command == "film" else "a.png")
    words = {"render": (varied,), "film": (varied,), "invert": (varied, "--prompt", "a lake")}[command]
    for force in (False, True):
        renderer = Meanwhile(lambda: out.write_bytes(b"of somebody else"))
        more = ("--force",) if force else ()
        assert warmer(command, *words, "--out", out, *more, renderer=renderer) == ExitCode.OK
        assert (out.read_bytes() == b"of somebody else") is not force
        assert out.with_stem("a-2").exists() is not force
        out.unlink()
        out.with_stem("a-2").unlink(missing_ok=True)


def full(monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
    """Let so many files not fit on the disk."""
    left, fsync = [failures], os.fsync

    def flush(descriptor: int) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", flush)


@pytest.mark.parametrize("command", ["new", "vary", "render"])
def test_pictures_that_do_not_fit_are_saved_when_there_is_room(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = {
        "new": ("--prompt", "a lake", "--count", 3, "--out", out),
        "vary": (picture, "--count", 3, "--out", out),
        "render": (picture, "--out", out / "a.png"),
    }[command]
    capsys.readouterr()
    full(monkeypatch, 1)
    assert warmer(command, *words) == ExitCode.OK
    printed = capsys.readouterr()
    assert {Path(line) for line in printed.out.splitlines()} == set(out.iterdir())
    assert "it cannot be written (No space left on device); the picture stays in memory" in printed.err


@pytest.mark.parametrize("command", ["new", "vary"])
def test_pictures_that_never_fit_end_the_command_with_a_code_of_its_own(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = {"new": ("--prompt", "a lake", "--count", 3), "vary": (picture, "--count", 3)}[command]
    capsys.readouterr()
    full(monkeypatch, 10**6)
    with pytest.raises(UnwritableFileError) as caught:
        warmer(command, *words, "--out", out)
    assert str(caught.value).endswith(
        "(No space left on device); 3 pictures are not saved: make room, and run the command again"
    )
    assert exit_code_of(caught.value) == ExitCode.UNWRITABLE
    assert (list(out.iterdir()), capsys.readouterr().out) == ([], "")
