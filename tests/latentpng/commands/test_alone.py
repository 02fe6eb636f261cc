"""`latentpng` installed without `warmer`: every command works, and `verify --render` says what it needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentpng.png.chunks import build
from latentpng.png.pixels import encode_pixels
from tests.support.latentpng.alone import python_alone
from tests.support.latentpng.pictures import RGB, SIDE
from tests.support.latentpng.running import RECORD

A1111 = b"parameters\0a dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64, Model: v1-5, Version: v1"
IMPORT_ALL = """\
import importlib, pkgutil, sys
import latentpng

names = [module.name for module in pkgutil.walk_packages(latentpng.__path__, "latentpng.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names) > 40, {"torch", "engine", "tui"} & set(sys.modules))
"""


@pytest.fixture
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the module that hides other packages, apart from the pictures."""
    return tmp_path_factory.mktemp("hiding")


def test_other_packages_are_hidden(hiding: Path) -> None:
    code = "import importlib.util; print([bool(importlib.util.find_spec(name)) for name in ('tui', 'torch', 'numpy')])"
    assert python_alone(hiding, "-c", code).stdout == "[False, False, True]\n"


def test_every_module_can_be_imported(hiding: Path) -> None:
    ran = python_alone(hiding, "-c", IMPORT_ALL)
    assert (ran.stdout, ran.stderr) == ("True set()\n", "")


@pytest.mark.slow
def test_every_command_works(folder: Path, hiding: Path) -> None:
    plain = encode_pixels(SIDE, SIDE, RGB)
    (folder / "plain.png").write_bytes(plain)
    (folder / "other.png").write_bytes(plain[:33] + build(b"tEXt", A1111) + plain[33:])
    np.save(folder / "noise.npy", RECORD.tensor)
    for arguments in (
        ["inspect", "a.png", "other.png"],
        ["extract", "a.png", "-o", "x.npy"],
        ["verify", "-j", "2", "a.png", "a.png"],
        ["copy", "a.png", "plain.png", "-o", "copied.png"],
        ["embed", "plain.png", "--noise", "noise.npy", "-o", "embedded.png"],
        ["import", "other.png", "-o", "imported.png"],
        ["tree", "."],
        ["diff", "a.png", "copied.png"],
        ["strip", "a.png", "-o", "stripped.png"],
    ):
        ran = python_alone(hiding, "-m", "latentpng", *arguments)
        assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("form", [[], ["--json"], ["-j", "2"]])
@pytest.mark.usefixtures("folder")
def test_rendering_again_needs_warmer(hiding: Path, form: list[str]) -> None:
    ran = python_alone(hiding, "-m", "latentpng", "verify", "--render", *form, "a.png")
    sentence = "verify --render needs the package warmer, which is not installed: pip install warmer"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"latentpng: {sentence}\n")
