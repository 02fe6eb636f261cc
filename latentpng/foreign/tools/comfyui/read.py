"""ComfyUI: read the initial noise and the settings of a picture from its graph of nodes.

ComfyUI draws the noise of a whole batch at once, on the CPU. Custom nodes are understood by the names of their inputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.chain import SEEDS, SIZES, Chain, chains_of, is_sampler
from latentpng.foreign.tools.comfyui.finish import finished
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.loras import loras_of
from latentpng.foreign.tools.comfyui.prompt import prompt_of
from latentpng.foreign.tools.comfyui.sources import source_of
from latentpng.record import Json

_MODEL_NAMES = ("ckpt_name", "unet_name", "model_name", "gguf_name", "model_path", "base_ckpt_name")
_VARIATION_SEEDS = ("var_seed", "variation_seed")
_VARIATION_STRENGTHS = ("var_seed_strength", "variation_strength")
_USED = frozenset({"cfg", "sampler_name", "scheduler", "steps", *_VARIATION_SEEDS, *_VARIATION_STRENGTHS})


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the API's graph, else of the editor's graph (`workflow`); None without a graph."""
    source = source_of(texts)
    return None if source is None else finished(source, _read_graph)


def _read_graph(graph: Graph) -> ForeignRecord:
    chains = chains_of(graph)
    return _record_of(graph, chains) if chains else ForeignRecord(tool="comfyui")


def _record_of(graph: Graph, chains: list[Chain]) -> ForeignRecord:
    chain = chains[0]
    sampler = chain.sampler
    guider = graph.target(sampler.inputs.get("guider")) or sampler
    method = graph.target(sampler.inputs.get("sampler")) or sampler
    seed = _seed(graph, sampler)
    width, height = _drawn_size(graph, chain.latent)
    batch = loose.count(graph.number(chain.latent, "batch_size"))
    return ForeignRecord(
        tool="comfyui",
        prompt=prompt_of(graph, _positive(guider), "positive"),
        negative_prompt=prompt_of(graph, guider.inputs.get("negative"), "negative"),
        seed=seed,
        variation_seed=loose.whole(graph.number(sampler, *_VARIATION_SEEDS)),
        variation_strength=loose.real(graph.number(sampler, *_VARIATION_STRENGTHS)) or 0.0,
        width=width,
        height=height,
        num_inference_steps=loose.count(_steps(graph, sampler)),
        sampler=next(graph.names([method], "sampler_name"), ""),
        scheduler=_scheduler(graph, sampler),
        guidance_scale=loose.real(graph.number(guider, "cfg")),
        model=next(graph.names(graph.along(guider, "model", "unet", "pipe"), *_MODEL_NAMES), ""),
        randomness=_randomness(sampler),
        batch_index=_batch_index(graph, chain, batch),
        extra=(
            *_extra(graph, chain, guider, batch),
            *loose.rest({"samplers": len(chains) if len(chains) > 1 else None}, ()),
            *loose.rest(_literals(sampler), _USED if seed is None else _USED.union(SEEDS)),
        ),
    )


def _extra(graph: Graph, chain: Chain, guider: Node, batch: int) -> tuple[tuple[str, Json], ...]:
    """Return the kinds of nodes and other facts that noise may depend on, such as the kind of the latent."""
    conditioning = graph.along(graph.target(_positive(guider)), "conditioning", "positive")
    distilled = (graph.number(node, "guidance") for node in conditioning if node.kind == "FluxGuidance")
    loras = loras_of(graph, guider)
    entries: dict[str, Json] = {
        "sampler_node": chain.sampler.kind,
        "latent_node": chain.latent.kind,
        "batch_size": batch or None,
        "loras": [name for name, _ in loras],
        "lora_weights": [weight for _, weight in loras],
        "stop_at_clip_layer": _clip_layer(graph, guider),
        "vae": _vae(graph, chain),
        "passes": [_later_pass(graph, node) for node in chain.after if is_sampler(node) or "Detailer" in node.kind],
        "flux_guidance": next(distilled, None),
    }
    return loose.rest(entries, ())


def _clip_layer(graph: Graph, guider: Node) -> Json:
    """Return the layer of the text encoder that CLIPSetLastLayer chooses, counted with a minus; None without it."""
    encoders = graph.along(graph.target(_positive(guider)), "clip", "conditioning", "positive")
    layers = (loose.whole(graph.number(node, "stop_at_clip_layer")) for node in encoders)
    return next((layer for layer in layers if layer is not None), None)


def _vae(graph: Graph, chain: Chain) -> str:
    """Return the name of a VAE that was loaded from a file of its own."""
    decoders = (graph.target(node.inputs.get("vae")) for node in reversed(chain.after))
    return next(graph.names([node for node in decoders if node is not None], "vae_name"), "")


def _later_pass(graph: Graph, node: Node) -> Json:
    """Return what a sampler or detailer does after the first sampler."""
    told = {name: graph.number(node, name) for name in ("steps", "cfg", "denoise")}
    kind = "hires" if is_sampler(node) else "detailer"
    return {"kind": kind, "node": node.kind, **{name: value for name, value in told.items() if value is not None}}


def _positive(guider: Node) -> Json:
    return guider.inputs.get("positive", guider.inputs.get("conditioning"))


def _seed(graph: Graph, sampler: Node) -> int | None:
    """Return the seed of the initial noise; None when the sampler adds no noise, so that its seed means nothing."""
    source = graph.target(sampler.inputs.get("noise")) or sampler
    if source.kind == "DisableNoise" or sampler.inputs.get("add_noise") in ("disable", False):
        return None
    return loose.whole(graph.number(source, *SEEDS))


def _randomness(sampler: Node) -> str:
    """Return where a sampler draws; only those of the Inspire pack can be set to draw on the GPU."""
    return "gpu" if loose.text(sampler.inputs.get("noise_mode")).startswith("GPU") else "cpu"


def _drawn_size(graph: Graph, latent: Node) -> tuple[int, int]:
    for names in SIZES:
        width, height = (loose.count(graph.number(latent, name)) for name in names)
        if width and height:
            return width, height
    return 0, 0


def _batch_index(graph: Graph, chain: Chain, batch: int) -> int | None:
    """Return the index of a picture that is alone in its batch or was taken out of it; None when it is unknown."""
    for node in (*chain.after, *chain.before):
        if node.kind == "LatentFromBatch" and graph.number(node, "length") == 1:
            index = loose.whole(graph.number(node, "batch_index"))
            return index if index is not None and index >= 0 else None
    return 0 if batch == 1 else None


def _scheduling(graph: Graph, sampler: Node) -> Iterator[Node]:
    """Yield the nodes that may contain the number of steps and the schedule."""
    yield sampler
    yield from graph.along(graph.target(sampler.inputs.get("sigmas")), "sigmas")


def _steps(graph: Graph, sampler: Node) -> Json:
    numbers = (graph.number(node, "steps") for node in _scheduling(graph, sampler))
    return next((number for number in numbers if number is not None), None)


def _scheduler(graph: Graph, sampler: Node) -> str:
    """Return the name of the scheduler, or the kind of the node that is a scheduler."""
    nodes = list(_scheduling(graph, sampler))
    kinds = (node.kind for node in nodes if node.kind.endswith("Scheduler"))
    return next(graph.names(nodes, "scheduler"), "") or next(kinds, "")


def _literals(node: Node) -> dict[str, Json]:
    """Return the literal inputs of a node, without its links."""
    return {name: value for name, value in node.inputs.items() if not loose.items(value)}
