"""Sessions and answers for the tests of the search."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from engine.search.answers import (
    Answer,
    Confined,
    Edited,
    Jumped,
    NoneBetter,
    Picked,
    PickedAlone,
    PickedByRegion,
    Rebanded,
    Redirected,
    Redone,
    RegionMarks,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.regions import NAMED, Split, regions_of
from engine.search.session import Session, begin, can_redo, can_undo, is_combined, star, tell, with_count
from latentpng.record import Lineage, Round, SeedRoot

ROOT = Lineage(root=SeedRoot(seed=7))
CANDIDATES = 4


def session(lineage: Lineage = ROOT) -> Session:
    """Return a new session with grids of four candidates."""
    return begin(lineage, seed=5, octaves=3, scale=0.5, count=CANDIDATES)


def by_region(*parts: tuple[str, int | tuple[int, ...]], asked: int = 4) -> PickedByRegion:
    """Return the pick of these candidates in these regions, which have names."""
    return PickedByRegion(
        parts=tuple(
            RegionMarks(region=NAMED.get(name, name), marks=(marks,) if isinstance(marks, int) else marks)
            for name, marks in parts
        ),
        asked=asked,
    )


def told(*answers: Answer, start: Session | None = None) -> Session:
    """Return the session after answers."""
    current = start or session()
    for answer in answers:
        current = tell(current, answer)
    return current


def varied() -> Session:
    """Return a new session whose first grids are chosen for their differences."""
    return begin(ROOT, seed=5, octaves=3, scale=0.5, count=CANDIDATES, is_varied=True)


def edit(prompt: str) -> Round:
    """Return the round of an edit."""
    return Round(seed=0, scale=0.0, settings={"prompt": prompt})


marks = st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True).map(tuple)
"""Candidates that are on offer in every grid, at most as many as can be blended."""


@st.composite
def picks_by_region(draw: st.DrawFn) -> PickedByRegion:
    """Draw what a person answers who is asked about halves or quarters, and keeps the parent in some of them."""
    regions = regions_of(draw(st.sampled_from(list(Split))), width=draw(st.sampled_from([1, 3])), height=2)
    parts = tuple(RegionMarks(region=region, marks=draw(marks)) for region in regions if draw(st.booleans()))
    return PickedByRegion(parts=parts, asked=len(regions))


forward: st.SearchStrategy[Answer] = st.one_of(
    st.builds(Picked, marks=marks),
    picks_by_region(),
    st.builds(PickedAlone),
    st.builds(NoneBetter),
    st.builds(Rerolled),
    st.builds(Rescaled, factor=st.sampled_from([0.5, 2.0])),
    st.builds(Redirected, axis=st.sampled_from(list(Axis))),
    st.builds(Rebanded, bands=st.sampled_from([Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL])),
    st.builds(Confined, region=st.sampled_from(["", "10", "01/11", "000/010/000", "0" * 23 + "1"])),
    st.builds(Edited, round_=st.sampled_from([edit("a lake"), edit("a hill")])),
    st.builds(Jumped, node=st.integers(0, 40)),
)
"""Answers that change the grid; a jump goes to a node of the tree by its number modulo their count."""

anything: st.SearchStrategy[Answer | int] = st.one_of(
    forward, st.builds(Undone), st.builds(Redone), st.integers(3, 4), st.integers(-2, 2)
)
"""The same with undo and redo, a number from 3 for that many candidates, and one below to star a picture."""


def take(current: Session, answer: Answer | int) -> Session:
    """Return the session after an answer; what cannot be done in it changes nothing."""
    match answer:
        case int() if answer >= 3:
            return with_count(current, answer)
        case int():
            child = current.lineage.child(_marked(current, answer)) if answer >= 0 else current.lineage
            return star(current, child)
        case Undone() if not can_undo(current):
            return current
        case Redone() if not can_redo(current):
            return current
        case PickedAlone() if not is_combined(current):
            return current
        case PickedByRegion(parts=(_, *_)) if current.axis is not Axis.NOISE:
            return current
        case Jumped(node=node):
            return tell(current, Jumped(node=node % len(current.tree.nodes)))
        case _:
            return tell(current, answer)


def _marked(current: Session, mark: int) -> Round:
    return replace(current.template, marks=(mark,))
