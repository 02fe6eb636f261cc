"""What an attack is made of: parts, each of which tries one case after another."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

PARTS = ("sessions", "disk", "ssh", "files", "models", "sockets", "long_life", "terminals")
"""The parts, in the order of the table: each is the `PART` of `tests.campaigns.NAME.part`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one case showed.

    Attributes:
        kind: What was attacked, and how: the row of the table that counts the case.
        faults: A sentence for each broken promise, with the file or the seed that shows it; () when all were kept.
        maxima: Measurements of the case by their name with its unit ("ms", "MiB"); the table has the largest.
        missing: Why the case could not be tried on this machine; "" if it was.  It is then not counted as a case.
    """

    kind: str
    faults: tuple[str, ...] = ()
    maxima: Mapping[str, float] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Where a part works.

    Attributes:
        scratch: An empty folder that is removed at the end.
        kept: A folder for the inputs that show a fault, which stays.
        is_quick: Whether it is the short run, in which expensive preparations are left out.
    """

    scratch: Path
    kept: Path
    is_quick: bool


class Attack(Protocol):
    """Tries one case."""

    def __call__(self, number: int) -> Outcome:
        """Try the case of a number.

        Args:
            number: From 0 on; the same number is the same case in every run, so that a fault can be tried again.

        Raises:
            Exception: Whatever nobody expected; it counts as a fault.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of the campaign.

    Attributes:
        begin: Prepares the attack in a room, and cleans up when it is over.
        cases: How many cases a full run tries.
        quick_cases: How many cases the short run tries, which should take about ten seconds of one core.
    """

    begin: Callable[[Room], AbstractContextManager[Attack]]
    cases: int
    quick_cases: int


def load(name: str) -> Part:
    """Return the part of a name in `PARTS`."""
    return cast("Part", importlib.import_module(f"tests.campaigns.{name}.part").PART)
