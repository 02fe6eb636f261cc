"""Small pictures in the forms of many tools, each with what has to be read from it: tests/cases/foreign."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import latentpng
from latentpng.cli import main

CASES = Path(__file__).parents[2] / "cases" / "foreign"
NAMES = sorted(
    f"{expected.parent.name}/{name}"
    for expected in CASES.glob("*/expected.json")
    for name in json.loads(expected.read_text("utf-8"))
)
SIDES = {"told", "told_not", "human__contains"}


def expected_of(name: str) -> dict[str, Any]:
    kind, file = name.split("/")
    case: dict[str, Any] = json.loads((CASES / kind / "expected.json").read_text("utf-8"))[file]
    return dict(case["expected"])


def found_at(found: dict[str, Any], key: str) -> str:
    """What a field says; of `extra`, everything in it."""
    value = found.get(key, "")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def wrong_fields(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What differs, a line for each field."""
    wrong = []
    for key, value in expected.items():
        field, _, relation = key.partition("__")
        if relation == "contains":
            is_right = value in found_at(found, field)
        elif relation == "absent":
            is_right = field not in found
        elif key == "tool":
            is_right = found.get("tool") in value
        else:
            is_right = found.get(key) == value
        if not is_right:
            wrong.append(f"{key}: {value!r} expected, found {found_at(found, field)!r}")
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_its_fields_are_read(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = expected_of(name)
    code = main(["inspect", "--json", str(CASES / name)])
    printed = capsys.readouterr().out
    found = json.loads(printed).get("foreign", {}) if printed else {}
    assert code == expected.pop("exit", 0)
    assert wrong_fields({k: v for k, v in expected.items() if k not in {*SIDES, "import"}}, found) == []


@pytest.mark.parametrize("name", [name for name in NAMES if SIDES & expected_of(name).keys()])
def test_people_are_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = expected_of(name)
    main(["inspect", str(CASES / name)])
    captured = capsys.readouterr()
    printed = (captured.out + captured.err).casefold()
    assert expected.get("told", "").casefold() in printed
    assert expected.get("human__contains", "").casefold() in printed
    if "told_not" in expected:
        assert expected["told_not"].casefold() not in printed


@pytest.mark.parametrize("name", [name for name in NAMES if "import" in expected_of(name)])
def test_its_noise_is_rebuilt_or_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = expected_of(name)["import"]
    out = tmp_path / "out.png"
    code = main(["import", str(CASES / name), "--out", str(out)])
    printed = capsys.readouterr().err
    if wanted == "refused":
        assert code == 2
        assert not out.exists()
        assert printed.startswith(f"latentpng: {CASES / name}: ")
    elif "channels" in wanted:
        assert code == 0
        assert latentpng.read(out).tensor.shape[0] == wanted["channels"]
    else:
        assert re.search(wanted["told"], printed)
