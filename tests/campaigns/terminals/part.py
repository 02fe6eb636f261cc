"""Terminals that stop reading, odd terminals and environments, garbage typed, and commands without their streams."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.attack.part import Outcome, Part, Room
from tests.campaigns.terminals import commands, odd, stalls

_ROUND: tuple[str | Callable[[int, Path], Outcome], ...] = (
    *("commands", "stalls", odd.environment, odd.size, odd.garbage),
    *("commands", odd.size, odd.garbage, "commands"),
)


@dataclass(frozen=True, slots=True)
class Terminals:
    """The attack."""

    room: Room

    def __call__(self, number: int) -> Outcome:
        """Try a case: the number decides all of it."""
        turn, place = divmod(number, len(_ROUND))
        case, home = _ROUND[place], self.room.scratch / f"case-{number}"
        own_number = turn * _ROUND.count(case) + _ROUND[:place].count(case)
        if callable(case):
            outcome = case(own_number, home)
        elif case == "stalls":
            outcome = stalls.stall(own_number, home, is_quick=self.room.is_quick)
        else:
            outcome = commands.streams(own_number, home)
        if outcome.faults:
            shutil.copytree(home, self.room.kept / home.name, symlinks=True, dirs_exist_ok=True)
        for folder, _, _ in os.walk(home):
            os.chmod(folder, 0o755)  # noqa: PTH101 (some cases take the permission to write away)
        shutil.rmtree(home)
        return outcome


@contextmanager
def begin(room: Room) -> Iterator[Terminals]:
    """Import everything once; most apps are forked from this process."""
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")  # Textual reads it when it is imported
    import tui.app.app  # noqa: F401 (for the processes that are forked)

    yield Terminals(room)


PART = Part(begin=begin, cases=1600, quick_cases=5)
