"""How long saving takes in a folder with many files: `python -m tests.benchmarks.saving_names [FILES [TIMES]]`.

A search is begun in a folder with FILES (10,000) pictures of earlier searches, five pictures are picked, and it is
ended; then a hundred pictures are saved one after the other.  Compare with the figures for an empty folder.  It is
measured TIMES (5) times, and the least time counts, by the clock and by the processor: other programs only add to it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from engine.search.folder import PictureFolder
from tests.engine.search.test_folder import made
from tests.support.engine.searching import Running
from tui.commands.output import say

PICKS, SAVED = 5, 100


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds by the clock and of the processor.

    Attributes:
        picks: A search with its picks.
        end: Its end.
        save: One of a hundred saves, after the first one.
    """

    picks: tuple[float, float]
    end: tuple[float, float]
    save: tuple[float, float]


def measure(files: int) -> Figures:
    """Measure once.

    Args:
        files: The number of files in the folder.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "s")
        folder.mkdir()
        for number in range(1, files + 1):
            (folder / f"{number:03d}-round3.png").touch()
        times = [_now()]
        running = Running(open_prompt(Options(seed=5), "a lake"), folder)
        running.finish()
        for _ in range(PICKS):
            running.tell(Picked(marks=(1,)))
        times.append(_now())
        running.close()
        times.append(_now())
        saving = PictureFolder(folder)
        saving.save(*made(0)).result()
        times.append(_now())
        for seed in range(1, SAVED + 1):
            saving.save(*made(seed)).result()
        times.append(_now())
        saving.close()
    picks, end, _, saves = (_since(*pair) for pair in pairwise(times))
    return Figures(picks=picks, end=end, save=(saves[0] / SAVED, saves[1] / SAVED))


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    return after[0] - before[0], after[1] - before[1]


def _least(times: Iterable[tuple[float, float]], unit: float = 1.0) -> str:
    clock, processor = (min(each) / unit for each in zip(*times, strict=True))
    return f"{clock:.3f} ({processor:.3f})"


def main(files: int = 10_000, times: int = 5) -> None:
    """Measure with an empty folder and with a full one, and print the figures."""
    measure(0)
    say("least times by the clock, and of the processor in brackets")
    for each in (0, files):
        found = [measure(each) for _ in range(times)]
        picks, end = _least(one.picks for one in found), _least(one.end for one in found)
        save = _least((one.save for one in found), 0.001)
        say(f"{each:,} files: {PICKS} picks {picks} s, end {end} s, a save {save} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
