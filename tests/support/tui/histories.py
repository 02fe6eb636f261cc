"""Trees of searches for tests, made from the parents of their nodes alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.search.history import Tree, tree_of
from latentpng.record import Lineage, Round, SeedRoot

SCALE = 0.5


def history(parents: Sequence[int], *, edits: Collection[int] = (), stars: Collection[int] = ()) -> Tree:
    """Return a tree: node 0 is the start, node n came from node `parents[n - 1]`.

    Args:
        parents: The parent of each node but the first.
        edits: The nodes that are edits: their steps are set to their own index.
        stars: The nodes that are starred.
    """
    tree = tree_of(Lineage(root=SeedRoot(seed=1)))
    for node, parent in enumerate(parents, start=1):
        is_edit = node in edits
        round_ = Round(seed=node, scale=0.0 if is_edit else SCALE, settings={"steps": node} if is_edit else {})
        tree, index = tree.with_child(parent, tree.nodes[parent].lineage.child(round_))
        assert index == node
    for node in stars:
        tree = tree.starred(node, True)
    return tree
