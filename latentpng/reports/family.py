"""The family tree of many pictures, from their lineages alone: shared roots, shared rounds, the same noise.

Neither files nor tensors are read here, and every lineage is believed (`verify` does not do that).  If files claim
wrong digests for their noise, a node may stand in the wrong place, but the result is always a forest without cycles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from latentpng.chunk.header import Front
from latentpng.record import JsonObject
from latentpng.reports.states import ROOT, States


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A state of the noise, and of the prompt if a round moved it: a root, or the result of a round or an edit.

    Attributes:
        parent: The index of its parent in the nodes of the family, less than its own; ROOT for a root.
        name: SHA-256 (hex) over root and rounds, the same in every folder and on every machine.
        entry: The root or the round as the metadata of a file has it.
        rounds: The number of rounds from the root of its lineage.
        dims: The shape of the noise.
        axes: One letter for each dimension.
        files: The pictures with this noise, in the order in which they came; () for an ancestor without a picture.
        digest: SHA-256 (hex) of the noise, "" where no file records it.
    """

    parent: int
    name: str
    entry: JsonObject
    rounds: int
    dims: tuple[int, ...]
    axes: str
    files: tuple[str, ...]
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """The forest of all pictures.

    Attributes:
        nodes: All nodes, parents before their children.
        ends: For each picture, in the order in which they came, the index of its node.
    """

    nodes: tuple[Node, ...]
    ends: tuple[int, ...]

    def children(self) -> list[list[int]]:
        """Return, for each node, the indices of its children."""
        children: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            if node.parent != ROOT:
                children[node.parent].append(index)
        return children


def family_of(pictures: Iterable[tuple[str, Front]]) -> Family:
    """Build the family of some pictures.

    Args:
        pictures: The name and the front of each picture; `Front.is_known` must be true for all.

    Returns:
        The states that lead to a picture, each once.  States with the same noise and the same edits are one node.
    """
    states = States()
    ends = [states.add(file, front) for file, front in pictures]
    ranks = states.ranks()
    same = states.same_noise(ranks)
    order = [state for state in sorted(range(len(ranks)), key=ranks.__getitem__) if same.get(state, state) == state]
    parents = {state: same.get(parent, parent) for state in order if (parent := states.parents[state]) != ROOT}
    ends = [same.get(end, end) for end in ends]
    files: dict[int, list[str]] = defaultdict(list)
    for end, file in zip(ends, states.files, strict=True):
        files[end].append(file)
    # Merging may leave states that no picture needs any more.  Going from the children to the parents, keep what
    # leads to a picture.
    needed = set(files)
    for state in reversed(order):
        if state in needed and state in parents:
            needed.add(parents[state])
    order = [state for state in order if state in needed]
    indices = {state: index for index, state in enumerate(order)}
    nodes = [_node(states, state, indices.get(parents.get(state, ROOT), ROOT), tuple(files[state])) for state in order]
    return Family(nodes=tuple(nodes), ends=tuple(indices[end] for end in ends))


def _node(states: States, state: int, parent: int, files: tuple[str, ...]) -> Node:
    dims, axes = states.shape(state)
    return Node(
        parent=parent,
        name=states.names[state].hex(),
        entry=states.entries[state],
        rounds=states.depths[state],
        dims=dims,
        axes=axes,
        files=files,
        digest=states.digests.get(state, ""),
    )
