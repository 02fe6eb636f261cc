"""Regions as texts: what they cover, what they share and what people call them, against masks of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from latentpng.regions import are_disjoint, coverage, reduced, region_words
from tests.support.latentpng.masks import mask_of, regions


@given(regions())
def test_the_coverage_is_the_mean_of_the_mask(region: str) -> None:
    assert coverage(region) == pytest.approx(mask_of(region).mean())


@given(regions())
def test_a_reduced_region_is_the_same_one_in_fewer_cells(region: str) -> None:
    short = reduced(region)
    assert np.array_equal(mask_of(short), mask_of(region))
    assert reduced(short) == short
    assert len(short) <= len(region)


@given(regions(), regions())
def test_disjoint_regions_share_no_point(first: str, second: str) -> None:
    assert are_disjoint(first, second) is not bool((mask_of(first) & mask_of(second)).any())
    assert are_disjoint(first, second) is are_disjoint(second, first)


def test_grids_without_a_common_measure_are_compared_exactly() -> None:
    narrow, wide = "0" * 62 + "10", "1" * 61 + "000"  # of 64 cells
    assert are_disjoint(narrow, wide)
    assert are_disjoint("1" * 62 + "0", "0" * 63 + "1")  # 62/63 of the picture, and the last of 64 columns
    assert not are_disjoint("1" * 62 + "0", "0" * 62 + "11")


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("", "whole picture"),
        ("11/11", "whole picture"),
        ("10", "left half"),
        ("1100/1100", "left half"),
        ("0/1", "bottom half"),
        ("10/00", "top left quarter"),
        ("0011/0011/0000/0000", "top right quarter"),
        ("01/11", "region of 75%"),
        ("1" + "0" * 1023, "region of 1%"),
    ],
)
def test_halves_and_quarters_have_names(region: str, words: str) -> None:
    assert region_words(region) == words
