"""Sessions whose first grids are chosen for their differences, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
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
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.choosing import plan_of
from engine.search.first_grid import pool_of
from engine.search.journal_json import session_from_json, session_to_json
from engine.search.session import Session, ask, begin, decided, tell, with_count
from latentpng.errors import InvalidValueError
from latentpng.json_fields import JsonFields
from latentpng.record import Json, Lineage, Round, SeedRoot
from tests.engine.search.sessions import CANDIDATES, anything, edit, session, take, varied

CHOSEN = (1, 5, 8, 11)
IN_PLACE = [5, 1, 8, 11]
"""The same as they are shown: candidate 1 stays where it was."""


def marks(current: Session) -> list[int]:
    return [lineage.rounds[-1].marks[0] for lineage in ask(current).candidates]


def test_the_first_grid_is_of_a_larger_round_and_undecided() -> None:
    current = varied()
    assert current.template == replace(session().template, of=pool_of(CANDIDATES))
    assert marks(current) == list(range(CANDIDATES))
    assert current.place.is_undecided


def test_a_decision_puts_what_was_chosen_on_offer_once() -> None:
    current = decided(varied(), CHOSEN)
    assert marks(current) == IN_PLACE
    assert not current.place.is_undecided
    assert decided(current, (0, 1, 2, 3)) is current
    assert marks(decided(varied())) == list(range(CANDIDATES))


@given(st.sets(st.integers(0, pool_of(CANDIDATES) - 1), min_size=CANDIDATES, max_size=CANDIDATES))
def test_what_was_on_offer_and_is_chosen_stays_in_its_place(chosen: set[int]) -> None:
    found = marks(decided(varied(), tuple(sorted(chosen))))
    assert set(found) == chosen
    assert all(found[mark] == mark for mark in chosen if mark < CANDIDATES)


def test_a_pick_names_a_position_of_what_was_chosen() -> None:
    picked = tell(decided(varied(), CHOSEN), Picked(marks=(2, 0)))
    assert picked.lineage.rounds[-1].marks == (8, 5)


@pytest.mark.parametrize("answer", [Rerolled(), NoneBetter()])
def test_grids_are_chosen_until_the_first_pick(answer: Answer) -> None:
    again = tell(decided(varied(), CHOSEN), answer)
    assert again.place.is_undecided
    assert again.template.of == pool_of(CANDIDATES)
    assert again.template.seed != varied().template.seed
    edited = tell(tell(again, Edited(round_=edit("a lake"))), answer)
    assert edited.place.is_undecided, "an edit moves nothing"
    picked = tell(again, Picked(marks=(0,)))
    for current in (picked, tell(picked, answer)):
        assert not current.place.is_undecided
        assert current.template.of == CANDIDATES


@pytest.mark.parametrize(
    "answer", [Rescaled(factor=0.5), Confined(region="10/00"), Edited(round_=edit("a lake")), Jumped(node=0)]
)
def test_answers_that_keep_the_directions_keep_the_choice(answer: Answer) -> None:
    after = tell(decided(varied(), CHOSEN), answer)
    assert marks(after) == IN_PLACE
    assert not after.place.is_undecided
    assert tell(varied(), answer).place.is_undecided


@given(st.lists(anything, max_size=12))
def test_it_goes_the_same_way_whether_or_not_something_was_chosen(answers: list[Answer | int]) -> None:
    """What a person sees differs; the seeds of the grids do not."""
    plain, chosen = varied(), decided(varied(), CHOSEN)
    for answer in answers:
        if isinstance(answer, Picked | PickedAlone | PickedByRegion | int):
            continue
        plain, chosen = take(plain, answer), take(chosen, answer)
        assert (plain.template, plain.place.node) == (chosen.template, chosen.place.node)


def test_the_number_of_candidates_may_change() -> None:
    smaller = tell(with_count(varied(), 3), Rerolled())
    assert len(ask(smaller).candidates) == 3
    assert smaller.template.of == pool_of(3)


def test_beyond_the_start_only_as_many_are_on_offer_as_fit() -> None:
    picked = tell(decided(varied(), CHOSEN), Picked(marks=(2, 3))).lineage  # 8 and 11
    back = tell(begin(picked, seed=9, octaves=3, scale=0.5, count=CANDIDATES), Undone())
    assert marks(back) == [0, 1, 8, 11], "those that were picked are among them"
    assert tell(back, Picked(marks=(2, 3))).lineage.rounds[-1].marks == (8, 11)


def test_a_round_that_was_shown_whole_is_shown_whole_again() -> None:
    lineage = Lineage(root=SeedRoot(seed=7), rounds=(Round(seed=1, scale=0.5, of=15, marks=(14,)),))
    back = tell(begin(lineage, seed=9, octaves=3, scale=0.5, count=8), Undone())
    assert marks(back) == list(range(15))


def test_a_journal_without_these_entries_is_one_of_a_plain_session() -> None:
    entries = session_to_json(varied())
    del entries["varied"]
    found = session_from_json(JsonFields(entries))
    assert not found.is_varied
    assert found.place == varied().place
    assert "varied" not in session_to_json(session())


def test_a_session_that_no_longer_varies_its_first_grids_has_nothing_to_choose_after_an_undo_either() -> None:
    begun = tell(varied(), Rerolled())
    assert plan_of(tell(begun, Undone()), 12) is not None
    assert plan_of(tell(replace(begun, is_varied=False), Undone()), 12) is None


@pytest.mark.parametrize(("key", "value"), [("varied", 1), ("undecided", "yes")])
def test_wrong_entries_of_a_journal_are_refused(key: str, value: object) -> None:
    entries = session_to_json(varied())
    where = entries if key == "varied" else entries["place"]
    assert isinstance(where, dict)
    where[key] = value
    with pytest.raises(InvalidValueError, match=f"{key} "):
        session_from_json(JsonFields(entries))


@pytest.mark.parametrize("offered", [[0, 0], [-1], [pool_of(CANDIDATES)], [True], ["1"], [[1]], [0.5]])
def test_candidates_on_offer_that_the_round_does_not_have_are_refused(offered: list[Json]) -> None:
    entries = session_to_json(varied())
    entries["place"] = {**JsonFields(entries).mapping("place"), "offered": offered}
    with pytest.raises(InvalidValueError, match=f"offered: candidates below {pool_of(CANDIDATES)}, each once"):
        session_from_json(JsonFields(entries))
