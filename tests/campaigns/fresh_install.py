"""A new virtual environment that holds the wheel of `latentpng` alone: its commands answer as those of this tree.

    python -m tests.campaigns.fresh_install    # after `make dist`; pip fetches NumPy, Pillow and zstandard

The exit code is the number of problems.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

from latentpng import __version__
from tests.support.wheels import ROOT, Answer, answers, without_this_tree

WHEEL = ROOT / "dist" / f"latentpng-{__version__}-py3-none-any.whl"
EXPECTED = ["latentpng", "numpy", "pillow", "zstandard"]


def main() -> int:
    """Install, run every command, and print what is found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / "bin"
        installed = _install(str(programs / "python"))
        found = answers([str(programs / "latentpng")], folder / "wheel", without_this_tree())
        expected = answers([sys.executable, "-m", "latentpng"], folder / "tree", {"PYTHONPATH": str(ROOT)})
    problems = [*_strange(installed), *_differences(found, expected)]
    print("\n".join(problems) or f"{len(found)} commands answer as those of this tree")
    return len(problems)


def _install(python: str) -> str:
    """Install the wheel; return what `pip freeze` lists then."""
    install = [python, "-m", "pip", "install", "--constraint", str(ROOT / "constraints.txt"), str(WHEEL)]
    subprocess.run(install, check=True, env=without_this_tree())
    use = "import latentpng; latentpng.read, latentpng.replay, latentpng.verify, latentpng.write"
    subprocess.run([python, "-c", use], check=True, env=without_this_tree(), cwd=Path(python).parent)
    freeze = [python, "-m", "pip", "freeze"]
    return subprocess.run(freeze, check=True, env=without_this_tree(), capture_output=True, text=True).stdout


def _strange(installed: str) -> Iterator[str]:
    print("", "pip freeze:", installed, sep="\n")
    names = sorted(line.replace("==", " ").split()[0] for line in installed.splitlines())
    if names != EXPECTED:
        yield f"expected {EXPECTED} and nothing else"


def _differences(found: list[Answer], expected: list[Answer]) -> Iterator[str]:
    for answer, wanted in zip(found, expected, strict=True):
        print(f"latentpng {answer.command}: exit code {answer.exit_code}, {len(answer.stdout):,} characters")
        if answer != wanted or answer.exit_code:
            yield f"{answer} instead of {wanted}"


if __name__ == "__main__":
    sys.exit(main())
