"""Where pictures stand, and how many fit."""

from __future__ import annotations

import pytest

from tui.app.layout import reading_order, side_for, side_that_fits


def test_the_parent_stands_in_the_middle_of_an_odd_grid() -> None:
    assert reading_order(9) == (1, 2, 3, 4, 0, 5, 6, 7, 8)
    assert reading_order(4) == (0, 1, 2, 3)
    assert reading_order(16)[:2] == (0, 1)
    assert reading_order(2) == (0, 1)
    assert reading_order(1) == (0,)
    assert [side_for(count) for count in (1, 2, 4, 5, 9, 10, 16)] == [1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize(("columns", "rows", "side"), [(120, 44, 3), (48, 18, 3), (47, 18, 2), (48, 17, 2), (20, 5, 2)])
def test_the_grid_that_fits(columns: int, rows: int, side: int) -> None:
    assert side_that_fits(columns, rows) == side
