"""The graph that ComfyUI stores with a picture (`prompt`, in the form of its API): nodes, and values along their links.

Every walk is limited and enters no node twice, so cycles and endless chains are harmless. A link to a missing node has
no value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from latentpng.foreign.tools import loose
from latentpng.record import Json, JsonObject

Fact = TypeVar("Fact")

MAX_NODES = 4096
MAX_INPUTS = 256  # of one node
MAX_ALL_INPUTS = 2**15
MAX_TEXT = 2**21  # characters of one joined prompt
_MAX_PIECES = 1024  # pieces of one joined prompt


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One node of the graph.

    Attributes:
        key: The node's ID, its key in the graph.
        kind: Its `class_type`.
        inputs: Literals and links by name; a link is `[ID, output index]`.
        linked: The names of the inputs that look like links.
    """

    key: str
    kind: str
    inputs: JsonObject
    linked: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Collect the links, which are asked for more often than anything else."""
        linked = (name for name, value in self.inputs.items() if isinstance(value, list | tuple) and len(value) == 2)
        object.__setattr__(self, "linked", frozenset(linked))


@dataclass(kw_only=True, slots=True)
class Budget:
    """How many pieces and characters the texts of one prompt may still have; it decreases while they are joined."""

    pieces: int = _MAX_PIECES
    characters: int = MAX_TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """The nodes that made a picture.

    What is found out about a node is remembered, because many walks lead over the same nodes; without it, the time
    would grow with the square of the number of nodes.

    Attributes:
        nodes: The nodes by ID.
    """

    nodes: dict[str, Node]
    _stored: dict[str, Json] = field(init=False, default_factory=dict, repr=False, compare=False)
    _known: dict[Hashable, Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Collect the values that nodes store under a name."""
        for node in self.nodes.values():
            if node.kind.endswith(("SetNode", "setNode")):
                values = (value for value in node.inputs.values() if self.target(value))
                self._stored.setdefault(_name_in(node), next(values, None))

    def stored(self, node: Node) -> Json:
        """Return the value that another node stores under the name that a node reads; None without one."""
        return self._stored.get(_name_in(node))

    def once(self, key: Hashable, find: Callable[[], Fact]) -> Fact:
        """Return a fact about this graph, which is found out when it is asked for first.

        Args:
            key: What the fact is, such as its name, the ID of a node and a role.
            find: Finds it out; it depends on the graph and the key alone.
        """
        if key not in self._known:
            self._known[key] = find()
        fact: Fact = self._known[key]
        return fact

    def target(self, value: Json) -> Node | None:
        """Return the node that an input is linked to; None for a literal or a missing node."""
        if not isinstance(value, list | tuple) or len(value) != 2:
            return None
        key = value[0]
        if isinstance(key, str):
            return self.nodes.get(key)
        return self.nodes.get(str(key)) if isinstance(key, int) and not isinstance(key, bool) else None

    def links(self, node: Node) -> tuple[tuple[str, Node], ...]:
        """Return (input name, node) for each input that is linked to a node."""
        return self.once(("links", node.key), lambda: self._links(node))

    def _links(self, node: Node) -> tuple[tuple[str, Node], ...]:
        pairs = ((name, self.target(value)) for name, value in node.inputs.items() if name in node.linked)
        return tuple((name, target) for name, target in pairs if target is not None)


def graph_of(entries: JsonObject) -> Graph:
    """Return the graph of a JSON object; it has no nodes when the object is not a graph.

    Args:
        entries: The nodes by ID, each with `class_type` and `inputs`.
    """
    nodes: dict[str, Node] = {}
    left = MAX_ALL_INPUTS
    for key, entry in entries.items():
        kind = loose.text(loose.members(entry).get("class_type"))
        if kind and len(nodes) < MAX_NODES:
            inputs = dict(islice(loose.members(loose.members(entry).get("inputs")).items(), min(MAX_INPUTS, left)))
            left -= len(inputs)
            nodes[key] = Node(key=key, kind=kind, inputs=inputs)
    return Graph(nodes=nodes)


def _name_in(node: Node) -> str:
    return next(filter(None, map(loose.text, node.inputs.values())), "")
