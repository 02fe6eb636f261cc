"""Boxes on the screen, in cells and in pixels, and how a picture fits into one: whole, centred, its shape kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """Room for a picture: `columns` x `rows` cells of `cell_width` x `cell_height` pixels."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int

    @property
    def width(self) -> int:
        """Pixels."""
        return self.columns * self.cell_width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.rows * self.cell_height


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """Cells that a picture covers, counted from the top left of its box."""

    left: int
    top: int
    columns: int
    rows: int


def fit(width: int, height: int, box: Box) -> tuple[int, int]:
    """The largest size in pixels, at least 1 x 1, that has the picture's shape and lies in the box."""
    scale = min(box.width / width, box.height / height)
    return (
        min(box.width, max(1, round(width * scale))),
        min(box.height, max(1, round(height * scale))),
    )


def centred(width: int, height: int, box: Box) -> Area:
    """The cells, in the middle of the box, that hold width x height pixels."""
    columns = min(box.columns, max(1, -(-width // box.cell_width)))
    rows = min(box.rows, max(1, -(-height // box.cell_height)))
    return Area(left=(box.columns - columns) // 2, top=(box.rows - rows) // 2, columns=columns, rows=rows)


def whole_cells(width: int, height: int, box: Box) -> Area:
    """The cells, in the middle of the box, that come nearest to the picture's shape."""
    fitted_width, fitted_height = fit(width, height, box)
    columns = min(box.columns, max(1, round(fitted_width / box.cell_width)))
    rows = min(box.rows, max(1, round(fitted_height / box.cell_height)))
    return Area(left=(box.columns - columns) // 2, top=(box.rows - rows) // 2, columns=columns, rows=rows)
