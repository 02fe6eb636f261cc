"""Random keys: sessions of 200 random keys on a pseudo-terminal, each of which has to end in a consistent state.

    python -m tests.campaigns.random_keys [SEEDS] [FIRST]    # default: 50 sessions from the seed 0

The exit code is 1 if any session ended with a problem.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.tui.random_keys import play


def main() -> int:
    """Play the sessions and print what is found."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    problems = []
    for seed in range(first, first + seeds):
        with tempfile.TemporaryDirectory() as folder:
            found = play(Path(folder), seed)
        problems += found
        print(f"seed {seed}: {'; '.join(found) or 'consistent'}", flush=True)
    print(f"{seeds} sessions, {len(problems)} problems")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
