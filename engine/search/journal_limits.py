"""The limits of a journal, the same ones when it is read and when it is written.

A hostile journal must not take all memory.  So a search that grew beyond a limit is told so while it can still be
left in good order, and not when it is to be continued.
"""

from __future__ import annotations

from engine.search.history import NO_NODE, Tree
from latentpng.errors import InvalidValueError

MAX_BYTES = 64 * 2**20
MAX_VALUES = 3_000_000
"""Values of a journal: that many take less than a gigabyte once they are parsed."""
MAX_FILES = 200_000
MAX_NODES = 100_000
MAX_WORK = 2**24
"""Nodes and rounds of all lineages together that end at a leaf of the tree."""


def check_data(data: bytes) -> None:
    """Raise InvalidValueError for too many bytes, or too many values in them."""
    if len(data) > MAX_BYTES:
        raise InvalidValueError(f"at most {MAX_BYTES} bytes are allowed")
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise InvalidValueError(f"at most {MAX_VALUES} values are allowed")


def check_files(files: int) -> None:
    """Raise InvalidValueError for too many files."""
    if files > MAX_FILES:
        raise InvalidValueError(f"at most {MAX_FILES} files, found {files}")


def check_nodes(nodes: int) -> None:
    """Raise InvalidValueError for too many nodes, or none."""
    if not 0 < nodes <= MAX_NODES:
        raise InvalidValueError(f"1 to {MAX_NODES} nodes, found {nodes}")


def check_work(work: int) -> None:
    """Raise InvalidValueError if all ways from the root to a leaf are too long together."""
    if work > MAX_WORK:
        raise InvalidValueError("the tree has too many long branches")


def check_tree(tree: Tree) -> None:
    """Raise InvalidValueError for a tree that has too many nodes or too long branches."""
    check_nodes(len(tree.nodes))
    depths, parents = list[int](), set[int]()
    for node in tree.nodes:
        depths.append(1 if node.parent == NO_NODE else depths[node.parent] + 1)
        parents.add(node.parent)
    check_work(sum(depths[index] + node.rounds for index, node in enumerate(tree.nodes) if index not in parents))
