"""The tree of a search: every picture that was a parent or was starred, and the pictures that led to it.

Pure values.  A node is known by the key of its lineage (`latentpng.identity.picture_keys`), so a picture that is
reached twice is one node.  The rounds of one pick by region are one step (`latentpng.steps`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.search.axis import moves
from latentpng.chunk.metadata import round_to_json
from latentpng.chunk.strict_json import json_text
from latentpng.identity import Key, child_picture_key, picture_keys
from latentpng.record import Lineage, Round
from latentpng.steps import step_ends

NO_NODE = -1


class NodeKind(StrEnum):
    """How a picture came about: it is a root, it was picked, or its settings were edited."""

    ROOT = "root"
    PICK = "pick"
    EDIT = "edit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A picture of the tree.

    Attributes:
        key: The key of its lineage.
        chain: A lineage that begins with its own; nodes along one lineage share it.
        rounds: The number of rounds of its own lineage.
        parent: The index of the node that it came from, NO_NODE for a root.
        kind: How it came about.
        picks: The number of picks from the root to it.
        size: The bytes that the rounds of its lineage take in a file.
        is_starred: Whether the person keeps it.
    """

    key: Key
    chain: Lineage
    rounds: int
    parent: int = NO_NODE
    kind: NodeKind = NodeKind.ROOT
    picks: int = 0
    size: int = 0
    is_starred: bool = False

    @property
    def lineage(self) -> Lineage:
        """Its lineage."""
        return self.chain if self.rounds == len(self.chain.rounds) else self.chain.ancestor(self.rounds)

    @property
    def last_round(self) -> Round | None:
        """The last round of its lineage; None for a root."""
        return self.chain.rounds[self.rounds - 1] if self.rounds else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """The nodes of a search, parents before children."""

    nodes: tuple[Node, ...]

    def find(self, key: Key) -> int:
        """Return the index of the node with a key, NO_NODE when there is none."""
        return next((index for index, node in enumerate(self.nodes) if node.key == key), NO_NODE)

    def children(self, index: int) -> tuple[int, ...]:
        """Return the indices of the nodes that came from a node, oldest first."""
        return tuple(child for child, node in enumerate(self.nodes) if node.parent == index)

    def path(self, index: int) -> tuple[int, ...]:
        """Return the indices of the nodes from the root to a node, both included."""
        way: list[int] = []
        while index != NO_NODE:
            way.append(index)
            index = self.nodes[index].parent
        return tuple(reversed(way))

    def step(self, index: int) -> tuple[Round, ...]:
        """Return the rounds of the step that led to a node; () for a root."""
        node = self.nodes[index]
        before = self.nodes[node.parent].rounds if node.parent != NO_NODE else node.rounds
        return node.chain.rounds[before : node.rounds]

    def with_child(self, parent: int, lineage: Lineage, *, is_starred: bool = False) -> tuple[Tree, int]:
        """Return the tree with the picture that one step leads to, and the index of its node.

        Args:
            parent: The index of the node that the step begins at.
            lineage: The lineage after the step: that of `parent` and one or more rounds.
            is_starred: Whether the person keeps it; a node that is there already keeps its star.
        """
        before = self.nodes[parent]
        key = before.key
        for round_ in lineage.rounds[before.rounds :]:
            key = child_picture_key(key, round_)
        known = self.find(key)
        if known != NO_NODE:
            return (self.starred(known, True) if is_starred else self), known
        is_pick = moves(lineage.rounds[-1])
        node = Node(
            key=key,
            chain=lineage,
            rounds=len(lineage.rounds),
            parent=parent,
            kind=NodeKind.PICK if is_pick else NodeKind.EDIT,
            picks=before.picks + int(is_pick),
            size=before.size + size_of(lineage.rounds[before.rounds :]),
            is_starred=is_starred,
        )
        return Tree(nodes=(*self.nodes, node)), len(self.nodes)

    def starred(self, index: int, is_starred: bool) -> Tree:
        """Return the tree with a node starred or not."""
        node = replace(self.nodes[index], is_starred=is_starred)
        return Tree(nodes=(*self.nodes[:index], node, *self.nodes[index + 1 :]))


def size_of(rounds: Iterable[Round]) -> int:
    """Return the bytes that rounds take in a file."""
    return sum(len(json_text(round_to_json(round_))) + 1 for round_ in rounds)


def tree_of(lineage: Lineage) -> Tree:
    """Return the tree of a lineage alone: a node for its root and one after each of its steps."""
    keys = picture_keys(lineage)
    nodes = [Node(key=keys[0], chain=lineage, rounds=0)]
    for end in step_ends(lineage):
        before, is_pick = nodes[-1], moves(lineage.rounds[end - 1])
        nodes.append(
            Node(
                key=keys[end],
                chain=lineage,
                rounds=end,
                parent=len(nodes) - 1,
                kind=NodeKind.PICK if is_pick else NodeKind.EDIT,
                picks=before.picks + int(is_pick),
                size=before.size + size_of(lineage.rounds[before.rounds : end]),
            )
        )
    return Tree(nodes=tuple(nodes))
