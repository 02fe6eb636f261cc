"""Rows of text as columns that fit a width: what is too long is cut, and says so by an ellipsis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

_GAP = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """How a column is shown.

    Attributes:
        title: Its first line.
        least: The width in cells that it is never cut below.
        is_number: Align it on the right.
        keeps_end: Cut it at its beginning: the end of a path tells more.
    """

    title: str
    least: int
    is_number: bool = False
    keeps_end: bool = False


def lines_of(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the rows as lines below a line of titles.

    Args:
        columns: The columns.  Where the width does not suffice, the last one is cut first.
        rows: A text for each column.
        width: Cells of a line; 0 for no limit.  Lines are longer where no column can be cut further.
    """
    table = [[column.title for column in columns], *rows]
    widths = [max(cell_len(row[index]) for row in table) for index in range(len(columns))]
    excess = sum(widths) + _GAP * (len(columns) - 1) - width if width else 0
    for index in reversed(range(len(columns))):
        cut = max(0, min(excess, widths[index] - max(columns[index].least, cell_len(columns[index].title))))
        widths[index] -= cut
        excess -= cut
    return [
        (" " * _GAP).join(_fitted(text, size, column) for text, size, column in zip(row, widths, columns, strict=True))
        for row in table
    ]


def _fitted(text: str, width: int, column: Column) -> str:
    """A text padded, or cut, to a width in cells: wide characters take two."""
    if cell_len(text) > width:
        kept = chop_cells(text[::-1] if column.keeps_end else text, width - 1)[0]
        text = f"…{kept[::-1]}" if column.keeps_end else f"{kept}…"
    space = " " * (width - cell_len(text))
    return space + text if column.is_number else text + space
