"""The documents are right: links lead to files, the modules they name exist, examples run, exit codes are complete."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.configuration.read import FOLDERS, PROFILE, TOP, parsed
from engine.options import Options
from engine.profiles import in_force
from latentpng.errors import ExitCode
from tui.exit_codes import HUNG_UP, INTERRUPTED, NO_WORKER

ROOT = Path(__file__).parents[1]
PAGES = (
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "latentpng/SPEC.md")),
    ROOT / "engine/embedded/model/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
MAX_README_LINES = 150


def names_of(pages: tuple[Path, ...]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


@pytest.mark.parametrize("page", PAGES, ids=names_of(PAGES))
def test_relative_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r'(?:\]\(|src=")([^)"\s#]+)', page.read_text("utf-8"))
    relative = [target for target in targets if ":" not in target]
    assert [target for target in relative if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=names_of(PAGES))
def test_every_module_named_in_a_command_exists(page: Path) -> None:
    named = set(re.findall(r"python -m ((?:latentpng|engine|tui|tests)[\w.]*)", page.read_text("utf-8")))
    assert [name for name in sorted(named) if find_spec(name.rstrip(".")) is None] == []


def test_the_page_of_benchmarks_names_each_of_them() -> None:
    page = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    named = set(re.findall(r"`python -m tests\.benchmarks\.(\w+)`", page))
    assert named == {path.stem for path in (ROOT / "tests/benchmarks").glob("[a-z]*_*.py")}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < MAX_README_LINES


def test_the_page_of_exit_codes_lists_each_code_once() -> None:
    page = (ROOT / "docs/exit-codes.md").read_text("utf-8")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == [
        *sorted(ExitCode),
        NO_WORKER,
        HUNG_UP,
        INTERRUPTED,
    ]


def test_the_page_of_the_configuration_lists_each_key_once() -> None:
    page = (ROOT / "docs/configuration.md").read_text("utf-8")
    tables = page.split("## The file")[1].split("\n| key |")[1:]
    listed = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]
    assert [sorted(keys) for keys in listed] == [sorted(keys) for keys in (TOP, FOLDERS, PROFILE)]


def test_the_example_of_the_configuration_is_right() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/configuration.md").read_text("utf-8"), re.DOTALL)
    assert in_force(Options(profile="pony"), parsed(example, Path("config.toml")))[0].value == "ponyMix"


@pytest.mark.parametrize("page", ["README.md", "docs/latentpng.md"])
def test_the_examples_in_python_run(page: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    shutil.copy(ROOT / "tests/vectors/seeded.png", tmp_path / "picture.png")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{example}"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
