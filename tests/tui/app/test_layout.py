"""Where pictures stand, and how many fit."""

from __future__ import annotations

import pytest

from engine.search.running import PARENT
from tui.app.layout import FILMSTRIP, LINE, ROWS_OF_TEXT, Arrangement, arrange
from tui.graphics.geometry import Box, fit

WIDTHS, HEIGHTS = range(44, 241, 7), range(14, 81, 3)
ASPECTS = (0.5, 9 / 16, 2 / 3, 0.8, 1.0, 1.25, 1.5, 16 / 9, 2.0)
CELL = (10, 20)


def cells_of(aspect: float, columns: int, rows: int) -> float:
    """Return the terminal cells that a picture covers in a box, computed from pixels as the encoders do."""
    if columns < 1 or rows < 1:
        return 0.0
    box = Box(columns=columns, rows=rows, cell_width=CELL[0], cell_height=CELL[1])
    width, height = fit(round(2000 * aspect), 2000, box)
    return width * height / (CELL[0] * CELL[1])


def before(columns: int, rows: int, aspect: float) -> tuple[int, float]:
    """Return the pictures, and the cells that they cover, by the rule that the app had before.

    A square grid of three by three, or two by two, in equal parts of the window: a column between two parts, a blank
    column at each side of a picture, and a caption under it.
    """
    room = rows - 4
    side = 3 if columns >= 48 and room >= 18 else 2
    width, height = (columns - (side - 1)) // side - 2, room // side - 1
    return side * side, side * side * cells_of(aspect, width, height)


def covered(way: Arrangement, aspect: float) -> float:
    """Return the cells that the pictures of an arrangement cover."""
    pane = cells_of(aspect, way.pane_width, way.pane_height)
    pictures = way.candidates + (0 if way.has_pane else 1)
    return pictures * cells_of(aspect, way.width, way.height) + pane


@pytest.mark.parametrize("aspect", ASPECTS)
def test_no_window_shows_less_than_before(aspect: float) -> None:
    for columns in WIDTHS:
        for rows in HEIGHTS:
            way = arrange(columns, rows, aspect=aspect)
            pictures, cells = before(columns, rows, aspect)
            assert way.candidates + 1 >= pictures, (columns, rows)
            # Pixels are whole numbers: a picture may lose one of each side to the rounding.
            assert covered(way, aspect) >= 0.985 * cells, (columns, rows, way)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_everything_stands_inside_the_window(aspect: float) -> None:
    for columns in WIDTHS:
        for rows in HEIGHTS:
            way = arrange(columns, rows, aspect=aspect)
            across = way.columns * way.width + way.columns - 1
            assert across + (way.pane_width + 2 if way.has_pane else 0) <= columns
            room = rows - ROWS_OF_TEXT - way.strip
            assert way.rows * (way.height + 1) <= room
            assert way.pane_height + (1 if way.has_pane else 0) <= room
            assert len(way.order) <= way.columns * way.rows
            assert sorted({*way.order, PARENT}) == list(range(way.candidates + 1))


def test_an_ordinary_terminal_shows_twice_as_much() -> None:
    way = arrange(80, 24, aspect=1.0)
    assert (way.candidates, way.columns, way.rows, way.width, way.height) == (8, 5, 2, 15, 8)
    assert covered(way, 1.0) >= 1.8 * 9 * 11 * 5
    assert way.strip == LINE


@pytest.mark.parametrize("size", [(120, 40), (140, 52), (160, 50), (220, 60)])
def test_a_large_terminal_has_a_pane_and_a_filmstrip(size: tuple[int, int]) -> None:
    way = arrange(*size, aspect=1.0)
    assert way.has_pane
    assert way.strip == FILMSTRIP
    assert way.pane_width * way.pane_height >= 2 * way.width * way.height
    assert way.order == (1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize("size", [(44, 14), (44, 16), (60, 16), (80, 24)])
def test_a_narrow_terminal_has_the_parent_in_its_grid(size: tuple[int, int]) -> None:
    way = arrange(*size, aspect=1.0)
    assert not way.has_pane
    assert PARENT in way.order


def test_three_candidates_only_where_eight_do_not_fit() -> None:
    assert [arrange(*size, aspect=1.0).candidates for size in ((44, 14), (48, 22), (60, 16), (80, 24))] == [3, 8, 8, 8]


@pytest.mark.parametrize(("side", "candidates"), [(2, 3), (3, 8), (4, 15)])
@pytest.mark.parametrize("size", [(44, 14), (80, 24), (120, 40), (240, 80)])
def test_the_number_of_pictures_can_be_asked_for(side: int, candidates: int, size: tuple[int, int]) -> None:
    assert arrange(*size, aspect=1.0, side=side).candidates == candidates


def test_a_grid_that_is_there_keeps_its_candidates() -> None:
    assert arrange(44, 14, aspect=1.0, candidates=8).candidates == 8
    assert arrange(44, 14, aspect=1.0, candidates=8, side=2).candidates == 8


def test_the_parent_stands_in_the_middle_of_three_by_three_and_else_last() -> None:
    assert _order(8, 3, 3) == (1, 2, 3, 4, 0, 5, 6, 7, 8)
    assert _order(8, 5, 2) == (1, 2, 3, 4, 5, 6, 7, 8, 0)
    assert _order(3, 2, 2) == (1, 2, 3, 0)
    assert _order(8, 3, 3, pane=40) == (1, 2, 3, 4, 5, 6, 7, 8)


@pytest.mark.parametrize("size", [(1, 1), (10, 4), (20, 5), (0, 0)])
def test_windows_without_room_have_an_arrangement_too(size: tuple[int, int]) -> None:
    way = arrange(*size, aspect=1.0)
    assert way.candidates == 3
    assert len(way.order) == 4


@pytest.mark.parametrize("aspect", [1 / 1024, 1024.0])
def test_extreme_pictures_have_an_arrangement(aspect: float) -> None:
    way = arrange(120, 40, aspect=aspect)
    assert way.width > 0
    assert way.height > 0


def test_a_cell_that_is_nearly_square_makes_boxes_nearly_square() -> None:
    way = arrange(120, 40, aspect=1.0, cell_aspect=1.0)
    assert abs(way.width - way.height) <= 1


def _order(candidates: int, columns: int, rows: int, pane: int = 0) -> tuple[int, ...]:
    return Arrangement(
        candidates=candidates, columns=columns, rows=rows, width=10, height=5, pane_width=pane, area=1.0
    ).order
