"""Picks by region: the noise that they lead to, the grid that follows, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.search.answers import (
    Answer,
    Confined,
    Jumped,
    NoneBetter,
    Picked,
    PickedAlone,
    PickedByRegion,
    Redirected,
    RegionMarks,
    Rerolled,
    Rescaled,
    Undone,
)
from engine.search.axis import Axis
from engine.search.bands import correlation
from engine.search.history import tree_of
from engine.search.regions import NAMED, Split, regions_of
from engine.search.session import (
    Mode,
    ask,
    begin,
    can_undo,
    correlation_since_start,
    is_combined,
    tell,
)
from engine.search.steps import REGION_SCALE
from latentpng.record import Lineage, SeedRoot
from tests.engine.search.sessions import anything, by_region, forward, session, take, told

QUARTERS = regions_of(Split.QUARTERS, width=1, height=1)


@pytest.mark.parametrize("region", ["", "01/11"])
def test_one_candidate_in_all_regions_is_the_pick_of_the_whole(region: str) -> None:
    start = told(Confined(region=region))
    all_parts = by_region(*((name, 2) for name in ("tl", "tr", "bl", "br")))
    assert tell(start, all_parts).lineage == tell(start, Picked(marks=(2,))).lineage
    assert tell(start, all_parts).node.key == tell(start, Picked(marks=(2,))).node.key


def test_under_a_region_each_part_keeps_what_lies_in_it_and_the_next_grid_has_the_region() -> None:
    start = told(Confined(region=NAMED["left"]))
    after = tell(start, by_region(("tl", 1), ("tr", 2), ("bottom", 3), asked=3))
    assert [(round_.region, round_.marks) for round_ in after.lineage.rounds] == [("10/00", (1,)), ("00/10", (3,))]
    assert after.region == NAMED["left"]
    assert ask(after).candidates[0].rounds[-1].region == NAMED["left"]
    assert tell(after, Undone()).place == start.place


def test_a_pick_outside_the_region_of_the_grid_is_none_better() -> None:
    start = told(Confined(region=NAMED["left"]))
    assert tell(start, by_region(("tr", 2))).place == tell(start, NoneBetter()).place
    assert tell(start, by_region()).place == tell(start, NoneBetter()).place


@pytest.mark.parametrize(
    ("scale", "improved", "asked", "after"),
    [
        (0.7, 4, 4, REGION_SCALE),
        (0.7, 2, 4, REGION_SCALE),
        (0.7, 1, 4, REGION_SCALE / 2),
        (0.3, 2, 4, 0.3),
        (0.3, 1, 4, 0.15),
        (0.3, 1, 2, 0.3),
        (0.3, 0, 2, 0.15),
        (0.7, 0, 2, 0.35),
    ],
)
def test_the_scale_halves_when_few_regions_improved(scale: float, improved: int, asked: int, after: float) -> None:
    start = begin(Lineage(root=SeedRoot(seed=7)), seed=5, octaves=3, scale=scale, count=8)
    answer = PickedByRegion(
        parts=tuple(RegionMarks(region=region, marks=(mark,)) for mark, region in enumerate(QUARTERS[:improved])),
        asked=asked,
    )
    assert tell(start, answer).scale == pytest.approx(after)


def test_bisect_halves_after_a_pick_by_region_too() -> None:
    start = begin(Lineage(root=SeedRoot(seed=7)), seed=5, octaves=3, scale=0.4, count=8, mode=Mode.BISECT)
    assert tell(start, by_region(("tl", 1), ("br", 2))).scale == pytest.approx(0.2)
    assert tell(start, by_region(("tl", 1))).scale == pytest.approx(0.2), "once, also where few regions improved"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (by_region(("tl", 1), ("left", 2)), "two regions of a pick overlap: top left quarter and left half"),
        (by_region(("tl", 1), ("tl", 1)), "two regions of a pick overlap: top left quarter and top left quarter"),
        (by_region(("tl", 4)), "candidates 0 to 3 are on offer, picked: [4]"),
        (by_region(("tl", ())), "candidates 0 to 3 are on offer, picked: []"),
    ],
)
def test_what_is_no_pick_by_region_is_refused(answer: PickedByRegion, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        tell(session(), answer)
    assert str(caught.value).removesuffix("; name each part of the picture once") == message


@pytest.mark.parametrize("axis", [Axis.PROMPT, Axis.BOTH])
def test_the_prompt_has_no_regions(axis: Axis) -> None:
    start = told(Redirected(axis=axis))
    with pytest.raises(InvalidRequestError) as caught:
        tell(start, by_region(("tl", 1)))
    assert str(caught.value) == "only the noise has regions, and here the prompt varies; vary the noise alone"
    assert tell(start, by_region()).place == tell(start, NoneBetter()).place


@pytest.mark.parametrize(
    ("answer", "best"),
    [
        (by_region(("tl", 3), ("bottom", 1)), 1),
        (by_region(("tl", 3), ("tr", 1), ("br", 3)), 3),
        (by_region(("left", (0, 2)), ("tr", 1), ("br", 1)), 1),
        (by_region(("tl", 2), ("br", 1)), 2),
        (by_region(("tl", 2)), 2),
        (Picked(marks=(3, 1)), 3),
    ],
)
@pytest.mark.parametrize("region", ["", "01/11"])
def test_alone_is_the_candidate_with_the_largest_area(answer: Answer, best: int, region: str) -> None:
    start = told(Confined(region=region))
    combined = tell(start, answer)
    if not region:
        assert is_combined(combined)
        alone = tell(combined, PickedAlone())
        assert alone.lineage == ask(start).candidates[best]
        assert alone.scale == combined.scale
        assert not is_combined(alone)
        assert tell(alone, Undone()).place == combined.place
    elif is_combined(combined):
        (round_,) = tell(combined, PickedAlone()).lineage.rounds
        assert round_.region == region, "the candidates of that grid moved this region alone"


def test_alone_needs_a_pick_of_several_candidates() -> None:
    for start in (session(), told(Picked(marks=(1,))), told(Confined(region="10"), Picked(marks=(1,)))):
        assert not is_combined(start)
        with pytest.raises(InvalidRequestError) as caught:
            tell(start, PickedAlone())
        assert str(caught.value) == "the parent is a single candidate already, or was not picked from a grid"


@pytest.mark.parametrize("answer", [Rescaled(factor=0.5), Rerolled(), Confined(region="10")])
def test_alone_goes_back_to_the_grid_of_the_pick_whatever_was_told_there_since(answer: Answer) -> None:
    combined = told(by_region(("tl", 3), ("br", 1)))
    away = told(Undone(), answer, Picked(marks=(0,)), start=combined)
    back = tell(away, Jumped(node=combined.place.node))
    assert back.lineage == combined.lineage
    assert tell(back, PickedAlone()).lineage == ask(session()).candidates[3]


@given(st.lists(anything, max_size=16))
def test_a_saved_parent_is_undone_by_pick(answers: list[Answer | int]) -> None:
    current = session()
    for answer in answers:
        current = take(current, answer)
    way = [current.tree.nodes[node] for node in current.tree.path(current.place.node)]
    assert [node.rounds for node in tree_of(current.lineage).nodes] == [node.rounds for node in way]
    opened = session(current.lineage)
    for node in reversed(way):
        assert opened.lineage == node.lineage
        assert opened.node.picks == node.picks
        opened = tell(opened, Undone()) if can_undo(opened) else opened


@given(st.lists(forward, max_size=10))
def test_what_is_combined_can_be_taken_alone(answers: list[Answer]) -> None:
    current = session()
    for answer in answers:
        current = take(current, answer)
    if is_combined(current):
        alone = tell(current, PickedAlone())
        assert not is_combined(alone)
        assert alone.node.parent == current.node.parent


def test_the_correlation_since_the_start_counts_a_pick_by_region_once() -> None:
    halves = by_region(("left", 1), ("right", 2), asked=2)
    keeps = correlation(session().template)
    once = tell(session(), halves)
    assert correlation_since_start(once) == pytest.approx(keeps)
    twice = tell(once, halves)
    assert correlation_since_start(twice) == pytest.approx(keeps * correlation(once.template))
