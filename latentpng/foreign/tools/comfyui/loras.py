"""Find the LoRA files that a graph of ComfyUI loads: one by one, in numbered rows, in lists, in stacks, by tags.

Nodes are understood by the names of their inputs, so that those of other authors are found too.  Rows that are switched
off, rows without a file and weights of 0 load nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.foreign.tools.lora_tags import tags_in

MAX_LORAS = 64
_STACKS = ("lora_stack", "optional_lora_stack", "lora", "loras", "prev_lora")
_TAGGED = ("populated_text", "lora_syntax", "wildcard_text", "text")
_ROW = re.compile(r"lora_?([0-9]{1,2})(?:_name)?|lora_name_?([0-9]{1,2})")
_SINGLE_WEIGHTS = ("strength_model", "strength", "lora_model_strength", "lora_strength", "model_strength")
_SIMPLE = ("lora_wt_{}", "lora_{}_strength", "strength_{}", "lora_strength_{}", "weight_{}", "lora_weight_{}")
_ADVANCED = ("model_str_{}", "lora_{}_model_strength", "model_weight_{}", "strength_model_{}", "model_strength_{}")
_SWITCHES = ("switch_{}", "lora_{}_on", "toggle_{}", "enabled_{}", "lora_{}_enabled", "on_{}")
_COUNTS = ("lora_count", "num_loras")
_OFF = (False, 0, "Off", "off", "OFF", "False", "false", "disable", "disabled")
_NO_FILE = ("", "none", "undefined", "null")


def loras_of(graph: Graph, guider: Node) -> list[tuple[str, float | None]]:
    """Return the LoRA files on the way to the model of a sampler, each with its weight.

    Args:
        graph: The graph of the picture.
        guider: The sampler, or the guider that has its model.
    """
    found: dict[str, float | None] = {}
    seen: set[str] = set()
    budget = Budget()
    for node in graph.along(guider, "model", "unet", "pipe"):
        for one in _with_stacks(graph, node, seen):
            for name, weight in _of_node(graph, one, budget):
                if name.casefold() not in _NO_FILE and weight != 0:
                    found.setdefault(name, weight)
    return list(found.items())[:MAX_LORAS]


def _with_stacks(graph: Graph, start: Node, seen: set[str]) -> Iterator[Node]:
    """Yield a node, and the nodes that it gets lists of LoRA files from."""
    stack = [start]
    while stack:
        node = stack.pop()
        if node.key in seen:
            continue
        seen.add(node.key)
        yield node
        stack += [target for name, target in graph.links(node) if name in _STACKS or name.startswith("lora_stack")]


def _of_node(graph: Graph, node: Node, budget: Budget) -> Iterator[tuple[str, float | None]]:
    if _is_off(node, ("toggle", "enabled")):
        return
    weight = loose.real(graph.number(node, *_SINGLE_WEIGHTS))
    value = node.inputs.get("lora_name")
    content = loose.text(loose.members(value).get("content"))  # of nodes that show a picture beside the name
    for text in (content or graph.text(value, budget), loose.text(node.inputs.get("lora"))):
        if text:
            yield text, weight
    yield from _rows(graph, node)
    yield from _listed(node)
    if "model" in node.inputs and "loras" not in node.inputs:
        texts = (graph.text(node.inputs.get(name), budget) for name in _TAGGED)
        yield from tags_in(next(filter(None, texts), ""), unet_first=True)


def _rows(graph: Graph, node: Node) -> Iterator[tuple[str, float | None]]:
    """Yield what stands in numbered inputs."""
    count = next((loose.whole(graph.number(node, name)) for name in _COUNTS if name in node.inputs), None)
    mode = loose.text(node.inputs.get("input_mode")) or loose.text(node.inputs.get("mode"))
    weights = (*_SIMPLE, *_ADVANCED) if mode == "simple" else (*_ADVANCED, *_SIMPLE)
    for key, value in node.inputs.items():
        row, name = _ROW.fullmatch(key), loose.text(value)
        if row is None or not name:
            continue
        number = row[1] or row[2]
        if (count is None or int(number) <= count) and not _is_off(
            node, tuple(each.format(number) for each in _SWITCHES)
        ):
            yield name, loose.real(graph.number(node, *(each.format(number) for each in weights)))


def _listed(node: Node) -> Iterator[tuple[str, float | None]]:
    """Yield what stands in objects, each an input (Power Lora Loader) or all in one list (Lora Manager)."""
    listed = node.inputs.get("loras")
    rows = loose.items(loose.members(listed).get("__value__", listed))
    named = [(loose.members(row), "name") for row in rows]
    for entry, key in (*((loose.members(value), "lora") for value in node.inputs.values()), *named):
        name = loose.text(entry.get(key))
        if name and entry.get("on", True) not in _OFF and entry.get("active", True) not in _OFF:
            yield name, loose.real(entry.get("strength", entry.get("weight")))


def _is_off(node: Node, switches: Iterable[str]) -> bool:
    return any(name in node.inputs and node.inputs[name] in _OFF for name in switches)
