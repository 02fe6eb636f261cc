"""Find the LoRA files that a graph of ComfyUI loads: one by one, in numbered rows, in lists, in stacks, by tags.

Nodes are understood by the names of their inputs, so that those of other authors are found too.  Rows that are switched
off, rows without a file and weights of 0 load nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.foreign.tools.comfyui.layouts import plain
from latentpng.foreign.tools.comfyui.lora_rows import is_off, listed, rows
from latentpng.foreign.tools.comfyui.outputs import along, given, resolve
from latentpng.foreign.tools.comfyui.texts import text_of
from latentpng.foreign.tools.comfyui.values import number_of
from latentpng.foreign.tools.lora_tags import tags_in
from latentpng.record import Json

MAX_LORAS = 64
_MAX_NODES = 4096
_MAX_PROMPTS = 32  # nodes of one prompt, and of each text encoder
_MAX_NAME = 64
_MERGED = re.compile(r"model_?([2-9]|[b-z])")
_STACK = re.compile(r"(optional_|prev_)?loras?|(optional_)?lora_?stacks?[a-z0-9_]*|prev_hooks")
_TAGGED = ("populated_text", "lora_syntax", "wildcard_text", "text", "loras")
_NAMES = ("lora_name", "lora", "lora_path", "lora_file")
_IN_OBJECTS = ("content", "__value__", "value", "filename")
_WEIGHTS = ("strength_model", "strength", "lora_model_strength", "lora_strength", "model_strength", "lora_weight")
_NO_FILE = ("", "none", "undefined", "null", "[none]")

Found = tuple[str, float | None]


def loras_of(graph: Graph, guider: Node) -> list[Found]:
    """Return the LoRA files on the way to the model of a sampler, each with its weight.

    Args:
        graph: The graph of the picture.
        guider: The sampler, or the guider that has its model.
    """
    found: dict[str, float | None] = {}
    budget = Budget()
    for node in _on_the_way(graph, guider, *_hooks(graph, guider)):
        for name, weight in _of_node(graph, node, budget):
            if name.casefold() not in _NO_FILE and weight != 0:
                found.setdefault(name, weight)
    return list(found.items())[:MAX_LORAS]


def _hooks(graph: Graph, guider: Node) -> list[Node]:
    """Return the nodes that hang LoRA files on the prompt of a sampler or on its text encoder."""
    prompts = islice(along(graph, given(graph, guider, "positive"), "positive"), _MAX_PROMPTS)
    clips = (chain((node,), islice(along(graph, node.inputs.get("clip"), "clip"), _MAX_PROMPTS)) for node in prompts)
    holders = chain.from_iterable(clips)
    return [hook for holder in holders if (hook := graph.target(holder.inputs.get("hooks"))) is not None]


def _on_the_way(graph: Graph, *starts: Node) -> Iterator[Node]:
    """Yield nodes and all that their models go through, and the nodes that these get lists of LoRA files from."""
    seen: set[str] = set()
    stack = list(starts[::-1])
    while stack and len(seen) < _MAX_NODES:
        node = stack.pop()
        if node.key in seen:
            continue
        seen.add(node.key)
        yield node
        targets = map(graph.target, [*_stacks(graph, node), *_models(graph, node)])
        stack += reversed([target for target in targets if target is not None])


def _models(graph: Graph, node: Node) -> list[Json]:
    """Return the links to the models that a node is given: several when it merges them, or its only link."""
    links = {name: node.inputs[name] for name, _ in graph.links(node) if len(name) <= _MAX_NAME}
    merged = (resolve(graph, link, "model") for name, link in links.items() if _MERGED.fullmatch(name))
    found = [given(graph, node, "model"), *merged]
    only = list(links.values()) if len(links) == 1 else []
    return found if any(found) else [resolve(graph, link, "model") for link in only]


def _stacks(graph: Graph, node: Node) -> list[Json]:
    """Return the links to the nodes that a node gets lists of LoRA files from."""
    names = [name for name, _ in graph.links(node) if len(name) <= _MAX_NAME and _STACK.fullmatch(name)]
    return [resolve(graph, node.inputs[name], "lora_stack") for name in names]


def _of_node(graph: Graph, node: Node, budget: Budget) -> Iterator[Found]:
    """Yield the LoRA files that a node loads itself."""
    if is_off(graph, node, ("toggle", "enabled", "switch", "lora_on", "active")) or node.inputs.get("bypass") is True:
        return

    def name_at(value: Json) -> str:
        return _name(graph, value, budget)

    for name in filter(None, (name_at(node.inputs.get(each)) for each in _NAMES)):
        yield name, loose.real(number_of(graph, node, *_WEIGHTS))
    yield from rows(graph, node, name_at)
    yield from listed(node)
    yield from _tagged(graph, node, budget)


def _name(graph: Graph, value: Json, budget: Budget) -> str:
    """Return the name of a file: a text, an object that shows a picture beside it, or what a link leads to."""
    value = resolve(graph, value, "lora_name")
    entry = loose.members(value)
    if entry:
        return next(filter(None, (loose.text(entry.get(key)) for key in _IN_OBJECTS)), "")
    node = graph.target(value)
    if node is None:
        return loose.text(value)
    return "" if _stacked(node) else loose.text(node.inputs.get("lora_name")) or text_of(graph, value, budget)


def _stacked(node: Node) -> bool:
    """Return whether a node gives a list of LoRA files, which is read as a node of its own."""
    return any(_STACK.fullmatch(name) or name.startswith("strength") for name in node.inputs if len(name) <= _MAX_NAME)


def _tagged(graph: Graph, node: Node, budget: Budget) -> Iterator[Found]:
    """Yield what tags name in the texts of nodes that have a model, or that load one and read tags."""
    names: Iterable[str] = ()
    if "model" in node.inputs and not (
        loose.items(node.inputs.get("loras")) or loose.members(node.inputs.get("loras"))
    ):
        names = _TAGGED
    if plain(node.kind).startswith(("easy", "ttn")):
        names = (*names, "loras", "positive")
    if "insert_lora" in node.inputs:  # Power Prompt (rgthree)
        names = ("prompt", "prompt_g")
    texts = (text_of(graph, node.inputs.get(name), budget) for name in names)
    yield from tags_in(next((text for text in texts if "<" in text), ""), unet_first=True)
