"""The prompt that a sampler of ComfyUI was given: the texts behind a conditioning."""

from __future__ import annotations

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.record import Json

_CONDITIONINGS = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to", "conditioning_from")
_TEXTS = ("text", "prompt", "text_g", "text_l", "clip_l", "t5xxl", "clip_g", "bert", "mt5xl", "llama")
_SIDES = ("positive", "negative")
_SILENT = "ConditioningZeroOut"  # keeps nothing of its prompt


def prompt_of(graph: Graph, value: Json, side: str) -> str:
    """The texts that a conditioning was made of, each once, a line each.  side: "positive" or "negative"."""
    found: dict[str, None] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(value, side)]
    budget = Budget()
    while waiting and budget.pieces > 0:
        link, side = waiting.pop()
        node = graph.target(link)
        if node is None or node.kind == _SILENT:
            continue
        if all(graph.target(node.inputs.get(name)) for name in _SIDES):
            side = _SIDES[_output(link) == 1]  # such nodes give on both
        if (node.id, side) in seen:
            continue
        seen.add((node.id, side))
        texts = _texts(graph, node, side, budget)
        found |= dict.fromkeys(texts)
        if not texts:
            waiting += [(node.inputs[name], side) for name in reversed(_onward(graph, node, side))]
    return "\n".join(found)


def _texts(graph: Graph, node: Node, side: str, budget: Budget) -> list[str]:
    """What a node encodes.  Loaders that encode, too, have it under the name of the side, where others have a link."""
    texts = [graph.text(node.inputs[name], budget) for name in _TEXTS if name in node.inputs]
    return [text for text in (*texts, loose.text(node.inputs.get(side))) if text]


def _onward(graph: Graph, node: Node, side: str) -> list[str]:
    """The inputs that lead to further conditionings; an unknown node is passed through along its first link."""
    named = [name for name in (*_CONDITIONINGS, side) if name in node.inputs]
    return named or [name for name, _ in graph.links(node)][:1]


def _output(link: Json) -> Json:
    """Which output of its node a link means."""
    return loose.items(link)[1]
