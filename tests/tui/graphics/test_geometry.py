"""A picture lies whole in its box, as large as can be, its shape kept."""

from __future__ import annotations

import pytest

from tui.graphics.geometry import Area, Box, centred, fit, whole_cells

BOX = Box(columns=40, rows=20, cell_width=10, cell_height=20)
SIZES = [(128, 128), (1024, 768), (768, 1024), (16, 16), (1, 1), (3000, 2), (2, 3000), (400, 400)]


def test_a_box_in_pixels() -> None:
    assert (BOX.width, BOX.height) == (400, 400)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_fitted_pictures_touch_two_edges_and_keep_their_shape(width: int, height: int) -> None:
    fitted = fit(width, height, BOX)
    assert max(fitted) == 400
    assert min(fitted) >= 1
    assert abs(fitted[0] * height - fitted[1] * width) <= max(width, height)  # to half a pixel


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_areas_lie_in_the_middle_of_the_box(width: int, height: int) -> None:
    for area in (whole_cells(width, height, BOX), centred(*fit(width, height, BOX), BOX)):
        assert 0 <= area.left <= BOX.columns - area.left - area.columns <= area.left + 1
        assert 0 <= area.top <= BOX.rows - area.top - area.rows <= area.top + 1


def test_areas_count_whole_cells() -> None:
    assert whole_cells(1024, 768, BOX) == Area(left=0, top=2, columns=40, rows=15)
    assert centred(401, 21, BOX) == Area(left=0, top=9, columns=40, rows=2)
    assert centred(11, 20, BOX) == Area(left=19, top=9, columns=2, rows=1)
