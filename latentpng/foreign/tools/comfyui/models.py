"""Find which model a sampler used, what was merged into it, its VAE and how many layers of its text encoder count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import own_name
from latentpng.foreign.tools.comfyui.outputs import along
from latentpng.foreign.tools.comfyui.samplers import Settings
from latentpng.foreign.tools.comfyui.values import number_of, word_of
from latentpng.record import Json, JsonObject

MAX_MERGES = 16
MAX_NODES = 256  # nodes between a sampler and its model
_MAX_NAME = 256  # characters
_NAMES = (
    "ckpt_name",
    "unet_name",
    "model_name",
    "gguf_name",
    "model_path",
    "base_ckpt_name",
    "base_model_name",
    "checkpoint_name",
    "checkpoint",
    "ckpt",
    "ckpt_path",
    "diffusion_model",
    "diffusion_model_name",
    "stage_c",
    "stage_c_name",
    "model_id",
    "repo_id",
    "unet",
    "transformer",
    "model",
)
_STACKED = re.compile(r"ckpt_name_?([0-9]{1,2})")  # rows of CR Model Merge Stack
_NO_FILE = frozenset({"", "none", "default", "undefined", "null", "auto", "baked vae"})
_SECOND = ("model2", "model_b", "model2_name", "model3", "model_c")
_RATIOS = ("ratio", "multiplier", "alpha", "strength", "weight", "mbw_ratio", "model_strength")
_BLOCKS = re.compile(r"(input|middle|out|double|single)[a-z_]*[0-9.]*")
_CLIP_LAYERS = ("stop_at_clip_layer", "clip_skip", "base_clip_skip")
_MAX_ENCODERS = 32  # nodes between a prompt and its text encoder


def model_of(graph: Graph, value: Json) -> str:
    """Return the name of the model that a link leads to; of a merge, that of its first model.

    Args:
        graph: The graph of the picture.
        value: The input of a sampler or guider that holds the model.
    """
    return next(_names(graph, _models(graph, value)), "")


def merges_of(graph: Graph, value: Json) -> list[Json]:
    """Return what is merged into a model: for each merge the kind of its node, the other model and the ratio.

    Args:
        graph: The graph of the picture.
        value: As for `model_of`.
    """
    found: list[Json] = []
    for node in _models(graph, value):
        others = [node.inputs[name] for name in _SECOND if graph.target(node.inputs.get(name))]
        if others and len(found) < MAX_MERGES:
            names = [name for name in (model_of(graph, other) for other in others) if name]
            entry: dict[str, Json] = {"node": node.kind, "models": names, **_shares(graph, node)}
            found.append({name: value for name, value in entry.items() if value not in (None, [], {})})
        stacked = list(_names(graph, [node])) if any(_is_on(node, name) for name in node.inputs) else []
        if len(stacked) > 1 and len(found) < MAX_MERGES:
            found.append({"node": node.kind, "models": [*stacked[1:]]})
    return found


def vae_of(graph: Graph, settings: Settings, decoders: Iterable[Node]) -> str:
    """Return the name of a VAE that was loaded from a file of its own; "" when it came with the model.

    Args:
        graph: The graph of the picture.
        settings: Those of the sampler.
        decoders: The nodes that a decoder may be among, the nearest to the sampler first.
    """
    for holder in (*islice(decoders, MAX_NODES), *settings.parts):
        value = holder.inputs.get("vae", holder.inputs.get("optional_vae"))
        nodes = along(graph, value, "vae") if graph.target(value) else iter((holder,))
        named = (_vae_name(graph, node) for node in islice(nodes, MAX_NODES))
        name = next((name for name in named if name), "")
        if name:
            return "" if name.casefold() in _NO_FILE else name
    return ""


def _vae_name(graph: Graph, node: Node) -> str:
    return graph.once(("vae name", node.key), lambda: word_of(graph, node, "vae_name"))


def clip_layer_of(graph: Graph, settings: Settings) -> int | None:
    """Return the layer of the text encoder that counts as the last, with a minus; None when none is chosen.

    Args:
        graph: The graph of the picture.
        settings: Those of the sampler.
    """
    prompts = islice(along(graph, settings.inlet("positive"), "positive"), _MAX_ENCODERS)
    encoders = (node for prompt in prompts for node in _encoders(graph, prompt))
    layers = (loose.whole(number_of(graph, node, *_CLIP_LAYERS)) for node in (*encoders, *settings.parts))
    return next((layer for layer in layers if layer is not None and layer < 0), None)


def _encoders(graph: Graph, prompt: Node) -> Iterator[Node]:
    yield prompt
    value = prompt.inputs.get("clip")
    if graph.target(value):
        yield from islice(along(graph, value, "clip"), _MAX_ENCODERS)


def _models(graph: Graph, value: Json) -> Iterator[Node]:
    return islice(along(graph, value, "model"), MAX_NODES)


def _names(graph: Graph, nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the names of models; a link named "model" leads on, and what a node with such a link loads is a patch."""
    for node in nodes:
        if graph.target(node.inputs.get(own_name(node, "model"))) is not None:
            continue
        rows = [name for name in node.inputs if len(name) < _MAX_NAME and _is_on(node, name)]
        for name in (_name(graph, node), *(word_of(graph, node, row) for row in islice(rows, MAX_MERGES))):
            if name.casefold() not in _NO_FILE:
                yield name


def _is_on(node: Node, name: str) -> bool:
    """Return whether an input is a row of a stack of models that is not switched off."""
    row = _STACKED.fullmatch(name)
    return row is not None and node.inputs.get(f"switch_{row[1]}") != "Off"


def _name(graph: Graph, node: Node) -> str:
    def find() -> str:
        written = (name for name in _NAMES if name.endswith("_name") or not graph.target(node.inputs.get(name)))
        return word_of(graph, node, *written)

    return graph.once(("model name", node.key), find)


def _shares(graph: Graph, node: Node) -> JsonObject:
    """Return how much of each model a merge takes: one ratio, or one for each kind of block."""
    ratio = loose.real(number_of(graph, node, *_RATIOS))
    if ratio is not None:
        return {"ratio": ratio}
    blocks = (name for name in node.inputs if len(name) < _MAX_NAME and _BLOCKS.fullmatch(name))
    return {name: loose.real(number_of(graph, node, name)) for name in islice(blocks, MAX_MERGES)}
