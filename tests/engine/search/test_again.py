"""The same answer at the same place gives the same grid, whatever the search has learned about the scale meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.answers import (
    Answer,
    Confined,
    Jumped,
    NoneBetter,
    Picked,
    PickedAlone,
    PickedByRegion,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import MIN_SCALE
from engine.search.journal_json import session_from_json, session_to_json
from engine.search.perceptual import MAX_FLOOR
from engine.search.session import Mode, Session, begin, can_redo, decided, tell, with_floor
from engine.search.state import Place
from latentpng.json_fields import JsonFields
from tests.engine.search.sessions import CANDIDATES, ROOT, anything, by_region, forward, session, take, told, varied

FLOORS = st.floats(MIN_SCALE, MAX_FLOOR)
FEW = by_region(("tl", 1), asked=4)
"""A pick by region after which the scale is halved."""


def near(mode: Mode = Mode.KEEP) -> Session:
    """Return a session whose next halving meets the floor."""
    return begin(ROOT, seed=5, octaves=3, scale=0.06, count=CANDIDATES, mode=mode)


@given(
    answer=st.sampled_from([NoneBetter(), FEW, Picked(marks=(1,)), Rerolled()]),
    mode=st.sampled_from(list(Mode)),
    before=FLOORS,
    after=FLOORS,
)
def test_a_different_floor_changes_nothing_after_an_undo(
    answer: Answer, mode: Mode, before: float, after: float
) -> None:
    first = tell(with_floor(near(mode), before), answer)
    again = tell(with_floor(tell(first, Undone()), after), answer)
    assert (again.place, again.past) == (first.place, first.past)


@given(st.lists(forward, max_size=8), st.lists(FLOORS, min_size=8, max_size=8))
def test_a_way_that_was_undone_can_be_gone_again(answers: list[Answer], floors: list[float]) -> None:
    """Jumps are left out: where one leads to depends on what was on offer there last."""
    steps: list[tuple[Answer, Place]] = []
    current = near()
    for answer, floor in zip(answers, floors, strict=False):
        if isinstance(answer, Jumped):
            continue
        after = take(with_floor(current, floor), answer)
        if len(after.past) > len(current.past):
            steps.append((answer, after.place))
        current = after
    for _ in steps:
        current = tell(current, Undone())
    for answer, place in steps:
        current = take(with_floor(current, MAX_FLOOR), answer)
        if isinstance(answer, Rescaled):  # its factor was found with the floor that was known then
            return
        assert current.place == place


@given(st.lists(anything, max_size=8), forward)
def test_an_answer_given_again_leaves_the_way_forward(answers: list[Answer | int], answer: Answer) -> None:
    current = session()
    for each in answers:
        current = take(current, each)
    after = take(current, answer)
    if len(after.past) <= len(current.past):
        return
    undone = tell(tell(tell(after, Rerolled()), Undone()), Undone())
    again = take(undone, answer)
    assert again.place == after.place
    assert can_redo(again), "the grid after it was not forgotten"


def test_a_different_answer_forgets_the_way_forward() -> None:
    undone = told(Picked(marks=(1,)), Rerolled(), Undone(), Undone())
    assert not can_redo(tell(undone, Picked(marks=(2,))))
    assert not can_redo(tell(undone, NoneBetter()))


def test_one_candidate_in_all_regions_is_a_different_answer_where_the_scale_differs() -> None:
    start = begin(ROOT, seed=5, octaves=3, scale=0.8, count=CANDIDATES)
    undone = told(Picked(marks=(2,)), Undone(), start=start)
    everywhere = by_region(*((name, 2) for name in ("tl", "tr", "bl", "br")))
    assert tell(undone, everywhere).scale == 0.5


def test_a_step_of_the_scale_that_was_learned_anew_finds_the_grid_that_was_undone() -> None:
    first = tell(session(), Rescaled(factor=0.5))
    undone = tell(first, Undone())
    assert tell(undone, Rescaled(factor=0.49)).place == first.place
    assert tell(undone, Rescaled(factor=0.4)).scale == pytest.approx(0.2)


def test_what_was_chosen_of_a_first_grid_is_on_offer_again() -> None:
    again = decided(tell(varied(), Rerolled()), (1, 5, 8, 11))
    assert tell(tell(again, Undone()), Rerolled()).place == again.place


def test_a_session_that_is_continued_goes_the_same_way_again() -> None:
    first = tell(with_floor(near(), 0.05), NoneBetter())
    found = session_from_json(JsonFields(session_to_json(tell(first, Undone()))))
    assert tell(with_floor(found, 0.1), NoneBetter()).place == first.place


def test_the_best_single_candidate_has_the_region_of_its_grid_after_that_changed() -> None:
    """The grid that a region was picked in is remembered although others were on offer at its parent since."""
    answer: PickedByRegion = by_region(("tl", 1), ("bl", 2), asked=2)
    picked = told(Confined(region="10"), answer)
    node = picked.place.node
    later = told(Undone(), Rerolled(), Confined(region=""), Jumped(node=node), start=picked)
    assert later.place.node == node
    assert tell(later, PickedAlone()).lineage.rounds[-1].region == "10"
