"""Writing as a whole when the world is against it: killed writers, full disks, folders that are locked or gone."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

import latentpng
from latentpng.cli import main
from latentpng.errors import ExitCode, UnwritableFileError
from latentpng.png.atomic import TEMPORARY_PREFIX, TEMPORARY_SUFFIX, write_atomically
from latentpng.png.files import embed_record, strip, write_picture
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

ABANDONED = f"{TEMPORARY_PREFIX}{'0123456789abcdef'}{TEMPORARY_SUFFIX}"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture with a latent, alone in its folder."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    path = folder / "a.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record())
    return path


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(entry.name for entry in folder.iterdir())


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = "import os, sys; from latentpng.png.atomic import write_atomically\n"
    killed += "def parts(): yield b'x' * 100000; os.kill(os.getpid(), 9)\n"
    killed += "write_atomically(sys.argv[1], parts())"
    environment = {**os.environ, "PYTHONPATH": str(Path(latentpng.__file__).parents[1])}
    ran = subprocess.run([sys.executable, "-c", killed, tmp_path / "a.png"], env=environment, timeout=60, check=False)
    assert ran.returncode == -9
    (left,) = names(tmp_path)
    assert left.startswith(TEMPORARY_PREFIX)
    write_atomically(tmp_path / "b.png", (b"x",))
    assert names(tmp_path) == ["b.png"]


def test_the_file_of_a_running_writer_is_not_removed(tmp_path: Path) -> None:
    def meanwhile() -> Iterator[bytes]:
        yield b"whole"
        write_atomically(tmp_path / "b.png", (b"x",))
        assert len(names(tmp_path)) == 2

    write_atomically(tmp_path / "a.png", meanwhile())
    assert names(tmp_path) == ["a.png", "b.png"]
    assert (tmp_path / "a.png").read_bytes() == b"whole"


def test_only_our_own_temporary_files_are_removed(tmp_path: Path) -> None:
    others = [".latentpng-.part", f"{ABANDONED}x", f"x{ABANDONED}", ABANDONED.upper(), "a.part", ".latentpng-0.part"]
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    write_atomically(tmp_path / "b.png", (b"x",))
    assert names(tmp_path) == sorted([*others, "b.png"])


def test_symlinks_are_not_followed_when_temporary_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / ABANDONED).symlink_to("mine")
    (tmp_path / ABANDONED.replace("0", "1")).mkdir()
    write_atomically(tmp_path / "b.png", (b"x",))
    assert len(names(tmp_path)) == 4


def test_a_writer_whose_file_was_taken_for_abandoned_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer may look between the moment that a file is there and the moment that it is locked."""
    lock = fcntl.flock
    taken: list[str] = []

    def late(file: BinaryIO, operation: int) -> None:
        if not taken:
            taken.extend(names(tmp_path))
            (tmp_path / taken[0]).unlink()
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    write_atomically(tmp_path / "a.png", (b"whole",))
    assert (names(tmp_path), (tmp_path / "a.png").read_bytes()) == (["a.png"], b"whole")


def test_on_a_file_system_without_locks_no_file_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object, __: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    (tmp_path / ABANDONED).write_bytes(b"")
    monkeypatch.setattr(fcntl, "flock", refused)
    write_atomically(tmp_path / "a.png", (b"x",))
    assert names(tmp_path) == [ABANDONED, "a.png"]


def save(path: Path) -> None:
    """Save another picture over this one."""
    write_picture(path, SIDE, SIDE, RGB[::-1], seeded_record())


def embed(path: Path) -> None:
    """Put another record into it."""
    embed_record(path, seeded_record(shape=(4, 8, 8)))


WRITERS: tuple[Callable[[Path], object], ...] = (save, embed, strip)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    ("place", "name"),
    [("pathlib.Path.replace", errno.ENOSPC), ("os.fsync", errno.EIO), ("pathlib.Path.open", errno.EROFS)],
)
def test_a_failing_disk_leaves_the_old_file_alone(
    picture: Path, monkeypatch: pytest.MonkeyPatch, writer: Callable[[Path], object], place: str, name: int
) -> None:
    before = picture.read_bytes()

    def fails(*_: object) -> None:
        raise OSError(name, os.strerror(name))

    with monkeypatch.context() as patched:
        patched.setattr(place, fails)
        with pytest.raises(UnwritableFileError) as caught:
            writer(picture)
    assert str(caught.value) == f"{picture}: it cannot be written ({os.strerror(name)})"
    assert (names(picture.parent), picture.read_bytes()) == (["a.png"], before)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_that_cannot_grow_leaves_the_old_one_alone(picture: Path, writer: Callable[[Path], object]) -> None:
    before = picture.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
    try:
        with pytest.raises(UnwritableFileError) as caught:
            writer(picture)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value) == f"{picture}: it cannot be written (File too large)"
    assert (names(picture.parent), picture.read_bytes()) == (["a.png"], before)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_that_vanishes_is_named(
    picture: Path, monkeypatch: pytest.MonkeyPatch, writer: Callable[[Path], object]
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: shutil.rmtree(picture.parent))
    with pytest.raises(UnwritableFileError) as caught:
        writer(picture)
    assert str(caught.value) == f"{picture}: it cannot be written (No such file or directory)"
    assert not picture.parent.exists()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null")])
def test_a_pipe_or_a_device_is_not_replaced(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "a.png"
    make(path)
    with pytest.raises(UnwritableFileError) as caught:
        write_atomically(path, (b"x",))
    assert str(caught.value) == f"{path}: refusing to replace a pipe or device"
    assert not path.is_file()


@pytest.mark.parametrize(
    ("prepare", "reason", "left"),
    [
        ("cat /dev/zero >full", "No space left on device", ["a.png", "full"]),
        ("mount -o remount,ro none .", "Read-only file system", ["a.png"]),
    ],
)
def test_a_real_disk_that_is_full_or_read_only(picture: Path, prepare: str, reason: str, left: list[str]) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("this system has no unshare")
    script = (
        "mkdir disk && mount -t tmpfs -o size=16k none disk || exit 77\n"
        f"cd disk; cp ../a.png .; {prepare} 2>../noise\n"
        f"'{sys.executable}' -m latentpng strip a.png; code=$?; cmp a.png ../a.png >&2; ls -A; exit $code"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(latentpng.__file__).parents[1])}
    shell = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    ran = subprocess.run(shell, cwd=picture.parent, env=environment, capture_output=True, text=True, timeout=60)
    if ran.returncode == 77 or ran.stderr.startswith("unshare:"):
        pytest.skip("file systems cannot be mounted here")
    assert ran.stderr == f"latentpng: a.png: it cannot be written ({reason})\n"
    assert (ran.returncode, ran.stdout.split()) == (ExitCode.UNWRITABLE, left)


def test_a_folder_without_permission(picture: Path) -> None:
    picture.parent.chmod(0o555)
    try:
        if os.access(picture.parent, os.W_OK):
            pytest.skip("permissions do not bind this user")
        with pytest.raises(UnwritableFileError) as caught:
            strip(picture)
    finally:
        picture.parent.chmod(0o755)
    assert str(caught.value) == f"{picture}: it cannot be written (Permission denied)"


def test_the_command_reports_it_in_one_sentence(
    picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = picture.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for arguments in (["strip", str(picture)], ["copy", str(picture), str(picture)]):
        assert main(arguments) == ExitCode.UNWRITABLE
        assert capsys.readouterr() == (
            "", f"latentpng: {picture}: it cannot be written (No space left on device)\n"
        )  # fmt: skip
    assert (names(picture.parent), picture.read_bytes()) == (["a.png"], before)
