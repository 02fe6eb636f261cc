"""Try single cases again, and print what they break.

    python -m tests.campaigns.sessions NUMBER [NUMBER ...]

The number of a case decides everything but the moments, which depend on the machine too.  What a case with a fault has
left is kept in build/attack/sessions.  The exit code is 1 if a promise was broken.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.campaigns.attack.part import Room
from tests.campaigns.sessions.part import PART

_KEPT = Path(__file__).parents[3] / "build" / "attack" / "sessions"


def main() -> int:
    """Try the cases."""
    faults = 0
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="attack-sessions-") as scratch,
        PART.begin(Room(scratch=Path(scratch), kept=_KEPT, is_quick=False)) as attack,
    ):
        for number in map(int, sys.argv[1:]):
            outcome = attack(number)
            faults += len(outcome.faults)
            print(f"{number} {outcome.kind}: {len(outcome.faults)} faults", *outcome.faults, sep="\n  ", flush=True)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
