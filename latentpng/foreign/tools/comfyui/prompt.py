"""Find the prompts of a sampler: the texts behind its conditionings.

The two sides are kept apart by the outputs that links start at.  A side that cannot be told has no prompt, so that a
positive prompt is never shown as the negative one.
"""

from __future__ import annotations

import re

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Budget, Graph, Node
from latentpng.foreign.tools.comfyui.layouts import SIDES, pipes_of, plain
from latentpng.foreign.tools.comfyui.outputs import trace
from latentpng.foreign.tools.comfyui.text_nodes import side_names
from latentpng.foreign.tools.comfyui.texts import text_of
from latentpng.record import Json

_MAX_NAME = 64
_MAX_LINKS = 1024  # links to conditionings that are followed
_SILENT = re.compile(r"zeroout|placeholder|emptycond")  # embeddings of no text
_TEXT = re.compile(
    r"(user_|global_|local_|main_)?(text|prompt|string|caption)(_?[0-9]{1,2}|_[gl]|_g_l|_text|_schedule)?|"
    r"clip_[lg]|t5(xxl)?|bert|mt5xl|llama|gemma|qwen|chatglm"
)
_ENCODER = re.compile(
    r"([a-z]+_)?clip(_?[a-z0-9]{1,2})?|text_encoders?|chatglm3_model|t5(xxl)?(_encoder)?|[a-z0-9_]*_text_encoder"
)
_POPULATED = ("populated_text", "wildcard_text")  # of which only the first that is not empty counts
_CONDITIONING = re.compile(r"([a-z0-9]+_)?cond(itioning)?(_?[0-9]+|_[a-z0-9_]+)?")
_NO_CONDITIONING = frozenset(
    {
        *("model", "clip", "clip_vision", "clip_vision_output", "vae", "control_net", "style_model", "mask"),
        *("image", "images", "pixels", "latent", "latent_image", "samples", "noise", "sigmas"),
    }
)
_ADDS = ("concat", "combine", "average", "timestep")  # modes of nodes that add to the conditioning of a pipe


def prompts_of(graph: Graph, positive: Json, *negatives: Json) -> tuple[str, str]:
    """Return the prompt and the negative prompt of a sampler or guider.

    Args:
        graph: The graph of the picture.
        positive: The input that holds the positive conditioning.
        negatives: The inputs that may hold the negative one, the likeliest first.  The positive prompt is linked here
            too where it is not used: without guidance, or by guiders of three conditionings.

    Returns:
        The prompt, and the first negative prompt that is not the same text.
    """
    prompt = prompt_of(graph, positive, "positive")
    found = (prompt_of(graph, negative, "negative") for negative in negatives)
    return prompt, next((text for text in found if text not in ("", prompt)), "")


def prompt_of(graph: Graph, value: Json, side: str) -> str:
    """Return the texts that a conditioning was made of.

    Args:
        graph: The graph of the picture.
        value: The input of the sampler or guider that holds the conditioning, or a pipe that contains it.
        side: "positive" or "negative".

    Returns:
        The texts, each once and each on a line of its own.
    """
    found: dict[str, None] = {}
    seen: set[tuple[str, str]] = set()
    stack = [(value, side)]
    budget = Budget()
    left = _MAX_LINKS
    while stack:
        value, side = stack.pop()
        if graph.target(value) is None:
            found |= dict.fromkeys(filter(None, [loose.text(value)]))
        elif left:
            left -= 1
            link, side = trace(graph, value, side)
            stack += [(part, side) for part in reversed(_parts(graph, link, side, seen, budget))]
    return "\n".join(found)


def _parts(graph: Graph, link: Json, side: str, seen: set[tuple[str, str]], budget: Budget) -> list[Json]:
    """Return the links to conditionings and the texts that a resolved conditioning is made of, in their order."""
    node = graph.target(link)
    if node is None:
        return [loose.text(link)]
    if (node.key, side) in seen or _SILENT.search(plain(node.kind)):
        return []
    seen.add((node.key, side))
    onward = _onward(graph, node, side)
    sided = [value for value in _sided(node, side) if graph.target(value) is None]
    if _encodes(graph, node):
        return [*onward, *sided, *_encoded(graph, node, side, budget)]
    is_text = not onward and not sided and not any(graph.target(link) for each in SIDES for link in _sided(node, each))
    return [text_of(graph, link, budget, side)] if is_text else [*onward, *sided]


def _encoded(graph: Graph, node: Node, side: str, budget: Budget) -> list[Json]:
    """Return the texts that a node encodes."""
    populated = (text_of(graph, node.inputs.get(name), budget, side) for name in _POPULATED)
    first = next(filter(None, populated), "")
    sided = {name for each in SIDES for name in side_names(node, each)}
    names = [name for name in _text_names(node) if name not in sided]
    return [first] if first else [text_of(graph, node.inputs[name], budget, side) for name in names]


def _encodes(graph: Graph, node: Node) -> bool:
    """Return whether a node encodes a text, so that its inputs are read and not the node as a whole."""
    has_encoder = any(len(name) <= _MAX_NAME and _ENCODER.fullmatch(name.lower()) for name, _ in graph.links(node))
    return has_encoder or "encode" in plain(node.kind)


def _text_names(node: Node) -> list[str]:
    """Return the names of the inputs that are encoded."""
    names = [name for name in node.inputs if len(name) <= _MAX_NAME and _TEXT.fullmatch(name.lower())]
    if "with_SDXL" in node.inputs:  # smZ CLIPTextEncode, which has fields for both cases
        return [name for name in names if (name == "text") != (node.inputs["with_SDXL"] is True)]
    return names


def _sided(node: Node, side: str) -> list[Json]:
    """Return the texts and links of the inputs for one side."""
    return [node.inputs[name] for name in side_names(node, side)]


def _onward(graph: Graph, node: Node, side: str) -> list[Json]:
    """Return the links to further conditionings; an unknown node passes on the only link that may be one."""
    links = {name: node.inputs[name] for name, _ in graph.links(node) if len(name) <= _MAX_NAME}
    found = [link for name, link in links.items() if _CONDITIONING.fullmatch(name.lower())]
    found += [link for link in _sided(node, side) if graph.target(link)]
    pipes = pipes_of(graph, node)
    if pipes and ("concat" in plain(node.kind) or node.inputs.get("conditioning_mode") in _ADDS):
        found.insert(0, links[pipes[0]])
    if found or _encodes(graph, node):
        return found
    others = [link for name, link in links.items() if name.lower() not in _NO_CONDITIONING]
    has_other_side = any(side_names(node, each) for each in SIDES)
    return others if len(others) == 1 and not has_other_side else []
