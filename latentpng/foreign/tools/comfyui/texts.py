"""Find the text of an input: written in the node, or put together by the nodes that it is linked to.

Every node that is entered and every character uses up a budget, so texts that double with every node stay short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.foreign.tools.comfyui.outputs import output_of, trace
from latentpng.foreign.tools.comfyui.text_edits import edited, filled, template_of
from latentpng.foreign.tools.comfyui.text_nodes import (
    delimiter_of,
    has_sides,
    is_computed,
    is_list,
    joined_names,
    joins_list,
    output_name,
    side_at,
    side_names,
    single_names,
    stored_names,
)
from latentpng.record import Json

_MAX_DEPTH = 32
_MAX_DELIMITER = 64


def text_of(graph: Graph, value: Json, budget: Budget, side: str = "positive") -> str:
    """Return the text of an input; "" when the graph does not contain it.

    Args:
        graph: The graph of the picture.
        value: The value of the input: the text itself or a link.
        budget: How much may still be read; it decreases.
        side: The side of the prompt that the text is needed for, "positive" or "negative".
    """
    return _Texts(graph=graph, budget=budget, side=side).text(value)


@dataclass(kw_only=True, slots=True)
class _Texts:
    """One search: the nodes on the way are in `path`, and none of them is entered again."""

    graph: Graph
    budget: Budget
    side: str
    path: tuple[str, ...] = ()

    def text(self, value: Json) -> str:
        """Return the text of a value, within the budget."""
        value, _ = trace(self.graph, value, "text")
        node = self.graph.target(value)
        self.budget.pieces -= 1
        if self.budget.pieces < 0:
            return ""
        if node is None:
            found = (loose.text(value) or _wrapped(value))[: max(self.budget.characters, 0)]
            self.budget.characters -= len(found)
            return found
        if node.key in self.path or len(self.path) >= _MAX_DEPTH:
            return ""
        self.path = (*self.path, node.key)
        found = self._inside(node, output_of(value))
        self.path = self.path[:-1]
        return found

    def _inside(self, node: Node, output: int) -> str:
        """Return what a node gives at an output."""
        if is_computed(self.graph, node):
            return self._stored(node)
        if has_sides(node):
            return self._joined(node, side_names(node, side_at(node, output, self.side)), "\n")
        if name := output_name(node, output):
            return self._at(node, name)
        if name := template_of(node):
            return filled(self.text(node.inputs[name]), lambda field: self._at(node, field))
        if joins_list(node) and (listed := self._only_link(node)) is not None:
            return self._joined(listed, joined_names(listed), delimiter_of(node))
        if names := joined_names(node):
            found = self._joined(node, names, delimiter_of(node))
            if is_list(node) and sum(bool(self._at(node, name)) for name in names) > 1:
                return ""
        else:
            found = next(filter(None, (self._at(node, name) for name in single_names(node))), "")
        changed = edited(node, found, lambda name: self._at(node, name), self.budget.characters)
        self.budget.characters -= max(len(changed) - len(found), 0)
        return changed or self._stored(node)

    def _at(self, node: Node, name: str) -> str:
        """Return the text of an input."""
        return self.text(node.inputs.get(name))

    def _only_link(self, node: Node) -> Node | None:
        """Return the node that the only link of a node leads to."""
        targets = [target for _, target in self.graph.links(node)]
        return targets[0] if len(targets) == 1 and targets[0].key not in self.path else None

    def _joined(self, node: Node, names: Iterable[str], delimiter: str) -> str:
        """Return the texts of some inputs, each that is not empty."""
        texts = [self._at(node, name) for name in names]
        if node.inputs.get("clean_whitespace") in ("true", True):
            texts = [text.strip() for text in texts]
        return delimiter[:_MAX_DELIMITER].join(filter(None, texts))

    def _stored(self, node: Node) -> str:
        """Return a text that a node stored when it was shown."""
        literals = (loose.text(node.inputs.get(name)) for name in stored_names(node))
        return next(filter(None, literals), "")


def _wrapped(value: Json) -> str:
    """Return the text of an object that has it beside other things; "" for anything else."""
    entry = loose.members(value)
    return next(filter(None, (loose.text(entry.get(key)) for key in ("content", "__value__", "value"))), "")
