"""Walk from a node back to what its latents and pictures were made of.

Links of prompts, models, masks and numbers are not followed.  Each node is entered once, and only so many links are
resolved through switches and pipes, so that no graph takes long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.outputs import along, given, resolve
from latentpng.foreign.tools.comfyui.samplers import LATENTS, Settings, is_sampler, settings_of
from latentpng.record import Json

MAX_RESOLVED = 256  # links of one walk that are followed through switches and pipes
MAX_SAMPLERS = 128  # samplers of one walk; those before them are not looked for
_MAX_CONDITIONINGS = 32  # nodes between a sampler of Stable Cascade and the stage before it
_SIDE_INPUTS = frozenset(
    {
        "audio",
        "batch_size",
        "bbox_detector",
        "cfg",
        "clip",
        "clip_vision",
        "cnet_stack",
        "conditioning",
        "control_net",
        "denoise",
        "frame_rate",
        "guider",
        "height",
        "ipadapter",
        "length",
        "lora_stack",
        "mask",
        "megapixels",
        "model",
        "modelname",
        "negative",
        "noise",
        "positive",
        "prompt",
        "sam_model_opt",
        "sampler",
        "sampler_name",
        "scale_by",
        "scheduler",
        "seed",
        "segm_detector_opt",
        "sigmas",
        "steps",
        "style_model",
        "text",
        "upscale_by",
        "upscale_model",
        "vae",
        "width",
    }
)
_SIDE_ENDINGS = (
    "_name",
    "_seed",
    "_width",
    "_height",
    "_model",
    "_clip",
    "_vae",
    "_factor",
    "_mask",
    "_value",
    "_text",
)
_EMPTY = "empty"  # in the kind of nodes that make latents without a picture
_NEW_LATENTS = ("width", "height", "batch_size")  # inputs of the others that do so


@dataclass(frozen=True, slots=True)
class Step:
    """A node on the way from an output, and the step before it; None for the output itself."""

    node: Node
    towards: Step | None

    def way(self) -> list[Node]:
        """Return the nodes from the output to the one before this."""
        nodes: list[Node] = []
        step = self.towards
        while step is not None:
            nodes.append(step.node)
            step = step.towards
        return nodes[::-1]


def upstream(graph: Graph, start: Node) -> Iterator[Step]:
    """Yield the nodes that a node depends on by latents and pictures, depth first, each once.

    Args:
        graph: The graph of the picture.
        start: An output, or a sampler.
    """
    walk = _Walk(graph=graph)
    seen: set[str] = set()
    stack = [Step(start, None)]
    while stack:
        step = stack.pop()
        node = step.node
        if node.key in seen:
            continue
        seen.add(node.key)
        yield step
        if is_sampler(node):
            stack.clear()  # other branches to the output are not what this sampler started from
            targets = walk.origins(node)
        else:
            targets = walk.inputs(node)
        stack += [Step(target, step) for target in reversed(targets)]


@dataclass(kw_only=True, slots=True)
class _Walk:
    """How much of a walk is still allowed."""

    graph: Graph
    resolved: int = MAX_RESOLVED
    samplers: int = MAX_SAMPLERS

    def inputs(self, node: Node) -> list[Node]:
        """Return the nodes that may give a node its latents or pictures."""
        if _EMPTY in node.kind.casefold() or all(name in node.inputs for name in _NEW_LATENTS):
            return []  # what such a node is linked to gives it a size, or conditions the model
        followed = ((name, node.inputs[name]) for name, _ in self.graph.links(node) if not _is_side(name))
        targets = (self._source(value, "latent" if name in LATENTS else "image") for name, value in followed)
        return [target for target in targets if target is not None]

    def origins(self, node: Node) -> list[Node]:
        """Return what a sampler starts from: its latents, an earlier sampler in its pipe, a stage before it."""
        self.samplers -= 1
        if self.samplers < 0:
            return []
        settings = settings_of(self.graph, node)
        named = (part.inputs.get(name) for part in settings.parts for name in LATENTS)
        latent = next((target for value in named if (target := self._source(value, "latent"))), None)
        if latent is not None:
            return [latent, *_stages(self.graph, settings)]
        piped = self.graph.target(given(self.graph, node, "latent"))
        return [*settings.earlier, *([piped] if piped is not None else []), *_stages(self.graph, settings)]

    def _source(self, value: Json, role: str) -> Node | None:
        """Return the node that makes a value; when that is not known, the next node on the way to it."""
        target = self.graph.target(value)
        if target is None or self.resolved <= 0 or not _chooses(self.graph, target):
            return target
        self.resolved -= 1
        return self.graph.target(resolve(self.graph, value, role)) or target


def _chooses(graph: Graph, node: Node) -> bool:
    """Return False for a node with a single link, which has nothing to choose from."""
    return len(graph.links(node)) > 1


def _is_side(name: str) -> bool:
    return name.lower() in _SIDE_INPUTS or name.endswith(_SIDE_ENDINGS)


def _stages(graph: Graph, settings: Settings) -> list[Node]:
    """Return the node that made what a later stage of Stable Cascade is conditioned on."""
    conditionings = along(graph, settings.inlet("positive"), "positive")
    for _, node in zip(range(_MAX_CONDITIONINGS), conditionings, strict=False):
        stage = graph.target(node.inputs.get("stage_c"))
        if stage is not None:
            return [stage]
    return []
