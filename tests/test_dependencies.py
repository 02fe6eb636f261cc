"""The lower bounds of dependencies are those that docs/dependencies.md gives a reason for, in both distributions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def _reasons() -> dict[str, str]:
    page = (ROOT / "docs/dependencies.md").read_text("utf-8")
    return dict(re.findall(r"^\| ([a-z]+) \| ([\d.]+) \|", page, re.MULTILINE))


def _requirements() -> list[Requirement]:
    ours, library = (
        tomllib.loads((ROOT / name).read_text("utf-8")) for name in ("pyproject.toml", "latentpng/pyproject.toml")
    )
    needed = [
        *ours["tool"]["hatch"]["metadata"]["hooks"]["custom"]["dependencies"],
        *library["project"]["dependencies"],
    ]
    optional = [one for extra in ours["project"]["optional-dependencies"].values() for one in extra]
    return [Requirement(text) for text in (*needed, *optional)]


def _lower_bound(requirement: Requirement) -> str:
    return next(one.version for one in requirement.specifier if one.operator == ">=")


REASONS = _reasons()


@pytest.mark.parametrize("name", sorted(REASONS))
def test_a_bound_that_closes_a_hole_is_in_force_wherever_the_library_is_named(name: str) -> None:
    bounds = {_lower_bound(requirement) for requirement in _requirements() if requirement.name == name}
    assert bounds == {REASONS[name]}


def test_the_versions_that_are_tested_satisfy_every_bound() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE))
    named = {requirement.name.casefold(): requirement for requirement in _requirements()}
    tested = {name.casefold(): version for name, version in pinned.items() if name.casefold() in named}
    assert {name for name, version in tested.items() if not named[name].specifier.contains(Version(version))} == set()
    assert set(REASONS) <= set(tested)
