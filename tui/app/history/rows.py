"""The history as a list: one row for each picture of the session, and for each other picture in its folder.

    ○ start · seed 7
    ○ 1 · scale 0.7
    ├─○ 2 · scale 0.7
    │ ○ 3 · scale 0.35
    ○ 2 · scale 0.7
    ● 3 · scale 0.35

The way to the current picture stands at the left edge; a branch is indented and follows the picture that it leaves.
Pure functions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from engine.search.history import NO_NODE, Tree
from latentpng.text import plain
from tui.app.history.files import FolderFile
from tui.app.history.shape import main_line, shape_of
from tui.app.history.words import node_words

_MAX_DEPTH = 12
"""Branches of branches that are indented; deeper ones stand below each other."""


class RowKind(StrEnum):
    """What a row stands for: a node on the way to the current one, that one, another node, a file, or a heading."""

    WAY = "way"
    CURRENT = "current"
    OTHER = "other"
    FILE = "file"
    HEADING = "heading"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of the list.

    Attributes:
        kind: What it stands for.
        lead: The strokes before its words.
        words: What it says.
        note: What it says at the end, less prominently: the name of the file.
        node: The index of its node, NO_NODE for none.
        path: Its file, if it is no node's.
    """

    kind: RowKind
    lead: str
    words: str
    note: str = ""
    node: int = NO_NODE
    path: Path | None = None


def rows_of(
    tree: Tree, current: int, saved: Mapping[int, Path], others: Collection[FolderFile], *, only_starred: bool = False
) -> tuple[Row, ...]:
    """Return the rows of the list.

    Args:
        tree: The tree.
        current: The index of the node that is the parent of the grid.
        saved: The file of each node that has one.
        others: The other pictures of the folder.
        only_starred: Leave out all but the starred pictures and the current one.
    """
    if only_starred:
        nodes = (replace(row, lead=row.lead[-2:]) for row in _rows(tree, current, saved, {}))  # without strokes
        return tuple(row for row in nodes if tree.nodes[row.node].is_starred or row.kind is RowKind.CURRENT)
    attached: dict[int, list[FolderFile]] = defaultdict(list)
    for file in others:
        attached[file.node].append(file)
    rest = attached.pop(NO_NODE, [])
    rows = list(_rows(tree, current, saved, attached))
    if rest:
        rows.append(Row(kind=RowKind.HEADING, lead="", words="other pictures in this folder"))
        rows += [_file_row(file, "") for file in rest]
    return tuple(rows)


def _rows(
    tree: Tree, current: int, saved: Mapping[int, Path], attached: Mapping[int, list[FolderFile]]
) -> Iterator[Row]:
    """Yield the rows of nodes and of the files attached to them, from top to bottom."""
    shape, way = shape_of(tree), set(tree.path(current))
    stack = [(main_line(tree, shape, current), 0, "", "", 0)]
    while stack:
        line, begin, first, lead, depth = stack.pop()
        for position in range(begin, len(line)):
            node = line[position]
            yield _node_row(tree, node, first, saved.get(node), current, is_way=node in way)
            first = lead
            branches, files = shape.others(line, position), attached.get(node, [])
            goes_on = position + 1 < len(line)
            for number, file in enumerate(files):
                is_last = not (goes_on or branches or number + 1 < len(files))
                yield _file_row(file, lead + ("└─" if is_last else "├─"))
            if branches:
                if goes_on:
                    stack.append((line, position + 1, lead, lead, depth))
                stack += [_branch(shape.line(start), lead, depth) for start in reversed(branches)]
                break


def _branch(line: tuple[int, ...], lead: str, depth: int) -> tuple[tuple[int, ...], int, str, str, int]:
    deeper = lead if depth >= _MAX_DEPTH else f"{lead}│ "
    first = lead if depth >= _MAX_DEPTH else f"{lead}├─"
    return line, 0, first, deeper, depth + 1


def _node_row(tree: Tree, node: int, lead: str, file: Path | None, current: int, *, is_way: bool) -> Row:
    star = " *" if tree.nodes[node].is_starred else ""
    return Row(
        kind=RowKind.CURRENT if node == current else RowKind.WAY if is_way else RowKind.OTHER,
        lead=f"{lead}{'●' if node == current else '○'} ",
        words=f"{node_words(tree, node)}{star}",
        note=plain(file.name, 80) if file is not None else "",
        node=node,
    )


def _file_row(file: FolderFile, lead: str) -> Row:
    if file.node == NO_NODE:
        note = file.note
    elif file.rounds:
        note = f"{file.rounds} {'round' if file.rounds == 1 else 'rounds'} on"
    else:
        note = "a copy"
    return Row(kind=RowKind.FILE, lead=f"{lead}· ", words=plain(file.path.name, 80), note=note, path=file.path)
