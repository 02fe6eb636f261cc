"""List what guides the first pass of a picture besides its prompt: ControlNets, and pictures in place of words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain as chained
from itertools import islice

from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.outputs import along
from latentpng.foreign.tools.comfyui.samplers import Settings
from latentpng.foreign.tools.comfyui.values import number_of, word_of
from latentpng.record import Json

MAX_GUIDES = 16
_MAX_NODES = 256  # nodes of one prompt or model
_IMAGE_PROMPTS = re.compile(
    r"ip ?-?adapter|instantid|pulid|photomaker|ecomid|stylemodelapply|unclipconditioning|referencelatent|"
    r"imageedit|instructpixtopix"
)
_NOT_GUIDES = re.compile(r"loader|selector|config|params")
_CONTROLS = ("control_net", "controlnet", "controlnet_stack", "cnet_stack", "control_net_stack", "model_patch")
_CONTROL_NAMES = ("control_net_name", "controlnet_name", "model_name", "name")
_STRENGTHS = ("strength", "control_net_strength", "controlnet_strength")


def guides_of(graph: Graph, settings: Settings) -> Iterator[dict[str, Json]]:
    """Yield ControlNets and pictures that guide a sampler: a kind each, its node, its strength and its model.

    Args:
        graph: The graph of the picture.
        settings: Those of the sampler.
    """
    prompts = islice(along(graph, settings.inlet("positive"), "positive"), _MAX_NODES)
    models = islice(along(graph, settings.inlet("model"), "model"), _MAX_NODES)
    guides = (guide for node in chained(prompts, models) if (guide := _guide(graph, node)))
    yield from islice(guides, MAX_GUIDES)


def _guide(graph: Graph, node: Node) -> dict[str, Json]:
    """Return what a node adds to a prompt or a model; {} for a node that adds nothing."""
    control = next((node.inputs[name] for name in _CONTROLS if graph.target(node.inputs.get(name))), None)
    if control is not None:
        loaders = islice(along(graph, control, "control_net"), _MAX_NODES)
        name = next((name for loader in loaders if (name := word_of(graph, loader, *_CONTROL_NAMES))), "")
        strength = number_of(graph, node, *_STRENGTHS)
        return {"kind": "controlnet", "node": node.kind, "strength": strength, "model": name}
    kind = node.kind.casefold()
    is_guide = _IMAGE_PROMPTS.search(kind) is not None and not _NOT_GUIDES.search(kind)
    sources = (
        name for name, _ in graph.links(node) if any(what in name for what in ("image", "latent", "vision", "pixels"))
    )
    if is_guide and any(sources):
        return {"kind": "image prompt", "node": node.kind, "weight": number_of(graph, node, "weight", "strength")}
    return {}
