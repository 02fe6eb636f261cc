"""What is *not* imported at start-up, proved in fresh interpreters."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.imports import imported_by

ROOT = Path(__file__).parents[1]
TORCH = {"torch", "diffusers", "transformers"}
SCREENS = {"textual"}
HEAVY = TORCH | SCREENS
RUNS_WHAT_IT_READS = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle"}
WITH_TORCH = ("engine/diffusion", "engine/embedded")
WITH_SCREENS = ("tui/app", "tui/graphics")


def modules_outside(*folders: str) -> list[str]:
    """Every module of the three packages that does not lie in one of the folders."""
    paths = [
        path.relative_to(ROOT) for package in ("latentpng", "engine", "tui") for path in (ROOT / package).rglob("*.py")
    ]
    outside = [path for path in paths if not any(path.is_relative_to(folder) for folder in folders)]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in outside]
    return sorted(name for name in names if not name.endswith("__main__"))


def first_that_brings(unwanted: set[str], modules: list[str]) -> str:
    """Import the modules one after the other in a fresh interpreter; the first that brings something unwanted."""
    code = (
        "import importlib, sys\n"
        f"for module in {modules!r}:\n"
        "    importlib.import_module(module)\n"
        f"    found = {unwanted!r} & set(sys.modules)\n"
        "    if found:\n"
        "        sys.exit(f'{module} imports {sorted(found)}')\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120).stderr


def test_these_tests_can_fail() -> None:
    assert "json" in imported_by("import json")
    assert first_that_brings({"json"}, ["latentpng.errors", "latentpng.chunk.strict_json"]) == (
        "latentpng.chunk.strict_json imports ['json']\n"
    )


def test_nothing_heavy_is_imported_outside_of_the_folders_for_it() -> None:
    modules = modules_outside(*WITH_TORCH, *WITH_SCREENS)
    assert {name.split(".")[0] for name in modules} == {"latentpng", "engine", "tui"}
    assert first_that_brings(HEAVY, modules) == ""


def test_the_app_imports_no_torch() -> None:
    assert first_that_brings(TORCH, modules_outside(*WITH_TORCH)) == ""


def imports_of(path: Path) -> set[str]:
    """Return the top-level names that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.split(".")[0])
    return found


def test_nothing_is_pickled() -> None:
    """What a message, a file or a cache holds can be read without running anything that it names."""
    files = [path for package in ("latentpng", "engine", "tui") for path in (ROOT / package).rglob("*.py")]
    assert {ROOT / "engine/worker/wire.py", ROOT / "engine/diffusion/main.py"} < set(files)
    assert not [str(path) for path in files if imports_of(path) & RUNS_WHAT_IT_READS]
    assert imports_of(Path(__file__)) >= {"ast", "pytest", "tests"}


@pytest.mark.parametrize("command", ["latentpng.cli", "tui.cli"])
def test_help_needs_next_to_nothing(command: str) -> None:
    code = (
        f"import contextlib, io, {command} as cli\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): cli.main(['--help'])"
    )
    assert imported_by(code).isdisjoint({*HEAVY, "numpy", "PIL", "zstandard", "rich"})


def test_the_contract_allows_torch_in_the_same_folders() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = (
        contract
        for contract in settings["tool"]["importlinter"]["contracts"]
        if "torch" in contract.get("protected_modules", [])
    )
    assert set(contract["protected_modules"]) >= TORCH
    assert contract["allowed_importers"] == [folder.replace("/", ".") for folder in WITH_TORCH]
