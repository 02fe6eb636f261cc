"""Find the prompt of a sampler: the texts behind its conditioning."""

from __future__ import annotations

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.record import Json

_CONDITIONINGS = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to", "conditioning_from")
_TEXTS = ("text", "prompt", "text_g", "text_l", "clip_l", "t5xxl", "clip_g", "bert", "mt5xl", "llama")
_SIDES = ("positive", "negative")
_SILENT = "ConditioningZeroOut"  # sets the embedding of its prompt to zero


def prompt_of(graph: Graph, value: Json, side: str) -> str:
    """Return the texts that a conditioning was made of.

    Args:
        graph: The graph of the picture.
        value: The input of the sampler or guider that holds the conditioning.
        side: "positive" or "negative".

    Returns:
        The texts, each once and each on a line of its own.
    """
    found: dict[str, None] = {}
    seen: set[tuple[str, str]] = set()
    stack = [(value, side)]
    budget = Budget()
    while stack and budget.pieces > 0:
        link, side = stack.pop()
        node = graph.target(link)
        if node is None or node.kind == _SILENT:
            continue
        if all(graph.target(node.inputs.get(name)) for name in _SIDES):
            side = _SIDES[_output(link) == 1]  # such nodes pass both sides on, by two outputs
        if (node.key, side) in seen:
            continue
        seen.add((node.key, side))
        texts = _texts(graph, node, side, budget)
        found |= dict.fromkeys(texts)
        if not texts:
            stack += [(node.inputs[name], side) for name in reversed(_onward(graph, node, side))]
    return "\n".join(found)


def _texts(graph: Graph, node: Node, side: str, budget: Budget) -> list[str]:
    """Return the texts that a node encodes; loaders that encode have the text under the name of the side."""
    texts = [graph.text(node.inputs[name], budget) for name in _TEXTS if name in node.inputs]
    return [text for text in (*texts, loose.text(node.inputs.get(side))) if text]


def _onward(graph: Graph, node: Node, side: str) -> list[str]:
    """Return the inputs that lead to further conditionings; an unknown node is passed through its first link."""
    named = [name for name in (*_CONDITIONINGS, side) if name in node.inputs]
    return named or [name for name, _ in graph.links(node)][:1]


def _output(link: Json) -> Json:
    """Return the output index of a link."""
    return loose.items(link)[1]
