"""The frame around the region that varies: where it lies, that it is seen on any picture, and what stands in for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.rendering.events import Picture
from tests.support.latentpng.masks import is_in
from tui.app.region_drawing import framed, lit, marked
from tui.graphics.geometry import Box, whole_cells

REGIONS = st.sampled_from(
    ["10/00", "01", "0/1", "0000/0110/0110/0000", "1111/1001/1001/1111", "10/01", "100/010/001", "0" * 11 + "1"]
)


def plain(width: int, height: int, level: int) -> Picture:
    return Picture(width=width, height=height, rgb=bytes([level]) * (width * height * 3))


def grey(picture: Picture) -> NDArray[np.uint8]:
    return np.frombuffer(picture.rgb, dtype=np.uint8).reshape(picture.height, picture.width, 3)[..., 0]


@given(region=REGIONS, width=st.integers(1, 90), height=st.integers(1, 90), level=st.sampled_from([0, 128, 255]))
def test_only_the_inside_of_the_region_is_drawn_over(region: str, width: int, height: int, level: int) -> None:
    before = plain(width, height, level)
    after = framed(before, region, (width, height))
    assert (after.width, after.height) == (width, height)
    changed = grey(after) != level
    inside = np.array([[is_in(region, x / width, y / height) for x in range(width)] for y in range(height)])
    assert not changed[~inside].any()
    neighbours = np.pad(inside, 1)
    whole = np.logical_and.reduce([neighbours[y : y + height, x : x + width] for y in range(3) for x in range(3)])
    assert (grey(after)[inside & ~whole] < 20).all(), "a dark line, all around"


@pytest.mark.parametrize("level", [0, 16, 128, 248, 255])
def test_a_frame_is_seen_on_any_picture(level: int) -> None:
    drawn = grey(framed(plain(64, 64, level), "0000/0110/0110/0000", (64, 64)))
    distances = np.abs(drawn.astype(int) - level)
    assert distances.max() > 100
    assert (distances > 100).sum() >= 4 * 26, "a whole line of it"


def test_without_a_region_a_picture_stays_the_same_object() -> None:
    picture = plain(8, 8, 99)
    box = Box(columns=30, rows=15, cell_width=8, cell_height=16)
    assert framed(picture, "", (8, 8)) is picture
    assert marked(picture, "", box, has_pixels=True) is picture
    assert marked(picture, "10", Box(columns=0, rows=0, cell_width=8, cell_height=16), has_pixels=True) is picture


@given(
    region=REGIONS,
    side=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    cells=st.tuples(st.integers(1, 60), st.integers(1, 30)),
    has_pixels=st.booleans(),
)
def test_what_a_cell_shows_fits_and_keeps_its_place(
    region: str, side: tuple[int, int], cells: tuple[int, int], has_pixels: bool
) -> None:
    picture = plain(*side, 200)
    box = Box(columns=cells[0], rows=cells[1], cell_width=9, cell_height=19)
    shown = marked(picture, region, box, has_pixels=has_pixels)
    assert len(shown.rgb) == 3 * shown.width * shown.height
    if has_pixels:
        assert shown.width <= max(1, min(max(picture.width, 128), box.width))
    else:
        assert whole_cells(shown.width, shown.height, box) == whole_cells(picture.width, picture.height, box)


def test_the_frame_of_a_tiny_preview_is_thin() -> None:
    box = Box(columns=25, rows=12, cell_width=9, cell_height=18)
    shown = grey(marked(plain(16, 16, 200), "10/00", box, has_pixels=True))
    assert shown.shape == (128, 128)
    assert (shown != 200).mean() < 0.04


def test_the_frame_of_characters_keeps_to_halves_of_them() -> None:
    box = Box(columns=40, rows=20, cell_width=9, cell_height=18)
    shown = grey(marked(plain(64, 64, 200), "0000/0110/0110/0000", box, has_pixels=False))
    assert shown.shape == (360, 360)
    halves = shown.reshape(40, 9, 40, 9)
    assert (halves == halves[:, :1, :, :1]).all()


def test_where_a_frame_has_no_room_the_rest_is_dimmed() -> None:
    box = Box(columns=11, rows=5, cell_width=8, cell_height=16)
    picture = plain(64, 64, 200)
    shown = marked(picture, "10/00", box, has_pixels=False)
    assert shown == lit(picture, "10/00", 0.55)
    assert set(grey(shown).ravel()) == {200, 110}
