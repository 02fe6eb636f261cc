"""The part of the campaign about strangers' files: which kinds of cases there are, and how many of each."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.campaigns.attack.part import Attack, Outcome, Part, Room
from tests.campaigns.files.grown import give_grown, grown
from tests.campaigns.files.kills import Kills
from tests.campaigns.files.latents import MutatedLatents
from tests.campaigns.files.mutations import mutated
from tests.campaigns.files.names import OddNames
from tests.campaigns.files.opening import OpenedPictures
from tests.campaigns.files.photographs import MutatedPhotographs, large
from tests.campaigns.files.programs import run_program
from tests.campaigns.files.tools import MutatedTools, give_to_commands
from tests.campaigns.files.trial import Case, Place, Trial, begun, settled

_SMALL_SIDE, _SIDE = 96, 768  # of the pictures of writers that are killed
_COLLECT_EVERY = 200  # cases

_LARGE = ("grown contents", "large photographs")  # whose memory must not be counted for the next case
_SHARES = (
    ("mutated latents", 38),
    ("metadata of other tools", 26),
    ("opened in the app", 14),
    ("photographs", 14),
    ("grown contents", 4),
    ("file names", 3),
    ("killed writers", 0.5),
    ("real command line", 0.3),
    ("large photographs", 0.2),
)
"""The kinds of cases, and how many of a hundred cases are of each."""


class Files:
    """Tries the cases of all kinds."""

    def __init__(self, room: Room) -> None:
        """Make all good files, and read them once, so that imports and permanent caches belong to the baseline."""
        folder = Path(room.scratch) / "files"
        folder.mkdir()
        self._place = Place(folder=folder, kept=room.kept)
        self._latents, self._tools = MutatedLatents(), MutatedTools(folder)
        self._opened, self._photographs, self._names = OpenedPictures(), MutatedPhotographs(), OddNames(folder)
        self._kills = Kills(Path(room.scratch) / "pictures", _SMALL_SIDE if room.is_quick else _SIDE)
        self._cases: dict[str, Case] = {
            "mutated latents": self._latents,
            "metadata of other tools": self._tools,
            "opened in the app": self._opened,
            "photographs": self._photographs,
            "grown contents": give_grown,
            "file names": self._names,
            "killed writers": self._kills,
            "real command line": self._run_program,
            "large photographs": self._read_large,
        }
        self._warm_up()
        self._place = settled(self._place)

    def __call__(self, number: int) -> Outcome:
        """Try the case of a number."""
        random = Random(f"files {number}")
        kinds, shares = zip(*_SHARES, strict=True)
        (kind,) = random.choices(kinds, shares)
        return self.tried(kind, number, random)

    def tried(self, kind: str, number: int, random: Random) -> Outcome:
        """Try a case of one kind."""
        trial = begun(kind, number, self._place)
        self._cases[kind](trial, random)
        for left in os.scandir(self._place.folder):
            Path(left.path).unlink()
        outcome = trial.outcome()
        if kind in _LARGE or trial.megapixels > 1.0 or number % _COLLECT_EVERY == 0:
            gc.collect()
        return outcome

    def _run_program(self, trial: Trial, random: Random) -> None:
        seeds = (self._tools.good, self._opened.good, self._photographs.good)
        data = random.choice(random.choice(seeds))
        run_program(trial, mutated(data, data, random) if random.random() < 0.5 else grown(random), random)

    def _read_large(self, trial: Trial, random: Random) -> None:
        data = large(random)
        trial.made()
        self._photographs.read(trial, data)

    def _warm_up(self) -> None:
        random = Random(0)
        self._latents.warm_up(self._place.folder)
        trial = begun("warming up", -1, self._place)
        for data in self._tools.good:
            give_to_commands(trial, data, random)
        for data in self._opened.good * 8:
            self._opened.open(trial, data, random)
        for data in self._photographs.good:
            self._photographs.read(trial, data)
        for left in os.scandir(self._place.folder):
            Path(left.path).unlink()


@contextmanager
def _begin(room: Room) -> Iterator[Attack]:
    yield Files(room)


PART = Part(begin=_begin, cases=1_000_000, quick_cases=500)
