"""`latentpng extract`: where it writes the noise, in which format, and what it does not replace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentpng.cli import main
from latentpng.noise.replay import ancestor_noise, digest
from tests.support.latentpng.running import RECORD


@pytest.mark.parametrize("name", [".", "/", "", "nothing/"])
@pytest.mark.usefixtures("folder")
def test_extract_of_no_file_is_one_sentence(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["extract", name]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_extract_takes_files_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", str(folder)]) == 3
    assert capsys.readouterr().err == f"latentpng: {folder}: it cannot be read (Is a directory)\n"


@pytest.mark.parametrize(("arguments", "name", "rounds"), [([], "a.npy", 2), (["--round", "1"], "a.round-1.npy", 1)])
def test_extract_writes_beside_the_picture(folder: Path, arguments: list[str], name: str, rounds: int) -> None:
    assert main(["extract", "a.png", *arguments]) == 0
    noise = np.load(folder / name)
    assert noise.dtype == np.float16
    assert digest(noise) == digest(ancestor_noise(RECORD, rounds))


def test_extract_replaces_a_file_only_by_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.npy").write_bytes(b"mine")
    assert main(["extract", "a.png", "-o", "x.npy"]) == 9
    assert (
        capsys.readouterr().err
        == "latentpng: x.npy: this file exists already; choose another --out, or add --force to replace it\n"
    )
    assert (folder / "x.npy").read_bytes() == b"mine"
    assert main(["extract", "a.png", "-o", "x.npy", "--force"]) == 0
    assert np.load(folder / "x.npy").shape == (2, 8, 8)


def test_extract_writes_safetensors(folder: Path) -> None:
    from safetensors.numpy import load_file

    assert main(["extract", "a.png", "--round", "0", "-o", "x.safetensors"]) == 0
    (name,) = tensors = load_file(folder / "x.safetensors")
    assert name == "noise"
    assert digest(tensors["noise"]) == digest(ancestor_noise(RECORD, 0))
