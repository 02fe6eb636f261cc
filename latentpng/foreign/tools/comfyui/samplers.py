"""Recognise the nodes that denoise, and find the nodes that hold their settings.

Nodes are understood by what goes into them, so that those of other authors are found too.  A sampler denoises latents;
a touch-up denoises parts of a finished picture, as detailers and tiled upscalers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.layouts import INPUTS, own_name
from latentpng.foreign.tools.comfyui.outputs import given, resolve
from latentpng.foreign.tools.comfyui.values import DENOISES, GUIDANCES, SEEDS, STEPS, number_of, word_of
from latentpng.record import Json

MAX_PARTS = 64
LATENTS = (
    "latent_image",
    "latent",
    "samples",
    "latents",
    "optional_latent",
    "optional_latent_image",
    "image_to_latent",
    "latent_opt",
    "init_latent",
    "image_embeds",
)
PICTURES = ("image", "images", "pixels", "upscaled_image", "segs", "detailer_pipe", "input_image", "source_image")
PIPES = (
    "pipe",
    "basic_pipe",
    "base_basic_pipe",
    "detailer_pipe",
    "sdxl_tuple",
    "sdxl_pipe",
    "base_pipe",
    "optional_pipe",
    "context",
    "ctx",
    "base_ctx",
    "bus",
)
_UPSCALER = "upscaler"  # the sampler of a node that enlarges a picture in several steps
_PARTS = ("noise", "guider", "sampler", "sigmas", "base_sampler", "script", "settings", "options", _UPSCALER, *PIPES)
_SETTINGS_ONLY = re.compile(
    r"pre ?sampling|pre(mask)?detailerfix|provider|selector|config|combo|scheduler$|sigmas|^addnoise$|"
    r"image ?save|save ?image|saver|metadata",
    re.IGNORECASE,
)
_BUNDLES = re.compile(r"context|pipe|bus|loader|module|tuple", re.IGNORECASE)
_METHOD = re.compile(r"Sampler_?(?=[A-Z])(\w+)")
_METHODS = {
    "SamplerEulerAncestral": "euler_ancestral",
    "SamplerEulerAncestralCFGPP": "euler_ancestral_cfg_pp",
    "SamplerEulerCFGpp": "euler_cfg_pp",
    "SamplerDPMAdaptative": "dpm_adaptive",
    "SamplerSASolver": "sa_solver",
    "SamplerLCMUpscale": "lcm",
}
_OFF = (False, "disable", "disabled", "Disabled", "false", "False", "off")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one node that denoises, with the nodes that hold them.

    Attributes:
        graph: The graph of the picture.
        node: The node that denoises.
        parts: This node, then the nodes that it takes settings from, the nearest first.  A node that samples in several
            steps comes last, because its number of steps is another.
        earlier: Samplers that handed their result on together with their settings, in one pipe.
    """

    graph: Graph
    node: Node
    parts: tuple[Node, ...]
    earlier: tuple[Node, ...] = ()

    def number(self, *names: str) -> float | int | None:
        """Return the number of the first of these inputs that has one; None without one."""
        return number_of(self.graph, self.parts, *names)

    def word(self, *names: str) -> str:
        """Return the text of the first of these inputs that has one; "" without one."""
        return word_of(self.graph, self.parts, *names)

    def literal(self, *names: str) -> Json:
        """Return the first of these inputs that some part has, as it is written; None without one."""
        return next((part.inputs[name] for part in self.parts for name in names if name in part.inputs), None)

    def inlet(self, role: str) -> Json:
        """Return the link that really makes an input ("model", "positive", "vae"); None when there is none."""
        return self.graph.once(("inlet", self.node.key, role), lambda: self._inlet(role))

    def _inlet(self, role: str) -> Json:
        holders = (part for part in self.parts if self.graph.target(part.inputs.get(own_name(part, role))))
        links = (given(self.graph, part, role) for part in (self.node, *holders))
        return next((link for link in links if self.graph.target(link)), None)

    def written(self, role: str) -> Json:
        """Return the link of an input as it is written, or that of the pipe that holds it; None without both."""
        for name in (own_name(self.holder(role), role), *PIPES):
            value = next((part.inputs[name] for part in self.parts if self.graph.target(part.inputs.get(name))), None)
            if value is not None:
                return value
        return None

    def holder(self, role: str) -> Node:
        """Return the part that has the input of a role; the node itself when no part has it."""
        held = (part for part in self.parts if self.graph.target(part.inputs.get(own_name(part, role))))
        return next(held, self.node)

    @property
    def adds_noise(self) -> bool:
        """Whether noise is drawn at all; without it a seed means nothing."""
        source = self.noise_source
        return source.kind != "DisableNoise" and self.literal("add_noise") not in _OFF

    @property
    def noise_source(self) -> Node:
        """The node that draws the noise: one of its own, or the sampler."""
        link = next((part.inputs["noise"] for part in self.parts if "noise" in part.inputs), None)
        return self.graph.target(resolve(self.graph, link, "noise")) or self.node

    @property
    def seed(self) -> int | None:
        """The seed of the noise; None when no noise is drawn."""
        if not self.adds_noise:
            return None
        seed = loose.whole(number_of(self.graph, self.noise_source, *SEEDS))
        return loose.whole(self.number(*SEEDS)) if seed is None else seed

    @property
    def sampler(self) -> str:
        """The name of the sampler; that of a node that is a sampler of one kind, such as SamplerDPMPP_2M_SDE."""
        name = self.word("sampler_name")
        if name:
            return name
        literals = (loose.text(part.inputs.get("sampler")) for part in self.parts)
        named = (_METHODS.get(part.kind, found[1].lower()) for part in self.parts if (found := _method(part)))
        return next(filter(None, literals), "") or next(named, "")

    @property
    def scheduler(self) -> str:
        """The name of the schedule; the kind of the node when a node is a schedule of one kind."""
        kinds = (part.kind for part in self.parts if part.kind.endswith("Scheduler"))
        return self.word("scheduler", "scheduler_name") or next(kinds, "")


def settings_of(graph: Graph, node: Node) -> Settings:
    """Return the settings of a node that denoises.

    Args:
        graph: The graph of the picture.
        node: A sampler or a touch-up.
    """
    return graph.once(("settings", node.key), lambda: _settings(graph, node))


def _settings(graph: Graph, node: Node) -> Settings:
    parts: dict[str, Node] = {node.key: node}
    earlier: dict[str, Node] = {}
    queue = [node]
    for part in queue:  # grows while it is read, by at most MAX_PARTS nodes
        for target in _parts_of(graph, part):
            if target.key in parts or len(parts) >= MAX_PARTS:
                continue
            if is_sampler(target) or is_touch_up(target):
                earlier.setdefault(target.key, target)
                continue
            parts[target.key] = target
            queue.append(target)
    if _links(node, (_UPSCALER,)):
        parts[node.key] = parts.pop(node.key)
    return Settings(graph=graph, node=node, parts=tuple(parts.values()), earlier=tuple(earlier.values()))


def _parts_of(graph: Graph, node: Node) -> Iterator[Node]:
    for name in _PARTS:
        target = graph.target(node.inputs.get(name))
        if target is not None:
            yield target


def is_sampler(node: Node) -> bool:
    """Return True for a node that denoises latents, whoever wrote it."""
    is_named = "sampler" in node.kind.casefold()
    if _SETTINGS_ONLY.search(node.kind) or (_BUNDLES.search(node.kind) and not is_named):
        return False
    has_latent = _links(node, LATENTS)
    has_seed = _has(node, SEEDS) or _links(node, ("noise",))
    if has_latent:
        knows_how = _has(node, (*STEPS, "sampler_name")) or _links(node, ("sigmas", "sampler", "guider"))
        knows_how = knows_how or (is_named and _links(node, INPUTS["model"]))  # its schedule is fixed
        return (has_seed and knows_how) or _links(node, ("base_sampler",))
    if _links(node, PICTURES):
        return False
    if _links(node, PIPES) and is_named:
        return True
    knows_model = _links(
        node, (*INPUTS["model"], *INPUTS["positive"], "guider", "transformer", "pipeline", "text_embeds")
    )
    knows_schedule = (_has(node, STEPS) and _has(node, (*GUIDANCES, "sampler_name"))) or _links(node, ("sigmas",))
    return has_seed and knows_schedule and knows_model


def is_touch_up(node: Node) -> bool:
    """Return True for a node that denoises parts of a finished picture."""
    if _SETTINGS_ONLY.search(node.kind):
        return False
    if _links(node, (_UPSCALER,)):
        return _links(node, (*PICTURES, *LATENTS))
    if node.kind.casefold().endswith("detailerfix"):  # has all that it needs in its pipe
        return _links(node, PIPES)
    if _links(node, LATENTS):
        return False
    knows_schedule = _has(node, STEPS) and _has(node, (*DENOISES, *GUIDANCES))
    return _links(node, PICTURES) and _has(node, SEEDS) and knows_schedule


def _has(node: Node, names: Sequence[str]) -> bool:
    return not node.inputs.keys().isdisjoint(names)


def _links(node: Node, names: Sequence[str]) -> bool:
    return not node.linked.isdisjoint(names)


def _method(node: Node) -> re.Match[str] | None:
    """Return the name of the method in the kind of a node that is a sampler of one kind only."""
    return None if "latent_image" in node.inputs else _METHOD.fullmatch(node.kind)
