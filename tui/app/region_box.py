"""The region that a person draws: a box that snaps to a grid of cells, or cells of three by three.  A frozen value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.search import regions
from engine.search.regions import box_side, coverage, intersection, reduced
from tui.app.region_words import is_best_named_by_what_stays

_NOTHING = "0"
_THIRDS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """A box of cells: its first column and row, and the ones after its last."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionBox:
    """A region while it is drawn.

    Attributes:
        columns: Of the grid that boxes snap to.
        rows: Of the same grid.
        shape: The mask of what lies inside the frame (`engine.search.regions`); "" is the whole picture, "0" nothing.
        is_outside: Whether what lies outside the frame moves, instead of the inside.
    """

    columns: int
    rows: int
    shape: str
    is_outside: bool = False

    @property
    def mask(self) -> str:
        """The mask of what moves: "" for the whole picture, without a "1" for nothing."""
        return reduced(regions.inverted(self.shape)) if self.is_outside else self.shape

    @property
    def moves_nothing(self) -> bool:
        """Whether nothing would move."""
        return not coverage(self.mask)

    @property
    def bounds(self) -> Bounds:
        """The smallest box of the grid around what lies inside the frame; the whole grid around nothing."""
        lines = (self.shape or "1").split("/")
        filled = [number for number, line in enumerate(lines) if "1" in line]
        used = [number for number in range(len(lines[0])) if any(line[number] == "1" for line in lines)]
        if not filled:
            return Bounds(left=0, top=0, right=self.columns, bottom=self.rows)
        across, down = len(lines[0]), len(lines)
        return Bounds(
            left=used[0] * self.columns // across,
            top=filled[0] * self.rows // down,
            right=-(-(used[-1] + 1) * self.columns // across),
            bottom=-(-(filled[-1] + 1) * self.rows // down),
        )

    def moved(self, columns: int, rows: int) -> RegionBox:
        """Return the box moved by so many cells, but not over the edges of the picture."""
        old = self.bounds
        across = min(max(columns, -old.left), self.columns - old.right)
        down = min(max(rows, -old.top), self.rows - old.bottom)
        return self._framed(
            Bounds(left=old.left + across, top=old.top + down, right=old.right + across, bottom=old.bottom + down)
        )

    def resized(self, columns: int, rows: int) -> RegionBox:
        """Return the box wider by so many columns and higher by so many rows, at least one cell large.

        It grows to the right and down; at the edge of the picture, to the other side.
        """
        old = self.bounds
        left, right = _resized(old.left, old.right, columns, self.columns)
        top, bottom = _resized(old.top, old.bottom, rows, self.rows)
        return self._framed(Bounds(left=left, top=top, right=right, bottom=bottom))

    def grown(self, cells: int) -> RegionBox:
        """Return the box larger by so many cells on each side, or smaller, around the same middle."""
        old = self.bounds
        left, right = _grown(old.left, old.right, cells, self.columns)
        top, bottom = _grown(old.top, old.bottom, cells, self.rows)
        return self._framed(Bounds(left=left, top=top, right=right, bottom=bottom))

    def spanned(self, first: tuple[float, float], second: tuple[float, float]) -> RegionBox:
        """Return the box that holds two points of the picture; x and y of each, from 0 to 1."""
        columns = sorted(min(self.columns - 1, max(0, int(x * self.columns))) for x, _ in (first, second))
        rows = sorted(min(self.rows - 1, max(0, int(y * self.rows))) for _, y in (first, second))
        return self._framed(Bounds(left=columns[0], top=rows[0], right=columns[1] + 1, bottom=rows[1] + 1))

    def toggled(self, number: int) -> RegionBox:
        """Return the region with a cell of three by three added, or taken away when it is inside.

        A box that is not made of such cells is given up for the first one.

        Args:
            number: Of the cell, in reading order from 1.
        """
        if min(self.columns, self.rows) < _THIRDS:
            return self
        return replace(self, shape=_of_thirds(_thirds_in(self.shape) ^ {number}))

    def inverted(self) -> RegionBox:
        """Return the same frame, whose other side moves."""
        return replace(self, is_outside=not self.is_outside)

    def _framed(self, to: Bounds) -> RegionBox:
        shape = regions.box(to.left, to.top, to.right, to.bottom, columns=self.columns, rows=self.rows)
        return replace(self, shape=shape)


def region_box(region: str, sides: tuple[int, int]) -> RegionBox:
    """Return what drawing begins with: the region in force, else a box in the middle.

    Args:
        region: The mask of the region in force; "" for none.
        sides: Height and width of the noise.
    """
    rows, columns = map(box_side, sides)
    if region:
        is_outside = is_best_named_by_what_stays(region)
        shape = regions.inverted(region) if is_outside else region
        return RegionBox(columns=columns, rows=rows, shape=shape, is_outside=is_outside)
    left, top = columns // 4, rows // 4
    shape = regions.box(left, top, columns - left, rows - top, columns=columns, rows=rows)
    return RegionBox(columns=columns, rows=rows, shape=shape)


def _resized(first: int, end: int, by: int, side: int) -> tuple[int, int]:
    if by > 0:
        return max(0, first - max(0, end + by - side)), min(side, end + by)
    return first, max(first + 1, end + by)


def _grown(first: int, end: int, by: int, side: int) -> tuple[int, int]:
    if by >= 0:
        return max(0, first - by), min(side, end + by)
    end = max(first + 1, end + by)
    return min(end - 1, first - by), end


def _thirds_in(shape: str) -> frozenset[int]:
    """Return the cells of three by three that a shape is made of; none when it is not made of such cells."""
    touched = frozenset(number for number in range(1, 10) if coverage(intersection(shape, _of_thirds({number}))))
    return touched if _of_thirds(touched) == reduced(shape) else frozenset()


def _of_thirds(numbers: frozenset[int] | set[int]) -> str:
    cells = "".join("1" if number in numbers else _NOTHING for number in range(1, 10))
    return reduced("/".join(cells[row : row + _THIRDS] for row in range(0, 9, _THIRDS)))
