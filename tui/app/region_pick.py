"""A pick by region while it is being made: which regions are asked about, and what was answered.  Pure values.

The regions are asked one after the other, in reading order.  Candidates are named by their position in the grid on
offer, from 0, as the answers of `engine.search.answers` name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import takewhile

from engine.search.answers import NoneBetter, PickedByRegion, RegionMarks
from engine.search.axis import Axis
from engine.search.regions import NO_SIDES, WHOLE, Split, coverage, intersection, regions_of
from engine.search.session import Session
from tui.app.region_words import moving_words

MAX_HERE = 2
"""Candidates that may be blended in one region."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionPick:
    """A pick by region.

    Attributes:
        split: Into what the picture is divided.
        regions: The masks of the regions that are asked about; () when pictures are picked as a whole.
        answers: The positions of the candidates chosen in each of the first regions; () where the parent stays.
        is_adding: Whether the next candidate is added to the region that was answered last.
    """

    split: Split = Split.WHOLE
    regions: tuple[str, ...] = ()
    answers: tuple[tuple[int, ...], ...] = ()
    is_adding: bool = False

    @property
    def is_asking(self) -> bool:
        """Whether there are regions to answer."""
        return bool(self.regions)

    @property
    def is_complete(self) -> bool:
        """Whether every region is answered, and nothing is being added."""
        return len(self.answers) == len(self.regions) and not self.is_adding

    @property
    def lit(self) -> str:
        """The mask of the region that asks; WHOLE when none does."""
        at = len(self.answers) - self.is_adding
        return self.regions[at] if at < len(self.regions) else WHOLE

    @property
    def is_full(self) -> bool:
        """Whether the region that was answered last takes no more candidates."""
        return len(self.answers[-1]) >= MAX_HERE

    def answered(self, position: int) -> RegionPick:
        """Return the pick with a candidate for the region that asks."""
        return self._with_answer((position,))

    def kept(self) -> RegionPick:
        """Return the pick with the parent kept in the region that asks."""
        return self._with_answer(())

    def adding(self) -> RegionPick:
        """Return the pick in which the next candidate is added to the last answer, or no longer is."""
        return replace(self, is_adding=not self.is_adding)

    def also(self, position: int) -> RegionPick:
        """Return the pick with one more candidate in the region that was answered last; none beyond `MAX_HERE`."""
        *before, last = self.answers
        marks = tuple(dict.fromkeys((*last, position)))[:MAX_HERE]
        return replace(self, answers=(*before, marks), is_adding=False)

    def back(self) -> RegionPick:
        """Return the pick without its last answer, or without what is being added."""
        return replace(self, is_adding=False, answers=self.answers if self.is_adding else self.answers[:-1])

    def answer(self) -> PickedByRegion | NoneBetter | None:
        """Return what the pick means: a region without an answer keeps the parent; None before the first answer."""
        if not self.answers:
            return None
        parts = tuple(RegionMarks(region=region, marks=marks) for region, marks in self.chosen())
        return PickedByRegion(parts=parts, asked=len(self.regions)) if parts else NoneBetter()

    def chosen(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return the mask of each region in which candidates were chosen, and their positions."""
        return tuple((region, marks) for region, marks in zip(self.regions, self.answers, strict=False) if marks)

    def regions_with(self, position: int) -> tuple[str, ...]:
        """Return the masks of the regions for which a candidate was chosen."""
        return tuple(region for region, marks in self.chosen() if position in marks)

    def moved(self, positions: Mapping[int, int]) -> RegionPick:
        """Return the pick after other candidates were put on offer.

        The first answer with a candidate that is gone is taken back, and with it those after it.

        Args:
            positions: The position of each candidate that stays, by the one that it had.
        """
        stay = tuple(takewhile(lambda marks: all(mark in positions for mark in marks), self.answers))
        answers = tuple(tuple(positions[mark] for mark in marks) for marks in stay)
        return replace(self, answers=answers, is_adding=self.is_adding and len(answers) == len(self.answers))

    def _with_answer(self, marks: tuple[int, ...]) -> RegionPick:
        is_open = len(self.answers) < len(self.regions)
        return replace(self, answers=(*self.answers, marks), is_adding=False) if is_open else self


def begun(split: Split, session: Session, *, width: int, height: int) -> RegionPick:
    """Return a pick by region before its first answer.

    Regions in which nothing moves are left out; where fewer than two are left, nothing is asked.

    Args:
        split: Into what the picture is divided.
        session: The session whose grid is answered.
        width: Of a picture, in any unit.
        height: Likewise.
    """
    masks = regions_of(split, width=width, height=height)
    regions = tuple(mask for mask in masks if coverage(intersection(session.region, mask, session.sides)))
    is_divided = len(regions) > 1 and not obstacle(session)
    return RegionPick(split=split, regions=regions if is_divided else ())


def following(pick: RegionPick, session: Session, *, width: int, height: int) -> RegionPick:
    """Return the pick with the next split that divides what varies; picks are whole where none is left."""
    splits = list(Split)
    for split in splits[splits.index(pick.split) + 1 :]:
        after = begun(split, session, width=width, height=height)
        if after.is_asking:
            return after
    return RegionPick()


def obstacle(session: Session) -> str:
    """Return why nothing can be picked by region in a session, and what to press; "" where it can."""
    if not session.octaves:
        return NO_SIDES
    if session.axis is Axis.PROMPT:
        return "only the prompt varies, and it has no regions; press a twice to vary the noise alone"
    if session.axis is Axis.BOTH:
        return "the prompt varies too, and it has no regions; press a to vary the noise alone"
    return ""


def undivided(session: Session) -> str:
    """Return why picks are of whole pictures although nothing stands against regions."""
    return f"{moving_words(session.region)}, which is too little to divide; M varies the whole picture"
