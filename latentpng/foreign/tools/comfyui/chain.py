"""Find the chain of nodes that made a picture: from the node that saved it back to the node that made its latents.

Links of prompts, models, masks and numbers are not followed here. Where a chain branches, the first branch that leads
to a node that draws noise counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.outputs import along, given, resolve
from latentpng.foreign.tools.comfyui.samplers import LATENTS, Settings, is_sampler, is_touch_up, settings_of
from latentpng.foreign.tools.comfyui.services import is_asked, service_of
from latentpng.foreign.tools.comfyui.sizes import size_of
from latentpng.record import Json

MAX_OUTPUTS = 8
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """The nodes that made one picture.

    Attributes:
        settings: The settings of the first sampler of the chain; its noise is the initial noise.  In a chain without a
            sampler, those of the first node that draws noise at all.
        after: The nodes from the output to this node, without branches.
        before: The nodes that its latents come from, the nearest first.
    """

    settings: Settings
    after: tuple[Node, ...]
    before: tuple[Node, ...]

    @property
    def sampler(self) -> Node:
        """The node of the first sampler."""
        return self.settings.node

    @property
    def latent(self) -> Node:
        """The node that gave the latents their size; the nearest, or the sampler itself, when no size is known."""
        nodes = (*self.before, *self.settings.parts)
        sized = (node for node in nodes if all(size_of(self.settings.graph, node)))
        return next(sized, (*self.before[:1], self.sampler)[0])


@dataclass(frozen=True, slots=True)
class _Step:
    """A node on the way from an output, and the step before it."""

    node: Node
    towards: _Step | None

    def way(self) -> list[Node]:
        """Return the nodes from the output to the one before this."""
        nodes: list[Node] = []
        step = self.towards
        while step is not None:
            nodes.append(step.node)
            step = step.towards
        return nodes[::-1]


def chains_of(graph: Graph) -> list[Chain]:
    """Return the chains that end in a picture, one for each first sampler.

    Pictures that are saved count before those that are only previewed, and these before unlinked nodes of other kinds.
    """
    for outputs in _outputs(graph):
        found: dict[str, Chain] = {}
        for output in outputs[:MAX_OUTPUTS]:
            chain = _chain(graph, output)
            if chain is not None:
                found.setdefault(chain.sampler.key, chain)
        if found:
            return list(found.values())
    return []


def _outputs(graph: Graph) -> Iterator[list[Node]]:
    """Yield the nodes that may be outputs, the likeliest kind first."""
    nodes = list(graph.nodes.values())
    yield [node for node in nodes if "save" in node.kind.lower()]
    yield [node for node in nodes if "preview" in node.kind.lower()]
    linked = {target.key for node in nodes for _, target in graph.links(node)}
    yield [node for node in nodes if node.key not in linked]


def _chain(graph: Graph, output: Node) -> Chain | None:
    steps = list(_upstream(graph, output))
    for draws in (is_sampler, is_touch_up, is_asked, _is_service):
        at = max((at for at, step in enumerate(steps) if draws(step.node)), default=-1)
        if at >= 0:
            first = steps[at].node
            before = [step.node for step in _upstream(graph, first)][1:]  # anew, for what a later stage shares with it
            return Chain(settings=settings_of(graph, first), after=tuple(steps[at].way()), before=tuple(before))
    return None


def _is_service(node: Node) -> bool:
    return bool(service_of(node))


def _upstream(graph: Graph, start: Node) -> Iterator[_Step]:
    """Yield the nodes that a node depends on by latents and pictures, depth first, each once."""
    seen: set[str] = set()
    stack = [_Step(start, None)]
    while stack:
        step = stack.pop()
        node = step.node
        if node.key in seen:
            continue
        seen.add(node.key)
        yield step
        if is_sampler(node):
            stack.clear()  # other branches to the output are not what this sampler started from
            targets = _origins(graph, settings_of(graph, node))
        else:
            targets = _inputs(graph, node)
        stack += [_Step(target, step) for target in reversed(targets)]


def _inputs(graph: Graph, node: Node) -> list[Node]:
    """Return the nodes that may give a node its latents or pictures."""
    if _EMPTY in node.kind.casefold() or all(name in node.inputs for name in _NEW_LATENTS):
        return []  # what such a node is linked to gives it a size, or conditions the model
    followed = ((name, node.inputs[name]) for name, _ in graph.links(node) if not _is_side(name))
    targets = (_source(graph, value, "latent" if name in LATENTS else "image") for name, value in followed)
    return [target for target in targets if target is not None]


def _source(graph: Graph, value: Json, role: str) -> Node | None:
    """Return the node that makes a value; when that is not known, the next node on the way to it."""
    return graph.target(resolve(graph, value, role)) or graph.target(value)


def _is_side(name: str) -> bool:
    return name.lower() in _SIDE_INPUTS or name.endswith(_SIDE_ENDINGS)


def _origins(graph: Graph, settings: Settings) -> list[Node]:
    """Return the nodes that a sampler starts from: its latents, an earlier sampler in its pipe, a stage before it."""
    named = (part.inputs.get(name) for part in settings.parts for name in LATENTS)
    latent = next((target for value in named if (target := _source(graph, value, "latent"))), None)
    piped = graph.target(given(graph, settings.node, "latent"))
    found = [latent] if latent is not None else [*settings.earlier, *([piped] if piped is not None else [])]
    return [*found, *_stages(graph, settings)]


def _stages(graph: Graph, settings: Settings) -> list[Node]:
    """Return the node that made what a later stage of Stable Cascade is conditioned on."""
    conditionings = along(graph, settings.inlet("positive"), "positive")
    for _, node in zip(range(_MAX_CONDITIONINGS), conditionings, strict=False):
        stage = graph.target(node.inputs.get("stage_c"))
        if stage is not None:
            return [stage]
    return []
