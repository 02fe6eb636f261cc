"""Runs a part of the campaign: counts its cases, keeps what it found, and goes on later where it stopped."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from latentpng.png.atomic import write_atomically
from tests.campaigns.attack.part import Outcome, Room, load

_SECONDS_BETWEEN_NOTES = 10.0
_MAX_FAULTS = 200  # of a row that are kept; all are counted


@dataclass(slots=True)
class Row:
    """What is known of one kind of case.

    Attributes:
        cases: How many were tried.
        faults: How many broken promises there were.
        examples: The sentences of the first of them.
        maxima: The largest measurements.
        missing: Why such cases could not be tried on this machine; "" if they were.
    """

    cases: int = 0
    faults: int = 0
    examples: list[str] = field(default_factory=list)
    maxima: dict[str, float] = field(default_factory=dict)
    missing: str = ""

    def count(self, outcome: Outcome) -> None:
        """Count a case."""
        self.missing = outcome.missing
        self.cases += not outcome.missing
        self.faults += len(outcome.faults)
        self.examples += outcome.faults[: max(0, _MAX_FAULTS - len(self.examples))]
        for name, value in outcome.maxima.items():
            self.maxima[name] = max(value, self.maxima.get(name, value))


@dataclass(slots=True)
class Results:
    """What a part has found until now; it is kept in a file between runs.

    Attributes:
        next: The number of the next case.
        seconds: How long the cases took, all together.
        commits: The commits that were attacked, the first one first.
        rows: What is known by the kind of case.
    """

    next: int = 0
    seconds: float = 0.0
    commits: list[str] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Results:
        """Return what a file holds; nothing if it does not exist."""
        if not file.exists():
            return cls()
        found = cls(**json.loads(file.read_text("utf-8")))
        found.rows = {kind: Row(**row) for kind, row in found.rows.items()}  # type: ignore[arg-type]  # a dict until now
        return found

    def write(self, file: Path) -> None:
        """Replace the file."""
        write_atomically(file, [json.dumps(asdict(self), indent=1).encode()])


def run_part(name: str, folder: Path, *, cases: int | None, seconds: float, is_quick: bool) -> Results:
    """Try cases of a part, from the one after the last that was tried, and keep what they show.

    Args:
        name: The name of the part.
        folder: Where results are kept, and the inputs that show faults.
        cases: How many are tried in all, with those of earlier runs; None for what the part takes for a full or a short
            run.
        seconds: After how long no new case begins.
        is_quick: Whether it is the short run.
    """
    part, file = load(name), folder / f"{name}.json"
    kept = folder / name
    kept.mkdir(parents=True, exist_ok=True)
    results = Results.read(file)
    wanted = cases if cases is not None else part.quick_cases if is_quick else part.cases
    commit = _commit()
    if commit not in results.commits:
        results.commits.append(commit)
    end, noted, earlier = time.monotonic() + seconds, time.monotonic(), results.seconds
    begun = noted
    with tempfile.TemporaryDirectory(prefix=f"attack-{name}-") as scratch:
        room = Room(scratch=Path(scratch), kept=kept, is_quick=is_quick)
        with part.begin(room) as attack:
            while results.next < wanted and time.monotonic() < end:
                number = results.next
                try:
                    outcome = attack(number)
                except Exception as error:
                    outcome = Outcome(kind="unexpected errors", faults=(f"case {number}: {error!r}",))
                results.rows.setdefault(outcome.kind, Row()).count(outcome)
                results.next = number + 1
                results.seconds = earlier + time.monotonic() - begun
                if time.monotonic() - noted > _SECONDS_BETWEEN_NOTES:
                    results.write(file)
                    noted = time.monotonic()
    results.write(file)
    return results


def _commit() -> str:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return found.stdout.strip() or "unknown"
