"""A region and the shape of the noise: what is asked for, and what becomes of it at a different shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.search.answers import (
    Answer,
    Confined,
    Edited,
    NoneBetter,
    Picked,
    PickedByRegion,
    RegionMarks,
    Rerolled,
    Undone,
)
from engine.search.axis import Axis
from engine.search.journal_json import session_from_json, session_to_json
from engine.search.regions import NO_SIDES, coverage, reduced, refitted, region_asked_for
from engine.search.session import ask, begin, is_combined, tell, with_octaves
from latentpng.json_fields import JsonFields
from latentpng.record import Lineage, SeedRoot
from latentpng.rules import check_round_fits
from latentpng.shapes import octaves
from tests.engine.search.sessions import by_region, edit, told

ROWS = st.integers(1, 64).flatmap(
    lambda width: st.lists(st.text("01", min_size=width, max_size=width), min_size=1, max_size=64)
)
MASKS = ROWS.map("/".join)
SIDES = st.integers(1, 64)
LINEAGE = Lineage(root=SeedRoot(seed=7))


@given(mask=MASKS, height=SIDES, width=SIDES)
def test_a_refitted_region_fits_and_does_not_vanish(mask: str, height: int, width: int) -> None:
    found = refitted(mask, height, width)
    check_round_fits((), found, (4, height, width), "CHW")
    assert bool(coverage(found)) == ("1" in mask)


@given(mask=MASKS, height=SIDES, width=SIDES)
def test_a_region_that_fits_is_left_alone(mask: str, height: int, width: int) -> None:
    rows = mask.split("/")
    if len(rows) <= height and len(rows[0]) <= width:
        assert refitted(mask, height, width) == mask


@pytest.mark.parametrize(
    ("mask", "sides", "expected"),
    [
        ("10/00", (1, 1), ""),
        ("1000/0000/0000/0000", (2, 2), "10/00"),
        ("0000/0110/0110/0000", (3, 3), "000/010/000"),
        ("1111/1001/1001/1111", (2, 4), ""),
        ("000111/000111", (2, 2), "01"),
        ("", (1, 1), ""),
    ],
)
def test_cells_that_cover_several_move_with_most_of_them(mask: str, sides: tuple[int, int], expected: str) -> None:
    assert refitted(mask, *sides) == expected


def test_what_is_asked_for_needs_noise_with_sides() -> None:
    assert region_asked_for("", (0, 0)) == ""
    assert region_asked_for("tl", (16, 16)) == "10/00"
    with pytest.raises(InvalidRequestError) as refused:
        region_asked_for("tl", (0, 0))
    assert str(refused.value) == NO_SIDES
    fine = "/".join("01" * 16 for _ in range(2))
    with pytest.raises(InvalidRequestError) as refused:
        region_asked_for(fine, (16, 16))
    assert str(refused.value) == (f"the region {fine!r} has 1 x 32 cells, and the noise 16 x 16; give one with fewer")


def test_a_session_begins_confined_and_stays_so() -> None:
    session = begin(LINEAGE, seed=5, octaves=3, scale=0.5, count=4, sides=(16, 16), region="10/00")
    assert {lineage.rounds[-1].region for lineage in ask(session).candidates} == {"10/00"}
    picked = tell(session, Picked(marks=(1,)))
    assert (picked.region, picked.lineage.rounds[-1].region) == ("10/00", "10/00")
    free = tell(picked, Confined(region=""))
    assert (free.region, free.template.seed) == ("", picked.template.seed)
    assert tell(free, Undone()).region == "10/00"


def test_the_region_follows_the_shape_of_the_noise() -> None:
    mask = reduced("/".join("1" + "0" * 23 for _ in range(24)))
    session = begin(LINEAGE, seed=5, octaves=4, scale=0.5, count=4, sides=(32, 32), region=mask)
    small = with_octaves(session, 3, (16, 16))
    assert (small.sides, small.region) == ((16, 16), refitted(mask, 16, 16))
    assert with_octaves(session, 4, (32, 32)).place == session.place
    assert with_octaves(session, 1).region == mask, "the shape is not known"
    assert with_octaves(session, 0).region == "", "this noise has no regions"


@pytest.mark.parametrize(
    "answer", [Confined(region="10"), PickedByRegion(parts=(RegionMarks(region="10", marks=(1,)),), asked=2)]
)
def test_noise_without_spatial_axes_has_no_regions(answer: Answer) -> None:
    flat = begin(LINEAGE, seed=5, octaves=0, scale=0.5, count=4)
    with pytest.raises(InvalidRequestError) as refused:
        tell(flat, answer)
    assert str(refused.value) == NO_SIDES
    assert tell(flat, Confined(region="")).place == flat.place
    assert tell(flat, PickedByRegion(parts=(), asked=2)).place == tell(flat, NoneBetter()).place


def test_the_prompt_keeps_the_region_for_later() -> None:
    session = begin(LINEAGE, seed=5, octaves=3, scale=0.5, count=4, axis=Axis.PROMPT, sides=(16, 16), region="01")
    assert (session.axis, session.region) == (Axis.PROMPT, "01")


@pytest.mark.parametrize("side", [1, 3, 9, 15])
def test_a_search_in_a_part_goes_on_at_a_different_size_after_it_was_resumed(side: int) -> None:
    mask = "/".join(["1" * 23 + "0"] * 23 + ["0" * 24])
    begun = begin(LINEAGE, seed=5, octaves=4, scale=0.5, count=4, sides=(32, 32), region=mask)
    picked = told(by_region(("tl", 1), ("tr", (0, 2))), Edited(round_=edit("a lake")), start=begun)
    shape, stored = (1, side, side), session_from_json(JsonFields(session_to_json(picked)))
    smaller = with_octaves(stored, octaves(shape, "CHW"), (side, side))
    after = told(by_region(("tl", 3), ("tr", 0), ("bl", 2)), Rerolled(), Undone(), start=smaller)
    for round_ in (*after.tree.step(after.place.node), after.template):
        check_round_fits(round_.bands, round_.region, shape, "CHW")
    assert tell(after, Undone()).place == smaller.place
    assert is_combined(after) == (side > 1)
