"""The graph that ComfyUI stores with a picture (`prompt`, in the form of its API): nodes, and values along their links.

No walk enters a node twice on its way, and each is limited, so neither cycles nor endless chains matter.  What a link
leads to when its node is missing is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.record import Json, JsonObject

MAX_NODES = 4096
MAX_INPUTS = 256
MAX_TEXT = 2**21  # characters of one prompt, put together
_MAX_LINKS = 32  # one after the other, where a walk recurses
_MAX_PIECES = 4096  # that one prompt is put together from
_MAX_NAMES = 2**16  # characters of all names that are looked for at once

_TEXT_NAMES = ("text", "string", "value", "prompt", "populated_text", "wildcard_text", "text_positive", "STRING")
_JOINED_NAMES = ("string_a", "string_b", "text_a", "text_b", "text_c", "text_d", "text1", "text2", "string1", "string2")
_NUMBER_NAMES = ("value", "seed", "noise_seed", "int", "float", "number", "Number", "int_value", "float_value", "a")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """kind: its `class_type`.  inputs: literals, and links `[id, output]`."""

    id: str
    kind: str
    inputs: JsonObject


@dataclass(kw_only=True, slots=True)
class Budget:
    """What texts that belong together may still cost; used up while they are put together."""

    pieces: int = _MAX_PIECES
    characters: int = MAX_TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """nodes: by their ids."""

    nodes: dict[str, Node]

    def target(self, value: Json) -> Node | None:
        """The node that an input is linked to, None for a literal or a missing node."""
        parts = loose.items(value)
        if len(parts) != 2 or isinstance(parts[0], bool) or not isinstance(parts[0], str | int):
            return None
        return self.nodes.get(str(parts[0]))

    def links(self, node: Node) -> Iterator[tuple[str, Node]]:
        """The inputs that lead to other nodes, by name."""
        for name, value in node.inputs.items():
            target = self.target(value)
            if target is not None:
                yield name, target

    def along(self, node: Node | None, *names: str) -> Iterator[Node]:
        """A node, and those that its links of these names lead to, one after the other.

        A node without such a link is passed through when it has a single link.
        """
        seen: set[str] = set()
        while node is not None and node.id not in seen:
            seen.add(node.id)
            yield node
            targets = dict(self.links(node))
            named = next((targets[name] for name in names if name in targets), None)
            node = next(iter(targets.values())) if named is None and len(targets) == 1 else named

    def number(self, node: Node, *names: str) -> float | int | None:
        """A number from the first of these inputs that has one: as it stands, or in the node that it is linked to."""
        for _ in range(_MAX_LINKS):
            values = [node.inputs[name] for name in names if node.inputs.get(name) is not None]
            target = self.target(values[0]) if values else None
            if target is None:
                numbers = (_number(value) for value in values)
                return next((number for number in numbers if number is not None), None)
            node, names = target, (*names, *_NUMBER_NAMES)
        return None

    def text(self, value: Json, budget: Budget) -> str:
        """A text, as it stands, or put together by the nodes that it is linked to, as far as the budget goes."""
        found: list[str] = []
        for piece in self._pieces(value, frozenset()):
            if budget.pieces <= 0:
                break
            found.append(piece[: budget.characters])
            budget.pieces -= 1
            budget.characters -= len(found[-1])
        return "".join(found)

    def names(self, nodes: Iterable[Node], *inputs: str) -> Iterator[str]:
        """What these inputs of some nodes name: models, samplers."""
        budget = Budget(characters=_MAX_NAMES)
        texts = (self.text(node.inputs.get(name), budget) for node in nodes for name in inputs)
        return (text for text in texts if text)

    def _pieces(self, value: Json, path: frozenset[str]) -> Iterator[str]:
        """path: the nodes on the way, none of which is entered again.  Gives an empty piece for each node, too."""
        node = self.target(value)
        if node is None:
            yield loose.text(value)
        elif node.id not in path and len(path) < _MAX_LINKS:
            yield ""
            joined = [name for name in _JOINED_NAMES if node.inputs.get(name)]
            between = ""
            for name in joined or [name for name in _TEXT_NAMES if node.inputs.get(name)][:1]:
                yield between
                yield from self._pieces(node.inputs[name], path | {node.id})
                between = loose.text(node.inputs.get("delimiter")) or loose.text(node.inputs.get("separator"))


def graph_of(entries: JsonObject) -> Graph:
    """The nodes of an object; there are none in one that is no graph."""
    nodes: dict[str, Node] = {}
    for id, entry in entries.items():
        kind = loose.text(loose.members(entry).get("class_type"))
        if kind and len(nodes) < MAX_NODES:
            inputs = loose.members(loose.members(entry).get("inputs"))
            nodes[id] = Node(id=id, kind=kind, inputs=dict(islice(inputs.items(), MAX_INPUTS)))
    return Graph(nodes=nodes)


def _number(value: Json) -> float | int | None:
    whole = loose.whole(value)
    return loose.real(value) if whole is None else whole
