"""Messages go up and values come down: screens and widgets know nothing of the app, and nothing polls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App

import tui

ROOT = Path(tui.__file__).parent
ALL = sorted(ROOT.rglob("*.py"))
BELOW_THE_APP = [path for path in ALL if path.is_relative_to(ROOT / "app" / "screens")]
BELOW_THE_APP += [path for path in ALL if path.is_relative_to(ROOT / "app" / "widgets")]
MEMBERS = {*dir(App), *vars(App())}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports anywhere, also for type checking alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def members_of_the_app(tree: ast.AST) -> Iterator[str]:
    """The members of `self.app` that a file uses."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr="app"), attr=member):
                yield member


def test_there_are_files_to_look_at() -> None:
    assert len(BELOW_THE_APP) > 8


@pytest.mark.parametrize("path", BELOW_THE_APP, ids=names(BELOW_THE_APP))
def test_screens_and_widgets_do_not_know_the_app(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert "tui.app.app" not in imported(tree)
    assert [member for member in members_of_the_app(tree) if member not in MEMBERS] == []


@pytest.mark.parametrize("path", ALL, ids=names(ALL))
def test_nothing_polls(path: Path) -> None:
    called = [node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    assert "set_interval" not in called
