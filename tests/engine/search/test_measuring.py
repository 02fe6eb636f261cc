"""How different two pictures look, as a number."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.rendering.events import Picture
from engine.search.measuring import SIDE, difference, distances, reduced


def picture(pixels: NDArray[np.uint8]) -> Picture:
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.tobytes())


def plain(level: int, width: int = 40, height: int = 30) -> Picture:
    return picture(np.full((height, width, 3), level, dtype=np.uint8))


def test_small_pictures_are_compared_pixel_by_pixel() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    assert reduced(picture(pixels)) == pytest.approx(pixels / 255.0)


@given(st.integers(1, 700), st.integers(1, 700))
def test_pictures_of_every_size_are_reduced_and_keep_their_colours(width: int, height: int) -> None:
    small = reduced(plain(51, width, height))
    assert small.shape[0] <= max(SIDE, 2 * height)
    assert small.size > 0
    assert small == pytest.approx(0.2)


def test_a_large_picture_becomes_the_means_of_its_cells() -> None:
    cells = np.random.default_rng(2).integers(0, 256, (96, SIDE, 3), dtype=np.uint8)
    large = cells.repeat(8, axis=0).repeat(8, axis=1)
    assert reduced(picture(large)) == pytest.approx(cells / 255.0)


def test_finer_differences_than_a_cell_do_not_count() -> None:
    chequered = np.zeros((1024, 1024, 3), dtype=np.uint8)
    chequered[::4, ::2] = chequered[2::4, ::2] = 255
    assert reduced(picture(chequered)).std() == pytest.approx(0.0)


@given(st.integers(0, 255), st.integers(0, 255))
def test_the_difference_of_plain_pictures_is_that_of_their_levels(one: int, other: int) -> None:
    assert difference(reduced(plain(one)), reduced(plain(other))) == pytest.approx(abs(one - other) / 255)


def test_a_change_in_a_region_counts_as_much_as_one_of_the_whole_picture() -> None:
    before = np.full((64, 64, 3), 100, dtype=np.uint8)
    after = before.copy()
    after[:32, :32] = 120
    ones, others = reduced(picture(before)), reduced(picture(after))
    assert difference(ones, others, part=0.25) == pytest.approx(20 / 255)
    assert difference(ones, others) == pytest.approx(10 / 255)
    assert math.isclose(difference(ones, 1.0 - ones, part=0.01), 1.0)


def test_candidates_are_compared_with_their_parent_and_one_of_another_size_is_not() -> None:
    small = Picture(width=2, height=2, rgb=bytes(12))
    found = distances(plain(100), [plain(110), plain(100), small])
    assert found == pytest.approx((10 / 255, 0.0, 0.0))
