"""Which answers are likely next, and where they lead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.answers import NoneBetter, Picked, Rerolled, Undone
from engine.search.forecast import (
    Attention,
    answer_of,
    chances_of,
    forecast,
    likely_answers,
    picked_positions,
    ranks_of,
)
from engine.search.grid import PARENT, Grid
from engine.search.session import Session, decided, tell, with_count, with_floor
from tests.engine.search.sessions import CANDIDATES, by_region, session, told, varied

STEPS = 12


def test_the_cursor_answers_what_it_is_on_and_marks_are_blended_by_enter() -> None:
    assert Attention(index=PARENT).answers == (NoneBetter(),)
    assert Attention(index=3).answers == (Picked(marks=(2,)),)
    assert Attention(index=3, marks=(4, 1)).answers == (Picked(marks=(3, 0)), Picked(marks=(2,)))
    assert Attention(index=3, marks=(3,)).answers == (Picked(marks=(2,)),)


@pytest.mark.parametrize("index", range(CANDIDATES + 1))
def test_a_forecast_is_the_grid_that_the_answer_leads_to(index: int) -> None:
    current = with_count(told(Picked(marks=(1,))), 3)
    assert forecast(current, answer_of(index), STEPS) == Grid.of(tell(current, answer_of(index)))


def test_an_answer_that_does_not_fit_leads_nowhere() -> None:
    assert forecast(session(), Picked(marks=(CANDIDATES,)), STEPS) is None
    assert forecast(session(), Undone(), STEPS) is None


def test_at_the_floor_it_is_of_no_use_that_none_is_better() -> None:
    assert forecast(with_floor(session(), session().scale), NoneBetter(), STEPS) is None


def test_a_grid_that_is_still_to_be_chosen_is_not_foreseen() -> None:
    fresh = decided(varied())
    assert forecast(fresh, NoneBetter(), STEPS) is None
    assert forecast(fresh, Picked(marks=(0,)), STEPS) is not None


def test_where_the_steps_do_not_suffice_for_a_choice_the_plain_grid_is_foreseen() -> None:
    fresh = decided(varied())
    found = forecast(fresh, NoneBetter(), 1)
    assert found == Grid.of(decided(tell(fresh, NoneBetter())))


def test_equal_chances_stay_in_the_order_of_the_grid() -> None:
    chances = chances_of(ranks_of([0.3, 0.1, 0.2]), ())
    assert chances == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert likely_answers(session(), chances) == (NoneBetter(), *(Picked(marks=(position,)) for position in range(3)))


def test_the_ranks_are_those_of_the_distances() -> None:
    assert ranks_of([0.3, 0.1, 0.2]) == (1.0, 0.0, 0.5)
    assert ranks_of([0.3]) == (0.0,)


def test_who_picks_what_changed_most_is_expected_to_do_so_again() -> None:
    ranks = ranks_of([0.1, 0.4, 0.2, 0.3])
    assert likely_answers(session(), chances_of(ranks, [1.0, 1.0]))[:3] == (
        NoneBetter(),
        Picked(marks=(1,)),
        Picked(marks=(3,)),
    )


@pytest.mark.parametrize(
    "stuck", [told(NoneBetter()), told(Rerolled()), told(Picked(marks=(1,)), NoneBetter()), with_floor(session(), 0.5)]
)
def test_who_found_none_better_or_cannot_come_nearer_may_want_different_ones(stuck: Session) -> None:
    assert likely_answers(stuck, (1.0,)) == (NoneBetter(), Rerolled(), Picked(marks=(0,)))
    assert Rerolled() not in likely_answers(told(NoneBetter(), Picked(marks=(1,))), (1.0,))


@given(
    distances=st.lists(st.floats(0, 1), min_size=1, max_size=9),
    picked=st.lists(st.floats(0, 1), max_size=20),
)
def test_chances_are_chances_and_no_candidate_is_given_up(distances: list[float], picked: list[float]) -> None:
    chances = chances_of(ranks_of(distances), picked)
    assert sum(chances) == pytest.approx(1.0)
    assert min(chances) >= 4.0 / len(distances) / (4.0 + len(picked)) - 1e-9


def test_what_was_picked_is_known_by_its_position() -> None:
    before = replace(session(), place=replace(session().place, offered=(3, 0, 2)))
    assert picked_positions(before, tell(before, Picked(marks=(2, 0)))) == (2, 0)
    assert picked_positions(before, tell(before, by_region(("left", 1), ("right", 2)))) == (1, 2)
    assert picked_positions(before, tell(before, NoneBetter())) == ()
    after = told(Picked(marks=(1,)))
    assert picked_positions(after, tell(after, Undone())) == ()
