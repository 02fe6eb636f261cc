"""List what was done to a picture besides one pass over empty latents: a kind each, its node, and its settings.

A picture under the noise and what guides the first pass come first, then the later passes in the order in which they
were run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain as chained
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.chain import Chain
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.guides import guides_of
from latentpng.foreign.tools.comfyui.latents import start_of
from latentpng.foreign.tools.comfyui.models import model_of
from latentpng.foreign.tools.comfyui.outputs import along
from latentpng.foreign.tools.comfyui.samplers import Settings, is_sampler, is_touch_up, settings_of
from latentpng.foreign.tools.comfyui.services import service_of
from latentpng.foreign.tools.comfyui.values import DENOISES, GUIDANCES, STEPS, number_of, word_of
from latentpng.record import Json

MAX_PASSES = 64
_MAX_NODES = 256  # nodes of one prompt
_FACTORS = ("upscale_by", "scale_by", "upscale_factor", "scale_factor", "rescale_factor", "factor", "scale")
_UPSCALE = re.compile(r"upscale|hires|supersampl|superresol|seedvr|supir|iterative")
_RESIZE = re.compile(r"image ?scale|image ?resize|resize ?image|latentscale")
_FACE = re.compile(r"reactor|facerestor|face ?restore|restoreface|gfpgan|codeformer|faceswap")
_REGIONS = ("mask_sampler", "regional_prompts", "additional_sampler")
_REFINERS = ("refiner_ckpt_name", "refiner_name")
_NO_FILE = ("", "none")


@dataclass(frozen=True, kw_only=True, slots=True)
class _First:
    """The first pass, which the later ones are compared with."""

    graph: Graph
    link: Json
    model: str
    sampler: str

    def differences(self, settings: Settings) -> dict[str, Json]:
        """Return the sampler and the model of a later pass where they are not those of the first."""
        link = settings.inlet("model")
        model = self.model if link == self.link else model_of(self.graph, link)
        found = {"sampler": settings.sampler, "model": model}
        return {name: value for name, value in found.items() if value != getattr(self, name)}


def passes_of(graph: Graph, chain: Chain) -> list[Json]:
    """Return what was done besides one pass from noise over empty latents.

    Args:
        graph: The graph of the picture.
        chain: The nodes that made the picture.

    Returns:
        An object for each, with `kind`, `node`, and what is known of steps, cfg, denoise, sampler, model and upscale.
    """
    settings = chain.settings
    link = settings.inlet("model")
    first = _First(graph=graph, link=link, model=model_of(graph, link), sampler=settings.sampler)
    later = (each for node in reversed(chain.after) for each in _later(first, node))
    found = chained(_beginning(chain), guides_of(graph, settings), _inside(graph, settings), later)
    return list(islice((_without_gaps(each) for each in found), MAX_PASSES))


def _beginning(chain: Chain) -> Iterator[dict[str, Json]]:
    """Yield the picture that lies under the first noise."""
    kind, node = start_of(chain.before) if is_sampler(chain.sampler) else ("", "")
    if kind:
        skipped = chain.settings.number("start_at_step") or None
        yield {"kind": kind, "node": node, "denoise": chain.settings.number(*DENOISES), "start_at_step": skipped}
    elif is_touch_up(chain.sampler):
        yield {"kind": _touch_up_kind(chain.sampler), **_told(chain.settings)}


def _inside(graph: Graph, settings: Settings) -> Iterator[dict[str, Json]]:
    """Yield passes that one node runs itself: hires scripts, the refiner of its loader, samplers for regions."""
    for part in settings.parts:
        if "hires_steps" in part.inputs or "highres" in part.kind.casefold():
            steps, denoise = number_of(graph, part, "hires_steps"), number_of(graph, part, *DENOISES)
            yield {"kind": "hires", "node": part.kind, "steps": steps, "denoise": denoise, **_scale(graph, part)}
        refiner = word_of(graph, part, *_REFINERS)
        is_used = number_of(graph, settings.node, "refine_at_step") != -1
        if refiner.casefold() not in _NO_FILE and is_used and number_of(graph, settings.node, "refiner_steps") != 0:
            yield {"kind": "refiner", "node": settings.node.kind, "model": refiner}
    regions = (graph.target(settings.node.inputs.get(name)) for name in _REGIONS)
    for region in (region for region in regions if region is not None):
        yield {"kind": "regions", **_told(settings_of(graph, region)), "node": settings.node.kind}


def _later(first: _First, node: Node) -> Iterator[dict[str, Json]]:
    """Yield what a node after the first pass does to the picture; nothing for a node that only passes it on."""
    graph, kind = first.graph, node.kind.casefold()
    service = service_of(node)
    if service:
        yield {"kind": "service", "node": node.kind, "service": service}
    elif is_sampler(node):
        yield from _sampled_again(first, settings_of(graph, node))
    elif is_touch_up(node):
        settings = settings_of(graph, node)
        yield {"kind": _touch_up_kind(node), **_told(settings), **first.differences(settings)}
    elif _upscales(graph, node):
        yield _upscaled(graph, node)
    elif "detailer" in kind:
        yield {"kind": "detailer", **_told(settings_of(graph, node))}
    elif _RESIZE.search(kind):
        yield {"kind": "resize", "node": node.kind, **_scale(graph, node)}
    elif _FACE.search(kind):
        yield {"kind": "face restoration", "node": node.kind}


def _sampled_again(first: _First, settings: Settings) -> Iterator[dict[str, Json]]:
    """Yield a later sampler: of a second stage, with another model, or over the result of the first."""
    differences = first.differences(settings)
    prompts = islice(along(first.graph, settings.inlet("positive"), "positive"), _MAX_NODES)
    if any("stage_c" in node.inputs for node in prompts):
        kind = "decoder"
    elif first.model and differences.get("model"):
        kind = "refiner"
    else:
        kind = "hires" if settings.adds_noise else "sampler"
    yield from (
        _upscaled(first.graph, part)
        for part in settings.parts
        if part is not settings.node and _upscales(first.graph, part)
    )
    yield {"kind": kind, **_told(settings), **differences}
    yield from _inside(first.graph, settings)


def _upscales(graph: Graph, node: Node) -> bool:
    is_upscaler = _UPSCALE.search(node.kind.casefold()) is not None and "hires_steps" not in node.inputs
    return is_upscaler or graph.target(node.inputs.get("upscale_model")) is not None


def _upscaled(graph: Graph, node: Node) -> dict[str, Json]:
    """Return what a node does that enlarges a picture."""
    return {"kind": "upscale", **_told(settings_of(graph, node))}


def _touch_up_kind(node: Node) -> str:
    return "upscale" if "upscale" in node.kind.casefold() else "detailer"


def _told(settings: Settings) -> dict[str, Json]:
    """Return the settings of a pass."""
    return {
        "node": settings.node.kind,
        "steps": settings.number(*STEPS),
        "cfg": settings.number(*GUIDANCES),
        "denoise": settings.number(*DENOISES),
        **_scale(settings.graph, settings.node),
    }


def _scale(graph: Graph, node: Node) -> dict[str, Json]:
    """Return how much larger a node makes a picture, by a factor or a size, and the model that enlarges it."""
    loader = graph.target(node.inputs.get("upscale_model"))
    holders = (node,) if loader is None else (loader, node)
    found: dict[str, Json] = {
        "factor": loose.real(number_of(graph, node, *_FACTORS)),
        "upscale_model": word_of(
            graph, holders, "upscale_model", "pixel_upscaler", *(("model_name",) if loader else ())
        ),
    }
    if found["factor"] is None and not is_touch_up(node) and not is_sampler(node):
        found |= {name: loose.count(number_of(graph, node, name)) or None for name in ("width", "height")}
    return found


def _without_gaps(entry: Mapping[str, Json]) -> Json:
    return {name: value for name, value in entry.items() if value not in (None, "", [], {})}
