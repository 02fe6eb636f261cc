"""Boxes on the screen, in cells and in pixels, and how a picture fits into one: whole, centred, not distorted.

A cell is the room of one character, about twice as high as wide, so cells and pixels need different arithmetic.  Sixels
and kitty draw pixels inside cells (`fit`, `centred`); half-cells have only whole cells to give (`whole_cells`), and so
distort a picture by up to half a cell.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """Room for a picture: `columns` x `rows` cells of `cell_width` x `cell_height` pixels each."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int

    @property
    def width(self) -> int:
        """The width in pixels."""
        return self.columns * self.cell_width

    @property
    def height(self) -> int:
        """The height in pixels."""
        return self.rows * self.cell_height


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """The cells that a picture covers, counted from the top left cell of its box."""

    left: int
    top: int
    columns: int
    rows: int


def fit(width: int, height: int, box: Box) -> tuple[int, int]:
    """Return the largest size that has the shape of a picture and lies in a box.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        box: The room for it.

    Returns:
        Width and height in pixels, each at least 1.
    """
    scale = min(box.width / width, box.height / height)
    return (
        min(box.width, max(1, round(width * scale))),
        min(box.height, max(1, round(height * scale))),
    )


def centred(width: int, height: int, box: Box) -> Area:
    """Return the cells in the middle of a box that hold `width` x `height` pixels; the last may be partly empty."""
    columns = min(box.columns, max(1, -(-width // box.cell_width)))
    rows = min(box.rows, max(1, -(-height // box.cell_height)))
    return Area(left=(box.columns - columns) // 2, top=(box.rows - rows) // 2, columns=columns, rows=rows)


def whole_cells(width: int, height: int, box: Box) -> Area:
    """Return the cells in the middle of a box whose shape is closest to that of `width` x `height` pixels."""
    fitted_width, fitted_height = fit(width, height, box)
    columns = min(box.columns, max(1, round(fitted_width / box.cell_width)))
    rows = min(box.rows, max(1, round(fitted_height / box.cell_height)))
    return Area(left=(box.columns - columns) // 2, top=(box.rows - rows) // 2, columns=columns, rows=rows)
