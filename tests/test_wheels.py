"""What the two distributions hold, and that each works without the rest of this tree."""

from __future__ import annotations

import subprocess
import sys
import venv
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from latentpng import __version__
from tests.support.wheels import ROOT, answers, build_wheels, without_this_tree

pytestmark = pytest.mark.slow
WEIGHTS = "engine/embedded/model/unet/diffusion_pytorch_model.safetensors"
NEEDED = ("numpy", "pillow", "zstandard")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build_wheels(tmp_path_factory.mktemp("dist"))


def files_of(wheel: Path) -> set[str]:
    """The names of all files in a wheel."""
    return set(ZipFile(wheel).namelist())


def sources_of(*packages: str) -> set[str]:
    """The Python files of packages of this tree, relative to it."""
    return {str(path.relative_to(ROOT)) for package in packages for path in (ROOT / package).rglob("*.py")}


def requirements_of(wheel: Path) -> list[str]:
    """What the metadata of a wheel require, without the extras."""
    (metadata,) = (name for name in files_of(wheel) if name.endswith("dist-info/METADATA"))
    required = Parser().parsestr(ZipFile(wheel).read(metadata).decode()).get_all("Requires-Dist", [])
    return [requirement for requirement in required if "extra ==" not in requirement]


def test_the_wheel_of_the_format_holds_one_package_and_its_law(wheels: tuple[Path, Path]) -> None:
    files = files_of(wheels[0])
    assert {name.split("/")[0] for name in files} == {"latentpng", f"latentpng-{__version__}.dist-info"}
    assert files >= sources_of("latentpng") | {"latentpng/SPEC.md", "latentpng/py.typed"}
    assert [requirement.partition(">")[0] for requirement in requirements_of(wheels[0])] == list(NEEDED)


def test_the_wheel_of_the_program_holds_no_format_and_no_training(wheels: tuple[Path, Path]) -> None:
    files = files_of(wheels[1])
    assert {name.split("/")[0] for name in files} == {"engine", "tui", f"warmer-{__version__}.dist-info"}
    training = {name for name in sources_of("engine") if "/training/" in name}
    assert training
    assert {name for name in files if "training" in name} == set()
    assert files >= sources_of("engine", "tui") - training | {"engine/py.typed", "tui/py.typed", "tui/app/theme.tcss"}
    assert WEIGHTS in files
    assert files >= {str(path.relative_to(ROOT)) for path in (ROOT / "engine" / "models" / "configs").iterdir()}
    licences = {name.partition("/licenses/")[2] for name in files if "/licenses/" in name}
    assert licences == {"LICENSE", "engine/models/configs/LICENSE-CLIP", "engine/models/configs/NOTICE"}
    assert f"latentpng=={__version__}" in requirements_of(wheels[1])


def test_the_format_works_beside_its_three_requirements_alone(wheels: tuple[Path, Path], tmp_path: Path) -> None:
    python = environment_of(tmp_path / "venv", wheels[0])
    found = answers([python, "-m", "latentpng"], tmp_path / "wheel", without_this_tree())
    expected = answers([sys.executable, "-m", "latentpng"], tmp_path / "tree", {"PYTHONPATH": str(ROOT)})
    assert [answer.exit_code for answer in found] == [0] * len(found)
    assert found == expected
    program = [python, "-m", "latentpng", "verify", "--render", "seeded.png"]
    asked = subprocess.run(program, cwd=tmp_path / "wheel", env=without_this_tree(), capture_output=True, check=False)
    assert asked.returncode == 2
    assert asked.stderr == (
        b"latentpng: verify --render needs the package warmer, which is not installed: pip install warmer\n"
    )


def environment_of(folder: Path, wheel: Path) -> str:
    """A virtual environment with a wheel and links to its requirements; return its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    ZipFile(wheel).extractall(packages)
    for name in NEEDED:
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {".."}:
            (packages / top).symlink_to(str(found.locate_file(top)))
    return str(folder / "bin" / "python")


@pytest.mark.torch
def test_the_program_renders_without_its_training_code(wheels: tuple[Path, Path], tmp_path: Path) -> None:
    for wheel in wheels:
        ZipFile(wheel).extractall(tmp_path / "site")
    environment = without_this_tree() | {"PYTHONPATH": str(tmp_path / "site")}
    program = [sys.executable, "-m", "tui", "new", "--prompt", "a lake", "--seed", "1", "--steps", "1", "--quiet"]
    done = subprocess.run(
        [*program, "--out", "a.png"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.png\n", "")
    where = [sys.executable, "-c", "import engine; print(engine.__file__)"]
    place = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert place.stdout == f"{tmp_path / 'site' / 'engine' / '__init__.py'}\n"
