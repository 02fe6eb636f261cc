"""Regions on pictures: what is dimmed, and what a patchwork shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rendering.events import Picture
from tests.support.latentpng.masks import is_in
from tui.app.region_drawing import lit, patchwork

REGIONS = st.sampled_from(["", "0" * 15 + "1", "10", "01", "1/0", "10/00", "00/01", "110/001", "101/010/111"])
SIDES = st.integers(1, 9)


def picture(width: int, height: int, level: int) -> Picture:
    return Picture(width=width, height=height, rgb=bytes((level, level, level)) * (width * height))


def level(shown: Picture, column: int, row: int) -> int:
    return shown.rgb[3 * (row * shown.width + column)]


@given(REGIONS, SIDES, SIDES)
def test_only_the_region_stays_bright(region: str, width: int, height: int) -> None:
    shown = lit(picture(width, height, 200), region)
    assert (shown.width, shown.height) == (width, height)
    for row in range(height):
        for column in range(width):
            is_bright = is_in(region, column / width, row / height)
            assert level(shown, column, row) == (200 if is_bright else 60)


@given(REGIONS, SIDES, SIDES)
def test_a_patchwork_shows_the_part_inside_its_region_and_the_parent_elsewhere(
    region: str, width: int, height: int
) -> None:
    shown = patchwork(picture(width, height, 10), [(region, (picture(width, height, 90),))])
    for row in range(height):
        for column in range(width):
            assert level(shown, column, row) == (90 if is_in(region, column / width, row / height) else 10)


@pytest.mark.parametrize("levels", [(200,), (100, 201), (255, 255)])
def test_several_pictures_of_a_region_are_averaged(levels: tuple[int, ...]) -> None:
    shown = patchwork(picture(4, 4, 0), [("10", tuple(picture(4, 4, each) for each in levels))])
    assert level(shown, 0, 0) == round(sum(levels) / len(levels) + 0.01)
    assert level(shown, 3, 3) == 0


def test_a_picture_of_a_different_size_is_scaled_to_the_parent() -> None:
    shown = patchwork(picture(4, 4, 0), [("10", (picture(2, 2, 80),))])
    assert (shown.width, shown.height, level(shown, 0, 3), level(shown, 2, 0)) == (4, 4, 80, 0)


def test_the_whole_picture_is_lit_as_it_is() -> None:
    whole = picture(3, 2, 7)
    assert lit(whole, "") is whole
