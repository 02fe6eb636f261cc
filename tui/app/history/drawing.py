"""The history as a few lines of text: the way to the current picture, and the branches below it.

    [start]─[1]─[2]─[3]─┬─[4]─[5]─[6]●
                        └─[4]─[5]

Pure functions.  All characters are in the fonts of every terminal, the Linux console's too, and one column wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from engine.search.history import NO_NODE, Tree
from tui.app.history.shape import Branch, Shape, branches_of, label_of, main_line, shape_of

CUT = "…"
"""In place of nodes that do not fit."""
STROKE, FORK, SHORT_FORK = "─", "─┬─", "┬"
"""Between two nodes; where a branch leaves the first of them; and where a cut follows that."""
_ROOM_FOR_BRANCHES = 10
"""Columns that stay free to the right of a way that is cut, so that its last branches have room."""
_WIDE = 60


class SpanKind(StrEnum):
    """What a span shows: a node of the way here, the current node, any other node, or no node at all."""

    WAY = "way"
    CURRENT = "current"
    OTHER = "other"
    STROKE = "stroke"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A piece of a line.

    Attributes:
        text: What it shows; every character is one column wide.
        kind: How it is drawn.
        node: The node that it stands for, NO_NODE for none.
    """

    text: str
    kind: SpanKind = SpanKind.STROKE
    node: int = NO_NODE


Line: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """Which nodes of a line have room: the first `head`, those from `start` to `end`; a cut stands for the others."""

    head: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A line of nodes as it is drawn.

    Attributes:
        spans: Its spans from column `left` on.
        left: Its first column.
        hangs_at: The column of the stroke above it.
        above: The number of the row that it leaves.
        columns: For each of its nodes, the column at which branches leave it.
    """

    spans: Line
    left: int
    hangs_at: int
    above: int
    columns: dict[int, int]


def draw_history(tree: Tree, current: int, width: int, rows: int) -> tuple[Line, ...]:
    """Draw the tree in a few rows.

    The first row is the way to the current node and what came from it; the way is cut in the middle where it is too
    long.  The rows below are the newest branches.  How many branches have no row stands at the end of the first row.

    Args:
        tree: The tree.
        current: The index of the node that is the parent of the grid.
        width: The number of columns.
        rows: The greatest number of rows.

    Returns:
        The rows; none of them is wider than `width`.
    """
    if width < 1 or rows < 1:
        return ()
    shape = shape_of(tree)
    line = main_line(tree, shape, current)
    branches = tuple(branches_of(shape, line))
    chosen = _newest(branches, shape, rows - 1)
    hidden = len(branches) - len(chosen)
    note = f"  +{hidden} {'branch' if hidden == 1 else 'branches'}" if hidden else ""
    note = note if len(note) * 2 < width else ""
    forks = frozenset(tree.nodes[branches[number].line[0]].parent for number in chosen)
    drawn = [_main_row(tree, line, current, width - len(note), forks)]
    numbers = {NO_NODE: 0}
    for number in chosen:
        branch, above = branches[number], numbers.get(branches[number].above, NO_NODE)
        row = _branch_row(tree, branch, drawn[above], above, width, forks) if above != NO_NODE else None
        if row is not None:
            numbers[number] = len(drawn)
            drawn.append(row)
    lines = _with_strokes(drawn)
    return ((*lines[0], Span(text=note)), *lines[1:]) if note else lines


def node_at(lines: tuple[Line, ...], column: int, row: int) -> int:
    """Return the node that is drawn at a place, NO_NODE for none."""
    if not 0 <= row < len(lines):
        return NO_NODE
    for span in lines[row]:
        if column < len(span.text):
            return span.node if column >= 0 else NO_NODE
        column -= len(span.text)
    return NO_NODE


def fit(sizes: tuple[int, ...], room: int, keep: int) -> Fit:
    """Return which nodes of a line are drawn.

    Args:
        sizes: The columns that each node needs; between two of them is one more.
        room: The number of columns.
        keep: The node that is drawn in any case.

    Returns:
        As many as fit: all up to `keep` and what follows, else the first and those that lead to `keep`.
    """
    count, cut = len(sizes), 2  # the columns of "─…"
    after = cut if keep < count - 1 else 0
    used = sum(sizes[: keep + 1]) + keep
    if used + after <= room:
        end = keep + 1
        while end < count and used + 1 + sizes[end] + (cut if end < count - 1 else 0) <= room:
            used, end = used + 1 + sizes[end], end + 1
        return Fit(head=0, start=0, end=end)
    head = int(sizes[0] + cut + 1 + sizes[keep] + after <= room)
    used = (sizes[0] if head else -1) + cut + 1 + sizes[keep] + after
    start = keep
    while start - 1 > head and used + 1 + sizes[start - 1] <= room:
        used, start = used + 1 + sizes[start - 1], start - 1
    return Fit(head=head, start=start, end=keep + 1)


def _newest(branches: tuple[Branch, ...], shape: Shape, count: int) -> list[int]:
    """Return the numbers of the newest branches, in drawing order.

    A branch is at least as new as those that leave it, so that a branch is never chosen without the one above it.
    """
    by_age = sorted(range(len(branches)), key=lambda number: shape.newest[branches[number].line[0]], reverse=True)
    return sorted(by_age[: max(0, count)])


def _main_row(tree: Tree, line: tuple[int, ...], current: int, room: int, forks: frozenset[int]) -> _Row:
    here = line.index(current)
    labels = tuple(f"[{label_of(tree, node)}]{'●' if node == current else ''}" for node in line)
    kinds = (*[SpanKind.WAY] * here, SpanKind.CURRENT, *[SpanKind.OTHER] * (len(line) - here - 1))
    sizes = _sizes(line, labels, forks)
    found = fit(sizes, room, here)
    if found.start > found.head and forks and room >= _WIDE:
        found = fit(sizes, room - _ROOM_FOR_BRANCHES, here)
    spans, columns = _drawn(line, labels, kinds, found, forks)
    return _Row(spans=_clipped(spans, room), left=0, hangs_at=0, above=0, columns=columns)


def _branch_row(tree: Tree, branch: Branch, above: _Row, number: int, width: int, forks: frozenset[int]) -> _Row | None:
    """Return the row of a branch; None where not even a cut has room."""
    column = above.columns[tree.nodes[branch.line[0]].parent]
    left, room = column + 2, width - column - 2
    if room < len(CUT):
        return None
    labels = tuple(f"[{label_of(tree, node)}]" for node in branch.line)
    found = fit(_sizes(branch.line, labels, forks), room, len(labels) - 1)
    spans, columns = _drawn(branch.line, labels, (SpanKind.OTHER,) * len(labels), found, forks)
    columns = {node: left + position for node, position in columns.items()}
    return _Row(spans=_clipped(spans, room), left=left, hangs_at=column, above=number, columns=columns)


def _sizes(line: tuple[int, ...], labels: tuple[str, ...], forks: frozenset[int]) -> tuple[int, ...]:
    """Return the columns that each node needs, with the longer stroke after a fork."""
    longer = (0, *(len(FORK) - len(STROKE) if node in forks else 0 for node in line[:-1]))
    return tuple(len(label) + more for label, more in zip(labels, longer, strict=True))


def _drawn(
    line: tuple[int, ...],
    labels: tuple[str, ...],
    kinds: tuple[SpanKind, ...],
    found: Fit,
    forks: frozenset[int],
) -> tuple[Line, dict[int, int]]:
    """Draw a line of nodes; those that do not fit become cuts, and their branches hang below the cut.

    Returns:
        The spans, and for each node the column at which branches leave it, from the first span on.
    """
    nodes = [Span(text=label, kind=kind, node=node) for label, kind, node in zip(labels, kinds, line, strict=True)]
    shown = [(span, (span.node,)) for span in nodes]
    cuts = [
        [(Span(text=CUT), hidden)] if hidden else [] for hidden in (line[found.head : found.start], line[found.end :])
    ]
    spans: list[Span] = []
    columns: dict[int, int] = {}
    column = 0
    for span, stands_for in (*shown[: found.head], *cuts[0], *shown[found.start : found.end], *cuts[1]):
        stroke = STROKE if spans else ""
        if spans and spans[-1].node in forks:
            stroke = FORK if span.node != NO_NODE else SHORT_FORK
            columns[spans[-1].node] = column + len(stroke) // 2
        column += len(stroke)
        columns.update(dict.fromkeys(stands_for, column))
        spans.extend((Span(text=stroke), span) if stroke else (span,))
        column += len(span.text)
    return tuple(spans), columns


def _clipped(spans: Line, room: int) -> Line:
    """Return what of a row fits; where not even one node does, a cut."""
    if sum(len(span.text) for span in spans) <= room:
        return spans
    node = next((span for span in spans if span.node != NO_NODE), Span(text=""))
    return (node,) if len(node.text) <= room and node.text else (Span(text=CUT),)


def _with_strokes(rows: list[_Row]) -> tuple[Line, ...]:
    """Return the lines of rows: each with the stroke that leads to it, and those that lead down past it."""
    lines = [rows[0].spans]
    for number, row in enumerate(rows[1:], start=1):
        passing = {later.hangs_at for later in rows[number + 1 :] if later.above < number}
        corner = "├" if row.hangs_at in passing else "└"
        strokes = dict.fromkeys(passing, "│") | {row.hangs_at: corner}
        lead = "".join(strokes.get(column, " ") for column in range(row.hangs_at + 1))
        lines.append((Span(text=f"{lead}{STROKE}"), *row.spans))
    return tuple(lines)
