"""Regions as scripts and the app write them, against masks of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequestError
from engine.search.regions import (
    NAMED,
    WHOLE,
    Split,
    are_disjoint,
    box,
    box_side,
    coverage,
    intersection,
    inverted,
    parse_region,
    reduced,
    regions_of,
    union,
)
from tests.support.latentpng.masks import SIDE, is_in, mask_of, regions

NOISE = 64


@given(regions(), regions())
def test_the_intersection_is_what_both_masks_share(first: str, second: str) -> None:
    assert np.array_equal(mask_of(intersection(first, second)), mask_of(first) & mask_of(second))


@given(st.lists(regions(), min_size=1, max_size=4))
def test_the_union_is_what_is_in_any_mask(masks: list[str]) -> None:
    assert np.array_equal(mask_of(union(masks)), np.any([mask_of(mask) for mask in masks], axis=0))


@given(regions())
def test_what_is_inverted_twice_is_the_same_region(mask: str) -> None:
    assert np.array_equal(mask_of(inverted(mask)), ~mask_of(mask))
    assert reduced(inverted(inverted(mask))) == reduced(mask)
    assert coverage(mask) + coverage(inverted(mask)) == pytest.approx(1.0)


@given(regions(), st.integers(0, SIDE - 1), st.integers(0, SIDE - 1))
def test_a_point_is_in_the_region_that_its_mask_covers(mask: str, row: int, column: int) -> None:
    assert is_in(mask, (column + 0.5) / SIDE, (row + 0.5) / SIDE) is bool(mask_of(mask)[row, column])


@given(regions())
def test_every_mask_that_is_a_part_of_the_picture_can_be_written(mask: str) -> None:
    if coverage(mask) in (0.0, 1.0):
        return
    assert parse_region(mask, NOISE, NOISE) == reduced(mask)
    assert parse_region(f"outside:{mask}", NOISE, NOISE) == reduced(inverted(mask))


@given(st.data(), st.sampled_from([8, 16, 33, 64, 128]))
def test_a_box_in_percent_covers_the_cells_that_it_touches_most(data: st.DataObject, noise: int) -> None:
    cells = box_side(noise)
    left, top = data.draw(st.integers(0, cells - 1)), data.draw(st.integers(0, cells - 1))
    right, bottom = data.draw(st.integers(left + 1, cells)), data.draw(st.integers(top + 1, cells))
    if (right - left, bottom - top) == (cells, cells):
        return
    exact = [100 * side / cells for side in (left, top, right - left, bottom - top)]
    mask = parse_region(",".join(map(str, exact)), noise, noise)
    assert mask == box(left, top, right, bottom, columns=cells, rows=cells)
    assert coverage(mask) == pytest.approx((right - left) * (bottom - top) / cells**2)


@pytest.mark.parametrize(("noise", "cells"), [(128, 24), (64, 24), (16, 12), (9, 8), (7, 6), (5, 4), (1, 1), (0, 1)])
def test_boxes_snap_to_cells_that_the_noise_has(noise: int, cells: int) -> None:
    assert box_side(noise) == cells


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        *NAMED.items(),
        ("TL", "10/00"),
        (" outside: tl ", "01/11"),
        ("tl + br", "10/01"),
        ("tl+tr", "1/0"),
        ("3x3:5", "000/010/000"),
        ("3x3:1+2+3", "1/0/0"),
        ("0,0,50,100", "10"),
        ("75,75,50,50", "0000/0000/0000/0001"),
        ("40,40,0.1,0.1", box(10, 10, 11, 11, columns=24, rows=24)),
        ("1100/1100", "10"),
    ],
)
def test_regions_as_scripts_write_them(text: str, mask: str) -> None:
    assert parse_region(text, NOISE, NOISE) == mask


@pytest.mark.parametrize(
    "text",
    [
        *("", "middle", "tl+middle", "3x3:", "3x3:0", "3x3:1+", "1,2,3", "0,0,0,10", "100,0,10,10", "-1,0,10,10"),
        *("nan,0,1,1", "inf,0,1,1", "0,0,101,10", "10/1", "10//01", "12", "1" * 65, "outside:", "outside:outside:tl"),
    ],
)
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_region(text, NOISE, NOISE)
    assert str(caught.value) == (
        "a region is left, right, top, bottom, tl, tr, bl, br, several of them joined by +, 3x3:1+5, a box X,Y,W,H in "
        f"percent, or rows of 0 and 1 such as 10/01; outside: before it means all the rest; found {text!r}"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("left+right", "the whole picture"),
        ("0,0,100,100", "the whole picture"),
        ("11/11", "the whole picture"),
        ("outside:00", "the whole picture"),
        ("outside:left+right", "nothing"),
        ("00/00", "nothing"),
        ("3x3:1+2+3+4+5+6+7+8+9", "the whole picture"),
    ],
)
def test_nothing_and_everything_are_no_parts(text: str, what: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_region(text, NOISE, NOISE)
    assert str(caught.value) == f"the region {text!r} is {what}; give one that is a part of the picture"


def test_a_region_has_at_most_as_many_cells_as_the_noise() -> None:
    assert parse_region("3x3:5", 3, 3) == "000/010/000"
    with pytest.raises(InvalidRequestError) as caught:
        parse_region("3x3:5", 2, 3)
    assert str(caught.value) == "the region '3x3:5' has 3 x 3 cells, and the noise 2 x 3; give one with fewer"


@given(st.sampled_from(list(Split)), st.integers(1, 3), st.integers(1, 3))
def test_the_regions_that_are_asked_about_are_the_picture_in_pieces(split: Split, width: int, height: int) -> None:
    masks = regions_of(split, width=width, height=height)
    assert union(masks) == WHOLE
    assert all(are_disjoint(one, other) for one in masks for other in masks if one != other)
    assert {coverage(mask) for mask in masks} == {1 / len(masks)}


def test_halves_lie_along_the_longer_side() -> None:
    assert regions_of(Split.HALVES, width=2, height=1) == regions_of(Split.HALVES, width=1, height=1) == ("10", "01")
    assert regions_of(Split.HALVES, width=1, height=2) == ("1/0", "0/1")
    assert regions_of(Split.QUARTERS, width=1, height=2) == ("10/00", "01/00", "00/10", "00/01")
