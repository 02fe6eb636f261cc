"""The region that is being drawn, and its words: pure values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.search.regions import box, coverage, intersection, inverted, reduced, union
from latentpng.rules import check_round_fits
from tui.app.region_box import RegionBox, region_box
from tui.app.region_words import drawn_words, moving_words, place_words

SIDES = st.tuples(st.integers(1, 80), st.integers(1, 80))
STEPS = st.sampled_from(
    [
        *(("moved", each) for each in ((1, 0), (-1, 0), (0, 1), (0, -1), (-99, 3))),
        *(("resized", each) for each in ((1, 0), (-1, 0), (0, 1), (0, -1), (99, -99))),
        *(("grown", (each,)) for each in (1, -1, 5, -99)),
        *(("toggled", (number,)) for number in range(1, 10)),
        ("spanned", ((0.1, 0.9), (0.55, 0.2))),
        ("spanned", ((-3.0, 0.5), (0.5, 7.0))),
        ("inverted", ()),
    ]
)


def drawn(drawing: RegionBox, steps: list[tuple[str, tuple[int, ...]]]) -> RegionBox:
    for name, values in steps:
        drawing = getattr(drawing, name)(*values)
    return drawing


@given(sides=SIDES, steps=st.lists(STEPS, max_size=12))
def test_whatever_is_drawn_fits_the_noise(sides: tuple[int, int], steps: list[tuple[str, tuple[int, ...]]]) -> None:
    drawing = drawn(region_box("", sides), steps)
    check_round_fits((), drawing.mask, (4, *sides), "CHW")
    assert drawing.mask == reduced(drawing.mask)
    assert drawing.moves_nothing == ("1" not in (drawing.mask or "1"))
    words = drawn_words(drawing.shape, is_outside=drawing.is_outside)
    assert words.startswith("nothing varies") == drawing.moves_nothing
    assert len(words) < 80


@given(sides=SIDES, steps=st.lists(STEPS, max_size=8))
def test_inside_and_outside_are_the_whole(sides: tuple[int, int], steps: list[tuple[str, tuple[int, ...]]]) -> None:
    drawing = drawn(region_box("", sides), steps)
    other = drawing.inverted()
    assert coverage(drawing.mask) + coverage(other.mask) == pytest.approx(1.0)
    assert union([drawing.mask, other.mask]) == ""
    assert other.inverted() == drawing


@given(sides=SIDES, steps=st.lists(STEPS, max_size=8), by=st.tuples(st.integers(-3, 3), st.integers(-3, 3)))
def test_a_moved_box_keeps_its_size(
    sides: tuple[int, int], steps: list[tuple[str, tuple[int, ...]]], by: tuple[int, int]
) -> None:
    before = drawn(region_box("", sides), steps).moved(0, 0)
    after = before.moved(*by)
    old, new = before.bounds, after.bounds
    assert (new.right - new.left, new.bottom - new.top) == (old.right - old.left, old.bottom - old.top)
    assert min(new.left, new.top) >= 0
    assert new.right <= after.columns
    assert new.bottom <= after.rows


@given(sides=SIDES, numbers=st.lists(st.integers(1, 9), unique=True, min_size=1))
def test_cells_are_added_and_taken_away(sides: tuple[int, int], numbers: list[int]) -> None:
    start = region_box("", (24, 24)).toggled(1).toggled(1)
    assert start.moves_nothing
    there = drawn(start, [("toggled", (number,)) for number in numbers])
    assert coverage(there.mask) == pytest.approx(len(numbers) / 9)
    assert drawn(there, [("toggled", (number,)) for number in numbers]) == start
    assert sides  # the grid of cells is the same for every noise of three cells and more


def test_drawing_begins_with_a_box_in_the_middle_or_what_is_in_force() -> None:
    assert region_box("", (16, 16)) == RegionBox(columns=12, rows=12, shape="0000/0110/0110/0000")
    assert region_box("", (32, 128)) == RegionBox(columns=24, rows=24, shape="0000/0110/0110/0000")
    assert region_box("10/00", (16, 16)) == RegionBox(columns=12, rows=12, shape="10/00")
    assert region_box("01/11", (16, 16)) == RegionBox(columns=12, rows=12, shape="10/00", is_outside=True)
    assert region_box("01", (16, 16)).mask == "01"


def test_arrows_take_the_box_around_what_is_framed() -> None:
    corners = RegionBox(columns=12, rows=12, shape="100/000/001")
    assert corners.moved(0, 0).mask == ""
    assert (
        RegionBox(columns=12, rows=12, shape="110/000/000").moved(0, 1).bounds
        == RegionBox(columns=12, rows=12, shape=box(0, 1, 8, 5, columns=12, rows=12)).bounds
    )


def test_a_box_grows_to_the_other_side_at_the_edge() -> None:
    drawing = RegionBox(columns=4, rows=4, shape="0001/0000/0000/0000")
    assert drawing.resized(1, 0).mask == "01/00/00/00"
    assert drawing.resized(-1, -1) == drawing, "one cell at least"
    assert drawing.resized(9, 9).mask == ""


def test_the_first_digit_gives_the_box_up() -> None:
    drawing = region_box("", (16, 16)).toggled(3)
    assert drawing.mask == "001/000/000"
    assert drawing.toggled(7).mask == "001/000/100"
    assert intersection(drawing.toggled(7).mask, drawing.mask) == drawing.mask


@pytest.mark.parametrize(
    ("region", "moving", "place"),
    [
        ("10/00", "only the top left quarter varies", "only in the top left quarter"),
        ("01", "only the right half varies", "only in the right half"),
        (
            inverted("00/01"),
            "everything but the bottom right quarter varies",
            "everywhere but in the bottom right quarter",
        ),
        ("0000/0110/0110/0000", "only a region of 25% varies", "only in a region of 25%"),
        ("1111/1001/1001/1111", "everything but a region of 25% varies", "everywhere but in a region of 25%"),
    ],
)
def test_words_for_what_varies(region: str, moving: str, place: str) -> None:
    assert (moving_words(region), place_words(region)) == (moving, place)


@pytest.mark.parametrize(
    ("shape", "is_outside", "words"),
    [
        ("10/00", False, "only the top left quarter varies, 25% of the picture"),
        ("10/00", True, "everything but the top left quarter varies, 75% of the picture"),
        ("100/000/000", False, "only the inside of the frame varies, 11% of the picture; the rest stays"),
        ("100/000/000", True, "only the outside of the frame varies, 89% of the picture; the rest stays"),
        ("", False, "the whole picture varies"),
        ("0", True, "the whole picture varies"),
        ("", True, "nothing varies: draw a box, or choose cells with 1 to 9"),
        ("0", False, "nothing varies: draw a box, or choose cells with 1 to 9"),
    ],
)
def test_words_for_what_is_drawn(shape: str, is_outside: bool, words: str) -> None:
    assert drawn_words(shape, is_outside=is_outside) == words
