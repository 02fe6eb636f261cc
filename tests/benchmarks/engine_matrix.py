"""Check for every tiny model family and every scheduler it can use that the same noise gives the same picture.

    python -m tests.benchmarks.engine_matrix [FAMILY ...]

Each pair of family and scheduler is rendered alone, in a batch and in a fresh process.  The check prints tables in
Markdown, with a tick or the number of a reason in each cell; without names it runs every family, as `make matrix` does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import diffusers
import torch

from tests.support.engine.families.catalogue import FAMILIES
from tests.support.engine.matrix import OWN, Cell, check, check_prompt, loaded_family, rendered_again, schedulers_of

PASSED, ABSENT = "✓", "–"
NOT_OFFERED = """Not offered: EDMEuler (for models whose input is scaled differently); for flow models DEISMultistep and
SASolver (in diffusers 0.42 they stop one sigma early, so noise remains), and all that support no flow."""


def cells_of(family: str, folder: Path) -> tuple[list[Cell], bool]:
    """Return all cells of a family, checked in this process only, and whether it is a flow model."""
    start = time.perf_counter()
    loaded = loaded_family(family, folder)
    cells = [check(loaded, family, scheduler, folder) for scheduler in schedulers_of(loaded)]
    cells.append(check_prompt(loaded, family, folder))
    print(f"{family}: {len(cells)} rows, {time.perf_counter() - start:.0f} s", file=sys.stderr)
    return cells, loaded.own.is_flow


def table(cells: list[Cell], reasons: list[str]) -> str:
    """Return a table in Markdown: rows are schedulers, columns are families.

    Args:
        cells: The cells, in the order of the columns.
        reasons: The reasons for failures so far; new ones are appended, and cells refer to them by number.
    """
    families = list(dict.fromkeys(cell.family for cell in cells))
    rows = sorted({cell.scheduler for cell in cells}, key=lambda name: (name != OWN, name))
    marks = {(cell.family, cell.scheduler): mark(cell, reasons) for cell in cells}
    lines = [f"| | {' | '.join(families)} |", "|---|" + ":-:|" * len(families)]
    lines += [f"| {row} | {' | '.join(marks.get((family, row), ABSENT) for family in families)} |" for row in rows]
    return "\n".join(lines)


def mark(cell: Cell, reasons: list[str]) -> str:
    """Return the text of a cell: a tick, or the number of the reason why the check failed."""
    if not cell.reason:
        return PASSED
    if cell.reason not in reasons:
        reasons.append(cell.reason)
    return f"({reasons.index(cell.reason) + 1})"


def main(families: list[str]) -> None:
    """Check the named families, or all of them, and print the tables."""
    if unknown := [family for family in families if family not in FAMILIES]:
        sys.exit(f"there is no family {unknown[0]!r}; known are {', '.join(FAMILIES)}")
    kinds: dict[bool, list[Cell]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for family in families or FAMILIES:
            cells, is_flow = cells_of(family, folder)
            kinds[is_flow] += cells
        again = rendered_again(folder)
    reasons: list[str] = []
    for is_flow, cells in kinds.items():
        whole = [cell if cell.reason else replace(cell, reason=again[cell.family, cell.scheduler]) for cell in cells]
        if whole:
            passed = sum(not cell.reason for cell in whole)
            kind = "follow a flow" if is_flow else "predict noise or v"
            print(f"\nFamilies that {kind}: {passed} of {len(whole)} pass.\n\n{table(whole, reasons)}")
    print("\n" + "\n".join([*(f"({number}) {reason}" for number, reason in enumerate(reasons, 1)), NOT_OFFERED]))
    print(f"diffusers {diffusers.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main(sys.argv[1:])
