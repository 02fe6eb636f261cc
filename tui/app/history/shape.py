"""The shape of a search's tree: which pictures form a line, and which lines leave it.  Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.search.history import NO_NODE, NodeKind, Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Who came from whom, for all nodes of a tree.

    Attributes:
        children: The nodes that came from each node, oldest first.
        newest: The newest node among each node and all that came from it; a larger index is newer.
    """

    children: tuple[tuple[int, ...], ...]
    newest: tuple[int, ...]

    def line(self, start: int) -> tuple[int, ...]:
        """Return the nodes from `start` to the newest node that came from it."""
        nodes = [start]
        while self.children[nodes[-1]]:
            nodes.append(max(self.children[nodes[-1]], key=self.newest.__getitem__))
        return tuple(nodes)

    def others(self, line: tuple[int, ...], position: int) -> tuple[int, ...]:
        """Return the nodes that came from a node of a line and are not on it, the newest branch first."""
        following = line[position + 1 : position + 2]
        branches = (child for child in self.children[line[position]] if child not in following)
        return tuple(sorted(branches, key=self.newest.__getitem__, reverse=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A line of pictures that leaves another line.

    Attributes:
        line: Its nodes, the oldest first.
        above: The number of the branch that it leaves, -1 for the main line.
    """

    line: tuple[int, ...]
    above: int


def shape_of(tree: Tree) -> Shape:
    """Return the shape of a tree; it takes time in proportion to the number of nodes."""
    children: list[list[int]] = [[] for _ in tree.nodes]
    newest = list(range(len(tree.nodes)))
    for index in range(len(tree.nodes) - 1, 0, -1):  # children come after their parents
        parent = tree.nodes[index].parent
        if parent != NO_NODE:
            children[parent].append(index)
            newest[parent] = max(newest[parent], newest[index])
    return Shape(children=tuple(tuple(reversed(nodes)) for nodes in children), newest=tuple(newest))


def main_line(tree: Tree, shape: Shape, current: int) -> tuple[int, ...]:
    """Return the line of a picture: from the root to it, and on to the newest picture that came from it."""
    return (*tree.path(current), *shape.line(current)[1:])


def branches_of(shape: Shape, line: tuple[int, ...]) -> Iterator[Branch]:
    """Yield all branches below a line, in the order in which they are drawn from top to bottom.

    Branches that leave the line farther right come first, so that no stroke down to a branch crosses another branch.
    The branches of a branch follow it at once.
    """
    number = -1
    stack = [Branch(line=line, above=NO_NODE)]
    while stack:
        branch = stack.pop()
        if branch.line is not line:
            number += 1
            yield branch
        below = number
        stack.extend(
            Branch(line=shape.line(start), above=below)
            for position in range(len(branch.line))
            for start in reversed(shape.others(branch.line, position))
        )


def label_of(tree: Tree, node: int) -> str:
    """Return the name of a node in a few characters: "start", the number of picks, or "e" (an edit); "*" is a star."""
    found = tree.nodes[node]
    name = {NodeKind.ROOT: "start", NodeKind.EDIT: "e"}.get(found.kind, str(found.picks))
    return f"{name}*" if found.is_starred else name
