"""What is *not* imported at start-up, proved in fresh interpreters."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.support.imports import imported_by

HEAVY = ("torch", "diffusers", "transformers", "textual")


ROOT = Path(__file__).parents[1]


def test_this_test_can_fail() -> None:
    assert "json" in imported_by("import json")


@pytest.mark.parametrize(
    "module",
    [
        "latentpng.png.files",
        "latentpng.reports.verify",
        "latentpng.cli",
        "engine.search.running",
        "engine.search.session",
        "engine.search.journal",
        "engine.models.resolve",
        "engine.models.schedulers",
        "engine.worker.client",
        "engine.fake",
        "engine.open",
        "tui.cli",
        "tui.commands.new",
        "tui.commands.vary",
        "tui.commands.render",
        "tui.commands.doctor",
    ],
)
def test_nothing_heavy_is_imported_by(module: str) -> None:
    assert imported_by(f"import {module}").isdisjoint(HEAVY)


def test_the_app_imports_no_torch() -> None:
    assert imported_by("import tui.app.app").isdisjoint({"torch", "diffusers", "transformers"})


@pytest.mark.parametrize("command", ["latentpng.cli", "tui.cli"])
def test_help_needs_next_to_nothing(command: str) -> None:
    code = (
        f"import contextlib, io, {command} as cli\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): cli.main(['--help'])"
    )
    assert imported_by(code).isdisjoint({*HEAVY, "numpy", "PIL", "zstandard", "rich"})


def test_the_contract_on_torch_names_every_folder_that_has_none() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    named = {
        module
        for contract in contracts
        if "torch stays inside" in contract["name"]
        for module in contract["source_modules"]
    }
    there = {f"engine.{path.stem}" for path in (ROOT / "engine").iterdir() if not path.name.startswith("_")}
    assert named == there - {"engine.diffusion", "engine.embedded"} | {"tui"}
