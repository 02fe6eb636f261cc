"""How the pictures of a search share the terminal: pure arithmetic in terminal cells.

Rows and columns of the grid are chosen by area: of all ways to divide the room, the one with the largest pictures.
Where it pays, the parent gets a large pane of its own at the right, and the history a strip below the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from engine.search.running import PARENT

PICK_KEYS = "1234567890cfgjkl"
"""The key that picks the picture at each position of the grid."""
ROWS_OF_TEXT = 4
"""Header, dial, status and keys."""
DEFAULT_CANDIDATES, FEW_CANDIDATES = 8, 3
GAP = 1
"""Columns between two pictures of the grid."""
PANE_GAP = 2
"""Columns between the grid and the pane."""
CAPTION = 1
"""Rows under every picture."""
FILMSTRIP, LINE, NO_STRIP = 5, 1, 0
"""Rows of the history: small pictures, one row of text, or nothing."""

_MIN_PICTURE = 50.0
"""Cells of the smallest picture that is worth looking at."""
_MIN_BESIDE_PANE = 128.0
"""Cells of the smallest candidate beside a pane: smaller ones need the room of the pane more than the parent does."""
_PANE_IS_LARGER = 2.0
"""How many times as many cells a pane covers as a candidate, at least; else it is not worth its room."""
_GRID_WEIGHT = 0.6
"""What the size of the candidates weighs against that of the pane."""
_SHRUNK = 0.66
"""The part of the cells that a candidate of the plain square grid has and that one beside a pane keeps, at least."""
_STRIP_COST = {FILMSTRIP: 0.86, LINE: 0.94}
"""The part of the merit that an arrangement keeps, at least, when the strip takes its rows."""
_MIN_ROWS_FOR_FILMSTRIP = 34
_SLACK, _LOOSE = 0.12, 0.94
"""The part of a row that a picture does not begin a row for, and what the merit loses where it does all the same: the
caption would stand nearly a row below the picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrangement:
    """Where the pictures stand.  All lengths are in terminal cells.

    Attributes:
        candidates: The number of candidates.
        columns: Of pictures in the grid.
        rows: Of pictures in the grid.
        width: Of the box of a picture in the grid.
        height: Of that box, without the caption.
        pane_width: Of the box of the parent beside the grid; 0 without a pane, when the parent stands in the grid.
        pane_height: Of that box, without the caption.
        strip: The rows of the history: FILMSTRIP, LINE or NO_STRIP.
        area: The cells that pictures cover, all together.
    """

    candidates: int
    columns: int
    rows: int
    width: int
    height: int
    pane_width: int = 0
    pane_height: int = 0
    strip: int = NO_STRIP
    area: float

    @property
    def has_pane(self) -> bool:
        """Whether the parent has a large pane beside the grid."""
        return self.pane_width > 0

    def parent_alone(self) -> Arrangement:
        """Return the arrangement of the parent without candidates, as large as it was beside them."""
        width, height = (self.pane_width, self.pane_height) if self.has_pane else (self.width, self.height)
        return replace(
            self, candidates=0, columns=1, rows=1, width=width, height=height, pane_width=0, pane_height=0, area=1.0
        )

    @property
    def order(self) -> tuple[int, ...]:
        """The index of the picture at each position of the grid, row by row.

        Where the parent is in the grid, it stands in the middle of three by three, with its variations around it; else
        it comes last, so that the first key picks the first candidate.
        """
        candidates = tuple(range(1, self.candidates + 1))
        if self.has_pane:
            return candidates
        pictures = self.candidates + 1
        is_full = pictures == self.columns * self.rows
        middle = pictures // 2 if is_full and self.columns % 2 and self.rows % 2 else self.candidates
        return (*candidates[:middle], PARENT, *candidates[middle:])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Room:
    """Room for pictures: all columns, the rows without text, and the columns of a square picture's row."""

    columns: int
    rows: int
    columns_per_row: float

    def cells(self, columns: float, rows: float) -> float:
        """Return the cells that a picture covers in a box."""
        width = min(columns, rows * self.columns_per_row)
        return max(0.0, width * width / self.columns_per_row)

    def box(self, columns: int, rows: int, slack: float = 0.0) -> tuple[int, int]:
        """Return the smallest box that holds a picture as large as it can be in a larger box.

        Args:
            columns: Of the larger box.
            rows: Of the larger box.
            slack: The part of a row or column that the picture may lose, so that it does not begin one for so little.
        """
        width = min(float(columns), rows * self.columns_per_row)
        height = width / self.columns_per_row
        return min(columns, max(1, _ceil(width - slack))), min(rows, max(1, _ceil(height - slack)))


def arrange(
    columns: int, rows: int, *, aspect: float, cell_aspect: float = 0.5, candidates: int = 0, side: int = 0
) -> Arrangement:
    """Return the best arrangement of a search's pictures.

    Args:
        columns: Of the terminal.
        rows: Of the terminal.
        aspect: Width through height of a picture, in pixels.
        cell_aspect: Width through height of a terminal cell.
        candidates: The number of candidates of a grid that is there already; 0 for as many as suit the terminal.
        side: The pictures along a side of a square grid that the person asked for; 0 when they did not.

    Returns:
        The arrangement.  On a terminal that is too small for any picture, its boxes are empty.
    """
    room = _Room(columns=columns, rows=max(0, rows - ROWS_OF_TEXT), columns_per_row=aspect / cell_aspect)
    count = candidates or (side * side - 1 if side else _candidates_that_fit(room))
    floor = max(_square_area(room, each) for each in (count, *(() if _is_wide_enough(room) else (FEW_CANDIDATES,))))
    best = _best(room, count, NO_STRIP, floor) or max(_alone_ways(room, count, NO_STRIP), key=_merit_of)
    for strip, part in _STRIP_COST.items():
        if strip == FILMSTRIP and rows < _MIN_ROWS_FOR_FILMSTRIP:
            continue
        less = _Room(columns=columns, rows=max(0, room.rows - strip), columns_per_row=room.columns_per_row)
        way = _best(less, count, strip, floor)
        if way is not None and way.merit >= part * best.merit > 0.0:
            return way.arrangement
    return best.arrangement


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """An arrangement, and how good it is: the weighted geometric mean of the cells of a candidate and of the parent."""

    arrangement: Arrangement
    merit: float


def _merit_of(way: _Way) -> float:
    return way.merit


def _best(room: _Room, count: int, strip: int, floor: float) -> _Way | None:
    """Return the best arrangement that covers at least `floor` cells; None when there is none."""
    enough = (way for way in _ways(room, count, strip) if way.arrangement.area >= floor)
    return max(enough, key=_merit_of, default=None)


def _candidates_that_fit(room: _Room) -> int:
    """Return 8 where 9 pictures are large enough, and cover no fewer cells than 4 would; else 3."""
    many, few = _largest(room, DEFAULT_CANDIDATES + 1), _largest(room, FEW_CANDIDATES + 1)
    fit = many >= _MIN_PICTURE and many * (DEFAULT_CANDIDATES + 1) >= few * (FEW_CANDIDATES + 1)
    return DEFAULT_CANDIDATES if fit or _is_wide_enough(room) else FEW_CANDIDATES


def _is_wide_enough(room: _Room) -> bool:
    """Return whether three by three boxes of 16 x 6 cells fit, whatever the shape of the pictures in them."""
    return room.columns >= 48 and room.rows >= 18


def _largest(room: _Room, count: int) -> float:
    """Return the cells of each of so many pictures in the best grid."""
    return max(_cell(room, columns, -(-count // columns), room.columns)[2] for columns in range(1, count + 1))


def _ways(room: _Room, count: int, strip: int) -> Iterator[_Way]:
    """Yield every arrangement that is worth considering."""
    yield from _alone_ways(room, count, strip)
    least = max(_MIN_BESIDE_PANE, _SHRUNK * _square_area(room, count) / (count + 1))
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        widest = int((room.rows // rows - CAPTION) * room.columns_per_row) + 1
        for width in range(2, min(widest, room.columns // columns) + 1):
            yield from _beside_pane(room, count, (columns, rows), width, least, strip)


def _alone_ways(room: _Room, count: int, strip: int) -> Iterator[_Way]:
    """Yield the arrangements with the parent in the grid."""
    for columns, slack in product(range(1, count + 2), (_SLACK, 0.0)):
        rows = -(-(count + 1) // columns)
        width, height, cells = _cell(room, columns, rows, room.columns, slack)
        yield _Way(
            arrangement=Arrangement(
                candidates=count,
                columns=columns,
                rows=rows,
                width=width,
                height=height,
                strip=strip,
                area=cells * (count + 1),
            ),
            merit=cells * (1.0 if slack or _is_tight(room, width, height) else _LOOSE),
        )


def _beside_pane(
    room: _Room, count: int, grid: tuple[int, int], width: int, least: float, strip: int
) -> Iterator[_Way]:
    """Yield the arrangement with pictures of a given width and the parent in the rest, unless one of them is too small.

    Args:
        room: The room for all of them.
        count: The number of candidates.
        grid: Columns and rows of the grid.
        width: Columns of the box of a candidate.
        least: The cells that a candidate has to cover.
        strip: The rows of the history.
    """
    columns, rows = grid
    box_width, box_height, cells = _cell(room, columns, rows, columns * width + (columns - 1) * GAP, _SLACK)
    left = room.columns - columns * box_width - (columns - 1) * GAP - PANE_GAP
    large = room.cells(left, room.rows - CAPTION)
    if cells < least or large < _PANE_IS_LARGER * cells:
        return
    pane_width, pane_height = room.box(left, room.rows - CAPTION, _SLACK)
    large = room.cells(pane_width, pane_height)
    yield _Way(
        arrangement=Arrangement(
            candidates=count,
            columns=columns,
            rows=rows,
            width=box_width,
            height=box_height,
            pane_width=pane_width,
            pane_height=pane_height,
            strip=strip,
            area=cells * count + large,
        ),
        merit=cells**_GRID_WEIGHT * large ** (1.0 - _GRID_WEIGHT),
    )


def _cell(room: _Room, columns: int, rows: int, across: int, slack: float = 0.0) -> tuple[int, int, float]:
    """Return columns and rows of the box of each picture in a grid, and the cells that the picture covers."""
    width = max(0, (across - (columns - 1) * GAP) // columns)
    height = max(0, room.rows // rows - CAPTION)
    if not (width and height):
        return 0, 0, 0.0
    width, height = room.box(width, height, slack)
    return width, height, room.cells(width, height)


def _is_tight(room: _Room, width: int, height: int) -> bool:
    """Return whether a picture fills the last row of its box by more than a sliver."""
    return min(height, width / room.columns_per_row) % 1.0 > _SLACK or width >= height * room.columns_per_row


def _square_area(room: _Room, count: int) -> float:
    """Return the cells that the pictures cover in a plain square grid, the parent among them."""
    side = 1
    while side * side < count + 1:
        side += 1
    return _cell(room, side, side, room.columns)[2] * (count + 1)


def _ceil(value: float) -> int:
    return max(0, -int(-value // 1))
