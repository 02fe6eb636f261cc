"""Names are taken by one writer only, whoever else writes at the same time and whatever the file system lacks."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import latentpng
from latentpng.errors import NameTakenError
from latentpng.png.abandoned import recover, recovered_words, temporary_name
from latentpng.png.atomic import TEMPORARY_PREFIX, claimed, similar_names, write_atomically, write_file, write_new
from latentpng.png.disk import make_folder
from latentpng.png.files import write_picture
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

FILES = 20
WRITER = """
import errno, fcntl, itertools, os, sys
from pathlib import Path
from latentpng.png.atomic import write_new

def refused(*_, **__):
    raise OSError(int(sys.argv[4]), os.strerror(int(sys.argv[4])))

if int(sys.argv[4]):
    os.link = fcntl.flock = refused
folder, own, files = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
for number in range(files):
    print(write_new((folder / f"{each:03}.txt" for each in itertools.count(1)), [f"{own} {number}".encode()]).name)
"""


@pytest.mark.parametrize("missing", [0, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP])
@pytest.mark.parametrize("writers", [2, 4])
def test_programs_that_write_at_full_speed_never_share_a_name(tmp_path: Path, writers: int, missing: int) -> None:
    """`missing`: what the file system answers where it has neither hard links nor locks; 0 where it has both."""
    folder = tmp_path / "out"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(latentpng.__file__).parents[1])}
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, folder, str(number), str(FILES), str(missing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in range(writers)
    ]
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    said = [program.communicate(timeout=60)[0].split() for program in programs]
    assert [program.returncode for program in programs] == [0] * writers
    expected = {name: f"{own} {number}" for own, names in enumerate(said) for number, name in enumerate(names)}
    assert len(expected) == writers * FILES
    assert {path.name: path.read_text() for path in folder.iterdir()} == expected


def test_a_file_that_appears_while_another_is_made_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.png"

    def meanwhile() -> Iterator[bytes]:
        yield b"mine"
        path.write_bytes(b"of somebody else")

    with pytest.raises(NameTakenError) as caught:
        write_atomically(path, meanwhile(), replace=False)
    assert str(caught.value) == f"{path}: this file exists already and is not replaced; choose another name"
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]
    assert write_file(path, [b"mine"], replace=False) == tmp_path / "a-2.png"
    assert path.read_bytes() == b"of somebody else"
    assert write_file(path, [b"mine"], replace=True) == path
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["folder", "dangling", "pipe"])
def test_a_name_is_taken_whatever_has_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.png"
    match kind:
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to(tmp_path / "elsewhere")
        case _:
            os.mkfifo(path)
    assert write_new(similar_names(path), [b"x"]).name == "a-2.png"
    assert not (tmp_path / "elsewhere").exists()


def test_names_are_flushed_to_the_disk_after_they_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that a power cut needs: the content, the name, the folder of the name; new folders likewise."""
    done: list[str] = []

    def noted(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: Any, **more: Any) -> object:
            is_folder = name == "flush" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
            done.append("flush folder" if is_folder else name)
            return call(*arguments, **more)

        return run

    for name, function in {"flush": "fsync", "name": "link", "rename": "replace", "folder": "mkdir"}.items():
        monkeypatch.setattr(os, function, noted(name, getattr(os, function)))
    make_folder(tmp_path / "a" / "b")
    assert done == ["folder", "flush folder"] * 2
    done.clear()
    write_new([tmp_path / "a" / "b" / "c.png"], [b"x"])
    write_atomically(tmp_path / "a" / "b" / "c.png", [b"y"])
    assert done == ["flush", "name", "flush folder", "flush", "rename", "flush folder"]


@pytest.mark.parametrize("reason", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_system_that_cannot_flush_folders_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    fsync = os.fsync

    def flushed(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(reason, os.strerror(reason))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", flushed)
    assert write_new([tmp_path / "a.png"], [b"x"]).read_bytes() == b"x"


def left_behind(folder: Path, name: str, *, cut: int = 0) -> Path:
    """Leave what a writer of a picture leaves when the power is cut before its file has a name."""
    whole = folder.parent / "whole.png"
    write_picture(whole, SIDE, SIDE, RGB, seeded_record())
    path = folder / (temporary_name(name) if name else f"{TEMPORARY_PREFIX}{'5' * 16}.part")
    path.write_bytes(whole.read_bytes()[: len(whole.read_bytes()) - cut])
    return path


@pytest.mark.parametrize(
    ("name", "there", "given"),
    [
        ("003-round2.png", (), "003-round2.png"),
        ("003-round2.png", ("003-round2.png",), "003-round2-recovered.png"),
        ("a.png", ("a.png", "a-recovered.png"), "a-recovered-2.png"),
        ("", (), "recovered.png"),
        ("", ("recovered.png",), "recovered-2.png"),
        (f"{'ä' * 100}.png", (), f"{'ä' * 40}.png"),
    ],
)
def test_a_whole_picture_gets_its_name_or_a_similar_one(
    tmp_path: Path, name: str, there: tuple[str, ...], given: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for each in there:
        (folder / each).write_bytes(b"mine")
    content = left_behind(folder, name).read_bytes()
    assert recover(folder) == (folder / given,)
    assert recover(folder) == ()
    assert (folder / given).read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == sorted({*there, given})
    assert all((folder / each).read_bytes() == b"mine" for each in there)


def test_a_journal_without_a_name_gets_it_unless_there_is_one(tmp_path: Path) -> None:
    for text in ('{"warmer_session":1}\n', '{"warmer_session":'):
        (tmp_path / temporary_name("session.json")).write_text(text)
    (tmp_path / temporary_name("package.json")).write_text("{}")
    assert recover(tmp_path) == (tmp_path / "session.json",)
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


def test_what_is_not_whole_or_was_to_replace_a_file_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    left_behind(folder, "a.png", cut=1)
    left_behind(folder, "b.png").rename(folder / temporary_name())
    data = bytearray((tmp_path / "whole.png").read_bytes())
    data[-20] ^= 1
    (folder / temporary_name("c.png")).write_bytes(data)
    assert recover(folder) == ()
    assert list(folder.iterdir()) == []


def test_a_picture_that_has_its_name_already_is_not_doubled(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = left_behind(folder, "a.png")
    (folder / "b.png").hardlink_to(path)  # killed between the two
    assert recover(folder) == ()
    assert [each.name for each in folder.iterdir()] == ["b.png"]


def test_an_empty_file_that_holds_the_name_is_filled(tmp_path: Path) -> None:
    """Without hard links, an empty file takes the name; the program may be killed before the picture replaces it."""
    folder = tmp_path / "out"
    folder.mkdir()
    content = left_behind(folder, "a.png").read_bytes()
    (folder / "a.png").touch()
    assert recover(folder) == (folder / "a.png",)
    assert [(each.name, each.read_bytes()) for each in folder.iterdir()] == [("a.png", content)]


def test_what_a_living_program_writes_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = left_behind(folder, "a.png")
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert recover(folder) == ()
    assert list(folder.iterdir()) == [path]


def test_the_person_is_told_what_was_recovered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from latentpng.cli import main

    folder = tmp_path / "out"
    folder.mkdir()
    left_behind(folder, "a.png")
    assert main(["extract", str(tmp_path / "whole.png"), "--out", str(folder / "a.npy")]) == 0
    assert capsys.readouterr().err == f"latentpng: {recovered_words([folder / 'a.png'])}\n"
    assert recovered_words([folder / "a.png"]) == (
        f"{folder}: a program was ended while it saved here; this was whole and is kept: a.png"
    )


def test_only_one_program_claims_a_thing(tmp_path: Path) -> None:
    with claimed(tmp_path, "x") as first, claimed(tmp_path, "x") as second, claimed(tmp_path, "y") as other:
        assert (first, second, other) == (True, False, True)
    assert list(tmp_path.iterdir()) == []
    with claimed(tmp_path, "x") as again:
        assert again


def test_a_claim_of_a_killed_program_ends_with_it(tmp_path: Path) -> None:
    killed = "import os, sys; from pathlib import Path; from latentpng.png.atomic import claimed\n"
    killed += "with claimed(Path(sys.argv[1]), 'x'): os.kill(os.getpid(), 9)"
    environment = {**os.environ, "PYTHONPATH": str(Path(latentpng.__file__).parents[1])}
    write_new([tmp_path / "a"], [b""])  # this process has looked into the folder
    subprocess.run([sys.executable, "-c", killed, tmp_path], env=environment, timeout=60, check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with claimed(tmp_path, "x") as again:
        assert again
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
