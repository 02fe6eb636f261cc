"""The runner of the campaign counts what parts find, fails when a promise was broken, and goes on where it stopped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.campaigns.attack import __main__ as attack_main
from tests.campaigns.attack import running
from tests.campaigns.attack.part import PARTS, Attack, Outcome, Part, Room, load
from tests.campaigns.attack.running import Results, run_part
from tests.campaigns.attack.table import lines


@contextmanager
def begun(room: Room) -> Iterator[Attack]:
    def attack(number: int) -> Outcome:
        (room.scratch / f"{number}").touch()
        if number == 2:
            raise ZeroDivisionError
        if number == 4:
            return Outcome(kind="rare", missing="there is no such thing here")
        return Outcome(kind="often", faults=("it broke",) * (number == 3), maxima={"ms": float(10 - number)})

    yield attack


@pytest.fixture
def _one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "load", lambda _: Part(begin=begun, cases=6, quick_cases=2))


@pytest.mark.usefixtures("_one_part")
def test_a_run_that_was_stopped_goes_on_and_counts_everything_once(tmp_path: Path) -> None:
    first = run_part("it", tmp_path, cases=None, seconds=60, is_quick=True)
    again = run_part("it", tmp_path, cases=None, seconds=60, is_quick=False)
    assert (first.next, again.next) == (2, 6)
    assert again == Results.read(tmp_path / "it.json")
    assert {kind: (row.cases, row.faults) for kind, row in again.rows.items()} == {
        "often": (4, 1),
        "unexpected errors": (1, 1),
        "rare": (0, 0),
    }
    assert again.rows["often"].maxima == {"ms": 10.0}
    assert again.rows["unexpected errors"].examples == ["case 2: ZeroDivisionError()"]


@pytest.mark.usefixtures("_one_part")
def test_no_case_begins_after_the_time_is_over(tmp_path: Path) -> None:
    assert run_part("it", tmp_path, cases=None, seconds=0, is_quick=False).next == 0


@pytest.mark.usefixtures("_one_part")
def test_the_table_has_a_row_for_each_kind_and_names_what_was_not_tried(tmp_path: Path) -> None:
    table = list(lines({"it": run_part("it", tmp_path, cases=None, seconds=60, is_quick=False)}))
    assert "| it | often | 4 | 1 | 10 ms |" in table
    assert "| it | rare | not tried | 0 | there is no such thing here |" in table
    assert "fault of it, often: it broke" in table


@pytest.mark.parametrize(("rows", "code"), [({}, 0), ({"it": running.Row(cases=1, faults=1)}, 1)])
def test_the_exit_code_says_whether_a_promise_was_broken(
    rows: dict[str, running.Row], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(name: str, _: object) -> int:
        Results(rows=rows).write(tmp_path / f"{name}.json")
        return 0

    monkeypatch.setattr(attack_main, "FOLDER", tmp_path)
    monkeypatch.setattr(attack_main, "_run_in_process", found)
    monkeypatch.setattr(sys, "argv", ["attack", "disk"])
    assert attack_main.main() == code


@pytest.mark.parametrize("name", PARTS)
def test_every_part_has_more_cases_than_its_short_run(name: str) -> None:
    part = load(name)
    assert 0 < part.quick_cases <= part.cases
