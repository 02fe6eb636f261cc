"""What a person does with the search: which of its ways they use, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.search.bands import Bands
from engine.search.regions import Split
from engine.search.state import Mode

COUNT = 8
"""Candidates in a grid."""


class Way(StrEnum):
    """How a grid leads to the next one: by answers of `engine.search`, or only by new candidates of the same parent."""

    SEARCH = "search"
    FIXED = "fixed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategy:
    """One way to search.

    Attributes:
        name: What tables call it.
        way: SEARCH, or FIXED: the parent never changes, and the best picture so far is kept.
        mode: What a pick does to the scale.
        bands: The octaves that move.
        scale: The scale of the first grid; 0 for the model's.
        split: The regions that are asked about.
        marks: How many candidates are picked at most, in each region.
        way_back: Whether the best single candidate, or the parent as it was, is taken when what was put together from
            several candidates turns out worse.
        cap: The largest scale after a pick by region; 0 for that of `engine.search`.
        few: Where less than this part of the regions improved, the scale shrinks; negative for the rule of
            `engine.search`.
        shrink: By how much it shrinks then.
        guess: Whether the last candidate is the parent moved on along the last three picks ("my guess").
        pool: How many candidates the first grid is chosen from; 0 for no choice.
    """

    name: str
    way: Way = Way.SEARCH
    mode: Mode = Mode.KEEP
    bands: Bands = Bands.ALL
    scale: float = 0.0
    split: Split = Split.WHOLE
    marks: int = 3
    way_back: bool = True
    cap: float = 0.0
    few: float = -1.0
    shrink: float = 0.5
    guess: bool = False
    pool: int = 0

    @property
    def cycles(self) -> int:
        """How often the key that chooses the regions is pressed, once a session."""
        return {Split.WHOLE: 0, Split.HALVES: 1, Split.QUARTERS: 2}[self.split]


def a1111(strength: float) -> Strategy:
    """Return the variations of the program of that name: an angle of `strength` right angles from a fixed parent."""
    return Strategy(
        name=f"A1111, strength {strength:g}",
        way=Way.FIXED,
        scale=math.sin(strength * math.pi / 2.0),
        marks=1,
    )


BISECT = Strategy(name="bisect", mode=Mode.BISECT, marks=1)
FRESH = Strategy(name="fresh seeds", way=Way.FIXED, scale=1.0, marks=1)
DEFAULT = Strategy(name="default")
SINGLE = replace(DEFAULT, name="one mark", marks=1)
TILTED = replace(DEFAULT, name="default, tilt", bands=Bands.TILT)
HALVES = Strategy(name="halves, up to 2 of each", split=Split.HALVES, marks=2)
BEST_QUARTERS = Strategy(name="quarters, best of each", split=Split.QUARTERS, marks=1)
QUARTERS = replace(BEST_QUARTERS, name="quarters, up to 2 of each", marks=2)
TILTED_QUARTERS = replace(QUARTERS, name="quarters, up to 2, tilt", bands=Bands.TILT)
NO_WAY_BACK = replace(QUARTERS, name="quarters, up to 2, no way back", way_back=False)
GUESS = replace(DEFAULT, name="default with a guess", guess=True)
VARIED = replace(DEFAULT, name="default, first grid varied", pool=3 * COUNT)

STRATEGIES = (
    BISECT,
    a1111(0.2),
    a1111(0.3),
    a1111(0.5),
    FRESH,
    SINGLE,
    DEFAULT,
    TILTED,
    HALVES,
    BEST_QUARTERS,
    QUARTERS,
    TILTED_QUARTERS,
    NO_WAY_BACK,
    GUESS,
)
