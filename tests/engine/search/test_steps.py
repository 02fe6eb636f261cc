"""Undo, redo, jumps, stars and edits: the laws of moving in the tree of a search."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.search.answers import (
    Answer,
    Edited,
    Jumped,
    NoneBetter,
    Picked,
    Rebanded,
    Redone,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import MIN_SCALE
from engine.search.bands import Bands
from engine.search.history import NO_NODE, NodeKind, tree_of
from engine.search.session import (
    Mode,
    Session,
    ask,
    begin,
    can_redo,
    can_undo,
    correlation_since_start,
    star,
    tell,
    with_floor,
    with_octaves,
)
from latentpng.record import Lineage, Round, SeedRoot
from tests.engine.search.sessions import CANDIDATES, ROOT, anything, edit, forward, session, take, told


def pick(mark: int) -> Picked:
    return Picked(marks=(mark,))


def offer(current: Session) -> tuple[Lineage, Round]:
    """Return what can be seen of where a session stands."""
    return current.lineage, current.template


@given(st.lists(forward, max_size=12))
def test_undo_walks_back_through_every_answer_and_redo_forward_again(answers: list[Answer]) -> None:
    current = session()
    offers = [offer(current)]
    for answer in answers:
        before, current = current, take(current, answer)
        if current is not before:  # it did not jump to where it is
            offers.append(offer(current))
    for known in reversed(offers[:-1]):
        current = tell(current, Undone())
        assert offer(current) == known
    assert not can_undo(current)
    for known in offers[1:]:
        current = tell(current, Redone())
        assert offer(current) == known
    assert not can_redo(current)


@given(st.lists(anything, max_size=20))
def test_the_tree_never_loses_a_node(answers: list[Answer | int]) -> None:
    current = session()
    for answer in answers:
        before = current.tree.nodes
        current = take(current, answer)
        assert [(node.key, node.lineage) for node in current.tree.nodes[: len(before)]] == [
            (node.key, node.lineage) for node in before
        ]
        assert all(node.parent < index for index, node in enumerate(current.tree.nodes))
        assert len({node.key for node in current.tree.nodes}) == len(current.tree.nodes)


@given(st.lists(anything, max_size=20))
def test_what_the_session_began_with_never_changes(answers: list[Answer | int]) -> None:
    current = told(pick(1), pick(2))
    opened = session(current.lineage)
    current = opened
    for answer in answers:
        current = take(current, answer)
        assert (current.start, current.begun_at) == (opened.start, 2)
        assert 0.0 <= correlation_since_start(current) <= 1.0


@given(st.lists(anything, max_size=14), forward)
def test_after_an_undo_the_same_answer_gives_the_same_grid(before: list[Answer | int], answer: Answer) -> None:
    current = session()
    for one in before:
        current = take(current, one)
    first = take(current, answer)
    if first.place is current.place:
        return  # it jumped to where it is
    again = take(tell(first, Undone()), answer)
    assert ask(again) == ask(first)


@given(st.lists(anything, min_size=4, max_size=24))
def test_no_seed_is_shared_by_two_different_new_grids_of_a_parent(answers: list[Answer | int]) -> None:
    current = session()
    drawn: dict[tuple[bytes, int], Round] = {}
    for answer in answers:
        current = take(current, answer)
        if isinstance(answer, Picked | NoneBetter | Rerolled):
            known = drawn.setdefault((current.node.key, current.template.seed), current.template)
            assert known == current.template


@given(st.lists(st.tuples(anything, st.sampled_from([MIN_SCALE, 0.06, 0.2])), max_size=20))
def test_no_answer_goes_below_the_floor_or_raises_what_is_below_it(walk: list[tuple[Answer | int, float]]) -> None:
    current = session()
    for answer, floor in walk:
        before = with_floor(current, floor)
        current = take(before, answer)
        if isinstance(answer, NoneBetter | Rescaled):
            assert current.scale >= min(floor, before.scale)
        if isinstance(answer, NoneBetter) or answer == Rescaled(factor=0.5):
            assert current.scale <= before.scale
        if isinstance(answer, NoneBetter) and before.scale >= 2 * floor:
            assert current.scale == pytest.approx(before.scale / 2)


@given(st.lists(st.tuples(forward, st.sampled_from([MIN_SCALE, 0.06, 0.2])), max_size=12))
def test_undo_and_redo_keep_the_scales_of_floors_that_were(walk: list[tuple[Answer, float]]) -> None:
    current = session()
    templates = [current.template]
    for answer, floor in walk:
        before, current = current, take(with_floor(current, floor), answer)
        if current.place is not before.place:
            templates.append(current.template)
    current = with_floor(current, 0.1)
    for template in reversed(templates[:-1]):
        current = tell(current, Undone())
        assert current.template == template
    for template in templates[1:]:
        current = tell(current, Redone())
        assert current.template == template


def test_a_step_back_offers_the_same_pictures_also_after_something_was_learned() -> None:
    first = session()
    nearer = told(Rescaled(factor=0.4), start=first)
    assert told(Rescaled(factor=2.4), start=nearer).template == first.template
    assert told(Rescaled(factor=2.0), start=nearer).scale == pytest.approx(0.4)
    assert told(Rebanded(bands=Bands.TILT), Rescaled(factor=2.4), start=nearer).scale == pytest.approx(0.48)
    assert told(Rerolled(), Rescaled(factor=2.4), start=nearer).scale == pytest.approx(0.48)
    higher = with_floor(nearer, 0.21)
    assert told(Rescaled(factor=2.0), Rescaled(factor=0.5), start=higher).scale == 0.21, "not below the floor"


def test_the_floor_is_where_a_scale_that_is_a_little_larger_counts_too() -> None:
    at = with_floor(session(), 0.47)
    assert at.at_floor
    assert not with_floor(at, 0.4).at_floor
    assert tell(at, NoneBetter()).scale == 0.47


def test_a_different_answer_gives_different_candidates() -> None:
    seeds = [told(answer).template.seed for answer in (pick(0), pick(1), NoneBetter(), Rerolled())]
    assert len({*seeds, session().template.seed}) == 5


def test_none_better_at_a_different_scale_draws_different_directions() -> None:
    one, other = told(NoneBetter()), told(Rescaled(factor=0.5), NoneBetter())
    assert one.template.seed != other.template.seed


def test_undo_of_a_window_of_a_different_size_draws_a_different_grid() -> None:
    current = session()
    one, other = (take(take(current, count), pick(1)) for count in (3, 4))
    assert (one.template.of, other.template.of) == (3, 4)
    assert one.template.seed != other.template.seed


def test_a_jump_returns_to_the_grid_that_was_on_offer_there_last() -> None:
    there = told(pick(1), Rescaled(factor=0.5), Rerolled())
    away = told(Undone(), Undone(), Undone(), pick(2), start=there)
    assert away.future == (), "the answer after the undo forgets the way forward"
    back = tell(away, Jumped(node=there.place.node))
    assert offer(back) == offer(told(pick(1))), "the last undo left this one"


def test_a_jump_forgets_nothing_and_undo_takes_it_back() -> None:
    one = told(pick(1), NoneBetter())
    other = told(Jumped(node=0), pick(2), start=one)
    back = tell(other, Jumped(node=one.place.node))
    assert back.place == one.place
    assert tell(back, Undone()).place == other.place
    assert told(Undone(), Redone(), start=back).place == one.place


def test_a_jump_to_where_the_search_stands_is_no_step() -> None:
    current = told(pick(1))
    assert tell(current, Jumped(node=current.place.node)) is current


@pytest.mark.parametrize("node", [-1, 2, 99])
def test_a_jump_to_no_node_is_refused(node: int) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tell(told(pick(1)), Jumped(node=node))
    assert str(caught.value) == f"there is no picture {node} in this search"


def test_a_jump_to_an_ancestor_of_an_opened_picture_shows_the_grid_that_its_child_was_picked_from() -> None:
    grown = told(pick(1), NoneBetter(), pick(3))
    opened = session(grown.lineage)
    assert ask(tell(opened, Jumped(node=1))) == ask(told(pick(1), NoneBetter()))
    assert ask(tell(opened, Jumped(node=0))) == ask(session())


@pytest.mark.parametrize("mode", list(Mode))
def test_a_jump_to_a_starred_candidate_is_as_if_it_had_been_picked(mode: Mode) -> None:
    start = begin(ROOT, seed=5, octaves=3, scale=0.5, count=CANDIDATES, mode=mode)
    kept = star(start, ask(start).candidates[2])
    assert (len(kept.tree.nodes), kept.tree.nodes[1].is_starred, kept.place) == (2, True, start.place)
    assert ask(told(NoneBetter(), Jumped(node=1), start=kept)) == ask(tell(start, pick(2)))


def test_a_star_can_be_removed_and_undo_does_not_concern_it() -> None:
    start = session()
    kept = star(star(start, start.lineage), ask(start).candidates[1])
    later = told(pick(1), Undone(), start=kept)
    assert [node.is_starred for node in later.tree.nodes] == [True, True]
    assert [node.is_starred for node in star(later, start.lineage).tree.nodes] == [False, True]


def test_an_edit_is_a_node_with_the_same_grid_on_offer() -> None:
    before = told(pick(1))
    after = tell(before, Edited(round_=edit("a lake")))
    assert after.template == before.template
    assert after.node.parent == before.place.node
    assert (after.node.kind, after.node.picks) == (NodeKind.EDIT, 1)
    assert correlation_since_start(after) == correlation_since_start(before)
    assert tell(after, Undone()).place == before.place
    assert told(Undone(), Edited(round_=edit("a lake")), start=after).place == after.place
    assert len(told(Undone(), Edited(round_=edit("a hill")), start=after).tree.nodes) == 4


def test_an_edit_that_moves_the_noise_is_refused() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tell(session(), Edited(round_=Round(seed=1, scale=0.5, settings={"prompt": "a lake"})))
    assert str(caught.value) == "an edit keeps the noise and the prompt where they are; this round moves them"


def test_undo_beyond_the_start_goes_back_over_edits_and_redo_returns() -> None:
    grown = told(pick(1), Edited(round_=edit("a lake")), pick(2))
    opened = session(grown.lineage)
    places = [opened.place]
    current = opened
    while can_undo(current):
        current = tell(current, Undone())
        places.append(current.place)
    assert [place.node for place in places] == [3, 2, 1, 0]
    assert places[1].template == places[2].template, "before the edit the same candidates were on offer"
    assert ask(current) == ask(session())
    for place in reversed(places[:-1]):
        current = tell(current, Redone())
        assert current.place == place
    with pytest.raises(InvalidRequestError) as caught:
        tell(current, Redone())
    assert str(caught.value) == "there is nothing to redo: u undoes, and U takes that back"


def test_the_correlation_counts_from_where_two_branches_part() -> None:
    opened = session(told(pick(1), pick(1)).lineage)
    keeps = math.sqrt(1 - 0.5**2)
    assert correlation_since_start(opened) == 1.0
    back = told(Undone(), start=opened)
    assert correlation_since_start(back) == pytest.approx(keeps), "what is undone was moved as well"
    assert correlation_since_start(tell(back, pick(2))) == pytest.approx(keeps**2)
    assert correlation_since_start(told(Redone(), start=back)) == 1.0


def test_the_rounds_of_one_pick_by_region_are_one_node() -> None:
    halves = tuple(
        Round(seed=9, scale=0.4, of=CANDIDATES, marks=(mark,), region=region, bands=(1.0, 0.5, 0.25))
        for mark, region in ((1, "10"), (3, "01"))
    )
    later = Round(seed=10, scale=0.4, of=CANDIDATES, marks=(0,), region="10")
    tree = tree_of(Lineage(root=SeedRoot(seed=7), rounds=(*halves, later)))
    assert [(node.rounds, node.parent, node.picks) for node in tree.nodes] == [(0, NO_NODE, 0), (2, 0, 1), (3, 1, 2)]
    opened = session(Lineage(root=SeedRoot(seed=7), rounds=halves))
    whole = tell(opened, Undone())
    assert whole.lineage == ROOT
    assert whole.template == Round(seed=9, scale=0.4, of=CANDIDATES, bands=(1.0, 0.5, 0.25)), "its grid had no region"


@pytest.mark.parametrize("bands", [Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL])
def test_bands_keep_their_name_when_the_octaves_change(bands: Bands) -> None:
    current = told(Rebanded(bands=bands))
    larger = with_octaves(current, 5)
    assert (larger.bands, larger.octaves) == (bands, 5)
    assert len(larger.template.bands) in (0, 5)
    assert with_octaves(larger, 3).place == current.place
    edited = with_octaves(told(Edited(round_=edit("a lake")), start=current), 5)
    assert with_octaves(told(Undone(), start=edited), 3).place == current.place
