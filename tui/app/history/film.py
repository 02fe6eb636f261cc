"""What the filmstrip of the history shows: which pictures of the way, and how large.  Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from engine.search.history import NodeKind, Tree
from tui.app.history.shape import Shape, main_line, shape_of

MIN_HEIGHT = 5
"""Rows from which on there is a filmstrip: four of pictures and their captions."""
_MAX_TEXT = 2
_CELL_ASPECT = 2.0
"""How much higher than wide the cell of a character is, about."""
_MIN_COLUMNS, _MAX_COLUMNS = 6, 24
_GAP = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A picture of the filmstrip.

    Attributes:
        node: The index of its node.
        caption: What stands below it.
        is_current: Whether it is the parent of the grid.
        is_way: Whether it is on the way to that, or that itself; else it came from it.
    """

    node: int
    caption: str
    is_current: bool
    is_way: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """The filmstrip.

    Attributes:
        shots: Its pictures from left to right.
        start: The position of the first one on the line of the current picture.
        columns: The columns of each picture with the gap behind it.
        rows: The rows of the strip, captions included; 0 for no strip.
    """

    shots: tuple[Shot, ...] = ()
    start: int = 0
    columns: int = 0
    rows: int = 0


def film_of(tree: Tree, current: int, width: int, height: int, *, aspect: float, start: int) -> Film:
    """Return the filmstrip for a room.

    Args:
        tree: The tree.
        current: The index of the node that is the parent of the grid.
        width: The columns of the room.
        height: The rows of the room; the text of the history gets some of them.
        aspect: The width of the pictures divided by their height.
        start: `Film.start` of what is shown now.
    """
    if height < MIN_HEIGHT:
        return Film()
    rows = height - min(height - MIN_HEIGHT, _MAX_TEXT)
    columns = min(_MAX_COLUMNS, max(_MIN_COLUMNS, round((rows - 1) * _CELL_ASPECT * aspect))) + _GAP
    room = max(1, (width + _GAP) // columns)
    shape = shape_of(tree)
    line = main_line(tree, shape, current)
    here = line.index(current)
    start = film_start(len(line), here, room, start)
    shots = tuple(_shot(tree, shape, line, position, here) for position in range(start, min(len(line), start + room)))
    return Film(shots=shots, start=start, columns=columns, rows=rows)


def film_start(count: int, here: int, room: int, start: int) -> int:
    """Return from which position on pictures are shown.

    What is shown stays as long as it holds the current picture.  Otherwise it moves by more than one, so that the next
    picks need no move: every move makes the terminal draw all pictures of the strip anew.

    Args:
        count: The number of pictures on the line.
        here: The position of the current one.
        room: The number of pictures that fit.
        start: From which position on pictures are shown now.
    """
    if count <= room:
        return 0
    if start <= here < start + room:
        return start
    ahead = room // 3
    wanted = here - room + 1 + ahead if here >= start + room else here - ahead
    return max(0, min(wanted, here))


def _shot(tree: Tree, shape: Shape, line: tuple[int, ...], position: int, here: int) -> Shot:
    """Return the picture at a position of a line; "+2" in its caption are branches that leave it."""
    node, branches = tree.nodes[line[position]], len(shape.others(line, position))
    name = {NodeKind.ROOT: "start", NodeKind.EDIT: "edit"}.get(node.kind, str(node.picks))
    signs = ("*" if node.is_starred else "", f"+{branches}" if branches else "", "●" if position == here else "")
    return Shot(
        node=line[position],
        caption=" ".join(filter(None, (name, *signs))),
        is_current=position == here,
        is_way=position <= here,
    )
