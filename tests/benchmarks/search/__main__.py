"""Simulate people who search for a picture, and print how many grids and keys they need.

    python -m tests.benchmarks.search [--quick | --all | --tune] [--only TEXT] [--rows TEXT,...]
        [--cases N] [--grids N]

docs/search.md says what is simulated.  Finished runs are kept in the cache, so that an interrupted benchmark continues.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.benchmarks.search.cases import CaseSet, cases
from tests.benchmarks.search.plans import EMBEDDED, Section, everything, full, quick, tuning
from tests.benchmarks.search.playing import Trace, play
from tests.benchmarks.search.report import table, title
from tests.benchmarks.search.results import Results, Run
from tests.benchmarks.search.strategies import Strategy
from tests.benchmarks.search.worlds import World, analytic_worlds

CACHE = Path("build/search-benchmark")
STEPS = 4


class Worlds:
    """The worlds by name; each is made when it is needed first."""

    def __init__(self, steps: int) -> None:
        self._steps, self._made = steps, dict[str, World]()

    def __getitem__(self, name: str) -> World:
        """Return a world."""
        if name not in self._made:
            self._made[name] = self._embedded() if name == EMBEDDED else analytic_worlds()[name]()
        return self._made[name]

    def _embedded(self) -> World:
        from tests.benchmarks.search.embedded_world import Embedded  # torch takes seconds, and a cached run needs none

        return Embedded(self._steps)


def main() -> None:
    """Read the command line, play what is not in the cache, and print the tables."""
    given = _arguments()
    sections = quick() if given.quick else everything() if given.all else tuning() if given.tune else full()
    kind = CaseSet.TUNING if given.tune else CaseSet.REPORTED
    worlds, results = Worlds(given.steps), Results(given.cache)
    for section in sections:
        if given.only and given.only not in title(section):
            continue
        chosen = replace(section, count=given.cases or section.count, grids=given.grids or section.grids)
        print(f"\n{title(chosen)}\n", flush=True)
        traces = {
            strategy.name: _traces(results, worlds, kind, chosen, strategy, given.steps)
            for strategy in chosen.strategies
            if not given.rows or any(text in strategy.name for text in given.rows.split(","))
        }
        print(table(chosen, traces), flush=True)


def _traces(
    results: Results, worlds: Worlds, kind: CaseSet, section: Section, strategy: Strategy, steps: int
) -> list[Trace]:
    run = Run(
        world=section.world,
        kind=kind,
        cosine=section.cosine,
        strategy=strategy,
        oracle=section.oracle,
        grids=section.grids,
        steps=steps if section.world == EMBEDDED else 0,
    )
    return results.get(run, range(section.count), partial(_played, worlds, run))


def _played(worlds: Worlds, run: Run, numbers: Sequence[int]) -> list[Trace]:
    begun = time.monotonic()
    some = cases(run.kind, numbers, run.cosine)
    traces = play(worlds[run.world], run.kind, some, run.strategy, run.oracle, run.grids)
    print(f"{run.strategy.name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return traces


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="few cases and grids, about a minute")
    which.add_argument("--all", action="store_true", help="every start, strategy and person")
    which.add_argument("--tune", action="store_true", help="what constants are chosen by, on cases of their own")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the tables whose title has this text")
    parser.add_argument(
        "--rows", default="", metavar="TEXT,...", help="only strategies whose name has one of the texts"
    )
    parser.add_argument("--cases", type=int, default=0, metavar="N", help="another number of cases")
    parser.add_argument("--grids", type=int, default=0, metavar="N", help="another number of grids")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"denoising steps ({STEPS})")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="FOLDER", help=f"finished runs ({CACHE})")
    return parser.parse_args()


if __name__ == "__main__":
    main()
