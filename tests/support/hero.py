"""Make the animations of the documents: real searches with the model that ships, answered by an oracle.

    python -m tests.support.hero docs/images/way.webp [--seed N] [--target N] [--prompt P]
    python -m tests.support.hero docs/images/quarters.webp --by quarters

The oracle has a picture in mind, that of the seed --target, and takes what looks more like it from afar.  The first
animation is made by `warmer film`: the way to the picture that was found.  The second one shows each grid as it is
answered.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from engine.options import Options
from engine.worker.client import WorkerRenderer
from tests.support.oracle_search import ByQuarters, ByWhole, Searching
from tests.support.quarters_film import write_film
from tui.cli import run_command

WHOLE, QUARTERS = "whole", "quarters"
PICKS = {WHOLE: 8, QUARTERS: 7}
SCALES = {WHOLE: 0.6, QUARTERS: 0.5}
FILM = ("--words", "--size", "576", "--frames", "16", "--fps", "20")


def main() -> None:
    """Search, and show the way."""
    parser = argparse.ArgumentParser(description="Make an animation of the documents.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--by", choices=(WHOLE, QUARTERS), default=WHOLE, help="what the oracle judges")
    parser.add_argument("--prompt", default="a lighthouse at sunset, a boat, a large sun")
    parser.add_argument("--seed", type=int, default=7, help="the seed of the first picture")
    parser.add_argument("--target", type=int, default=30, help="the seed of the picture in mind")
    parser.add_argument("--picks", type=int, help="the picks of the search")
    parser.add_argument("--size", default="192x128")
    parser.add_argument("--scale", type=float)
    parser.add_argument("--film", nargs=argparse.REMAINDER, default=[], help="more options of `warmer film`")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    options = Options(seed=given.seed, size=(width, height), scale=given.scale or SCALES[given.by])
    with tempfile.TemporaryDirectory() as folder:
        searching = Searching(options, given.prompt, Path(folder))
        try:
            target = searching.picture_of(given.target)
            oracle = ByWhole(target) if given.by == WHOLE else ByQuarters(target)
            recording = searching.run(oracle, given.picks or PICKS[given.by])
        finally:
            searching.close()
        if given.by == QUARTERS:
            write_film(given.out, recording, target)
        else:
            words = [str(recording.file), "--out", str(given.out), "--force", *FILM, *given.film]
            run_command("film", words, WorkerRenderer)


if __name__ == "__main__":
    main()
