"""The folder of the socket: private, real, ours, or refused."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from engine.errors import KeptWorkerError
from engine.kept.address import MAX_SOCKET_BYTES, Address, address, check_folder, create_folder


def refusal(folder: Path) -> str:
    with pytest.raises(KeptWorkerError) as caught:
        check_folder(Address(folder=folder))
    return str(caught.value)


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("WARMER_RUNTIME_DIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return monkeypatch


def test_the_folder_is_the_one_that_is_named_else_the_sessions_else_one_of_the_user(
    tmp_path: Path, unset: pytest.MonkeyPatch
) -> None:
    assert address().folder == Path(tempfile.gettempdir()) / f"warmer-{os.getuid()}"
    unset.setenv("XDG_RUNTIME_DIR", str(tmp_path / "is not there"))
    assert address().folder == Path(tempfile.gettempdir()) / f"warmer-{os.getuid()}"
    unset.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert address().folder == tmp_path / "warmer"
    unset.setenv("WARMER_RUNTIME_DIR", str(tmp_path / "own"))
    assert address() == Address(folder=tmp_path / "own")
    assert (address().socket, address().lock) == (tmp_path / "own/worker.sock", tmp_path / "own/worker.lock")


def test_the_folder_is_created_for_this_user_alone_whatever_the_umask(tmp_path: Path) -> None:
    place = Address(folder=tmp_path / "a" / "b")
    before = os.umask(0)
    try:
        create_folder(place)
    finally:
        os.umask(before)
    assert place.folder.stat().st_mode & 0o7777 == 0o700
    create_folder(place)


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o770, 0o777, 0o750, 0o1777])
def test_a_folder_that_lets_others_in_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(mode)
    assert refusal(folder) == (
        f"{folder}: the folder for the socket of the worker has the mode {mode:04o}, which lets other users in: "
        f"run `chmod 700 {folder}`"
    )
    with pytest.raises(KeptWorkerError, match="lets other users in"):
        create_folder(Address(folder=folder))
    assert folder.stat().st_mode & 0o7777 == mode


def test_a_symlink_is_refused_even_to_a_private_folder_and_so_is_a_file(tmp_path: Path) -> None:
    real, link, file = tmp_path / "real", tmp_path / "link", tmp_path / "file"
    real.mkdir(mode=0o700)
    link.symlink_to(real)
    file.write_bytes(b"")
    for path in (link, file):
        assert refusal(path) == (
            f"{path}: the folder for the socket of the worker is a symlink or no folder: remove it"
        )
    with pytest.raises(KeptWorkerError):
        create_folder(Address(folder=link))


def test_the_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert refusal(tmp_path) == (
        f"{tmp_path}: the folder for the socket of the worker belongs to the user {owner}: "
        "name a different one by WARMER_RUNTIME_DIR"
    )


def test_a_folder_that_is_not_there_or_cannot_be_created(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == f"{tmp_path}/none: No such file or directory"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeptWorkerError) as caught:
        create_folder(Address(folder=tmp_path / "file" / "run"))
    assert str(caught.value) == (
        f"{tmp_path}/file/run: this folder for the socket of the worker cannot be created: File exists"
    )


def test_a_path_that_is_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    rest = MAX_SOCKET_BYTES - len(os.fsencode(tmp_path)) - len("//worker.sock")
    fits, long = tmp_path / ("a" * rest), tmp_path / ("a" * (rest + 1))
    for folder in (fits, long):
        folder.mkdir(mode=0o700)
    check_folder(Address(folder=fits))
    assert refusal(long) == (
        f"{long}/worker.sock: the path of a socket has at most {MAX_SOCKET_BYTES} bytes: "
        "name a shorter folder by WARMER_RUNTIME_DIR"
    )
