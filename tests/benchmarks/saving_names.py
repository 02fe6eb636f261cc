"""How long saving takes in a folder that holds very many files: `python -m tests.benchmarks.saving_names [FILES]`.

A search is begun in a folder with FILES (10,000) pictures of earlier searches, five pictures are picked, and it is
ended; then a hundred pictures are saved one after the other.  Compare with the figures for an empty folder.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from engine.open import open_prompt
from engine.options import Options
from engine.search.answers import Picked
from engine.search.folder import PictureFolder
from tests.engine.search.test_folder import made
from tests.support.engine.searching import Running
from tui.commands.output import say

PICKS, SAVED = 5, 100


def measure(files: int) -> tuple[float, float, float]:
    """Return the seconds of a search with five picks, of its end, and of one of a hundred saves after the first one.

    Args:
        files: The number of files in the folder.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "s")
        folder.mkdir()
        for number in range(1, files + 1):
            (folder / f"{number:05d}-round3.png").touch()
        begun = time.perf_counter()
        running = Running(open_prompt(Options(seed=5), "a lake"), folder)
        running.finish()
        for _ in range(PICKS):
            running.tell(Picked(marks=(1,)))
        picked = time.perf_counter()
        running.close()
        ended = time.perf_counter()
        saving = PictureFolder(folder)
        saving.save(*made(0)).result()
        first = time.perf_counter()
        for seed in range(1, SAVED + 1):
            saving.save(*made(seed)).result()
        last = time.perf_counter()
        saving.close()
    return picked - begun, ended - picked, (last - first) / SAVED


def main(files: int = 10_000) -> None:
    """Measure with an empty folder and with a full one, and print the figures."""
    measure(0)
    for each in (0, files):
        picks, end, save = measure(each)
        say(f"{each:,} files: {PICKS} picks {picks:.3f} s, end {end:.3f} s, a save {save * 1000:.2f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
