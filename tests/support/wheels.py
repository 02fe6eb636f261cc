"""The two distributions, built from this tree, and commands of `latentpng` whose answers tell whether it works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.foreign.samples import SAMPLES
from tests.support.foreign.samples_files import png_of

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "inspect seeded.png",
    "inspect a1111.png",
    "inspect --json .",
    "verify .",
    "extract seeded.png -o root.npy --round 0",
    "tree .",
    "import a1111.png -o rebuilt.png",
    "verify rebuilt.png",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one command printed and how it ended."""

    command: str
    exit_code: int
    stdout: str
    stderr: str


def build_wheels(folder: Path) -> tuple[Path, Path]:
    """Build both wheels with this interpreter's hatchling, without the network; return latentpng's and warmer's."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(folder), "./latentpng", "."], check=True, cwd=ROOT)
    (latentpng,), (warmer,) = folder.glob("latentpng-*.whl"), folder.glob("warmer-*.whl")
    return latentpng, warmer


def answers(program: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[Answer]:
    """Run every command of `COMMANDS` in `folder`, which gets the test vectors and a picture of another tool."""
    folder.mkdir()
    for vector in (ROOT / "tests" / "vectors").glob("*.png"):
        shutil.copy(vector, folder)
    (folder / "a1111.png").write_bytes(png_of(SAMPLES["a1111"].texts))
    return [_answer(program, command, folder, environment) for command in COMMANDS]


def without_this_tree() -> dict[str, str]:
    """The environment of a process that must not find the packages of this tree."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _answer(program: Sequence[str], command: str, folder: Path, environment: Mapping[str, str]) -> Answer:
    done = subprocess.run(
        [*program, *command.split()], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return Answer(command=command, exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)
