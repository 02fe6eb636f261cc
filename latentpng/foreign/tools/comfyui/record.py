"""Make the record of a picture out of its graph of ComfyUI.

Custom nodes are understood by the names of their inputs.
"""

from __future__ import annotations

from itertools import islice

from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.chain import Chain, chains_of
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.latents import channels_of, start_of
from latentpng.foreign.tools.comfyui.loras import loras_of
from latentpng.foreign.tools.comfyui.models import clip_layer_of, merges_of, model_of, vae_of
from latentpng.foreign.tools.comfyui.noise import randomness_of, repeats, unknown_noise_of
from latentpng.foreign.tools.comfyui.outputs import along
from latentpng.foreign.tools.comfyui.passes import passes_of
from latentpng.foreign.tools.comfyui.prompt import prompts_of
from latentpng.foreign.tools.comfyui.samplers import Settings, is_sampler
from latentpng.foreign.tools.comfyui.services import asked_model, asked_prompt, service_of
from latentpng.foreign.tools.comfyui.sizes import enlarged, size_of
from latentpng.foreign.tools.comfyui.values import DENOISES, GUIDANCES, SEEDS, STEPS, number_of
from latentpng.record import Json

_EMBEDDINGS = ("text_embeds", "hyvid_embeds", "kolors_embeds", "embeds")  # with both sides of the prompt in them
_VARIATION_SEEDS = ("var_seed", "variation_seed")
_VARIATION_STRENGTHS = ("var_seed_strength", "variation_strength")
MAX_PROMPT_NODES = 256  # nodes of one prompt
_ASKED = frozenset({"prompt", "text", "negative_prompt", "model", "width", "height"})
_USED = frozenset({"cfg", "sampler_name", "scheduler", "steps", *_VARIATION_SEEDS, *_VARIATION_STRENGTHS})


def record_of(graph: Graph) -> ForeignRecord:
    """Return the record of the picture that a graph made; only the tool when nothing in it draws noise.

    Args:
        graph: The graph of the picture.
    """
    chains = chains_of(graph)
    if not chains:
        return ForeignRecord(tool="comfyui")
    if service_of(chains[0].sampler):
        return _asked(graph, chains[0])
    return _sampled(graph, chains[0], len(chains))


def seed_of(graph: Graph) -> int | None:
    """Return the seed of the record that `record_of` returns, without the rest of it.

    Args:
        graph: The graph of the picture.
    """
    chains = chains_of(graph)
    if chains and service_of(chains[0].sampler):
        return _asked_seed(graph, chains[0].sampler)
    return chains[0].settings.seed if chains else None


def _asked_seed(graph: Graph, node: Node) -> int | None:
    return loose.whole(number_of(graph, node, *SEEDS))


def _sampled(graph: Graph, chain: Chain, samplers: int) -> ForeignRecord:
    """Return the record of a picture that nodes on this machine denoised."""
    settings, sampler = chain.settings, chain.sampler
    seed = settings.seed
    width, height = _size(graph, chain) if is_sampler(sampler) else (0, 0)
    batch = loose.count(number_of(graph, chain.latent, "batch_size"))
    prompt, negative_prompt = prompts_of(graph, *_conditionings(settings))
    return ForeignRecord(
        tool="comfyui",
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        variation_seed=loose.whole(settings.number(*_VARIATION_SEEDS)),
        variation_strength=loose.real(settings.number(*_VARIATION_STRENGTHS)) or 0.0,
        width=width,
        height=height,
        num_inference_steps=loose.count(settings.number(*STEPS)),
        sampler=settings.sampler,
        scheduler=settings.scheduler,
        guidance_scale=loose.real(settings.number(*GUIDANCES)),
        model=model_of(graph, settings.inlet("model")),
        randomness=randomness_of(chain),
        batch_index=_batch_index(graph, chain, batch),
        channels=channels_of(chain.latent, graph),
        unknown_noise=unknown_noise_of(graph, chain),
        extra=(
            *_extra(graph, chain, batch),
            *loose.rest({"samplers": samplers if samplers > 1 else None}, ()),
            *loose.rest(_literals(sampler), _USED if seed is None else _USED.union(SEEDS)),
        ),
    )


def _size(graph: Graph, chain: Chain) -> tuple[int, int]:
    """Return the size of the latents that a sampler started from."""
    between = chain.before[: chain.before.index(chain.latent)] if chain.latent in chain.before else ()
    return enlarged(graph, size_of(graph, chain.latent), reversed(between))


def _conditionings(settings: Settings) -> tuple[Json, Json, Json]:
    """Return the inputs that hold the positive conditioning, the negative one, and what may be one too."""
    both = next((link for name in _EMBEDDINGS if (link := settings.written(name)) is not None), None)
    positive, negative, second = (settings.written(name) for name in ("positive", "negative", "cond2"))
    if positive is None and negative is None:  # a sampler that encodes texts itself
        positive, negative = (loose.text(settings.literal(name)) or None for name in ("positive", "negative"))
    return positive or both, negative or both, second


def _asked(graph: Graph, chain: Chain) -> ForeignRecord:
    """Return the record of a picture that came from a service."""
    node = chain.sampler
    prompt, negative = asked_prompt(graph, node)
    width, height = size_of(graph, node)
    entries = {"service_node": node.kind, "passes": passes_of(graph, chain)}
    return ForeignRecord(
        tool="comfyui",
        prompt=prompt,
        negative_prompt=negative,
        seed=_asked_seed(graph, node),
        width=width,
        height=height,
        num_inference_steps=loose.count(number_of(graph, node, *STEPS)),
        guidance_scale=loose.real(number_of(graph, node, *GUIDANCES, "guidance")),
        model=asked_model(graph, node),
        made_by=service_of(node),
        unknown_noise=unknown_noise_of(graph, chain),
        extra=(*loose.rest(entries, ()), *loose.rest(_literals(node), {*_ASKED, *SEEDS, *STEPS})),
    )


def _extra(graph: Graph, chain: Chain, batch: int) -> tuple[tuple[str, Json], ...]:
    """Return the kinds of nodes and other facts that noise may depend on, such as the kind of the latent."""
    settings = chain.settings
    model = settings.inlet("model")
    prompts = along(graph, settings.inlet("positive"), "positive")
    distilled = (number_of(graph, node, "guidance") for node in islice(prompts, MAX_PROMPT_NODES))
    loras = loras_of(graph, settings.holder("model"))
    entries: dict[str, Json] = {
        "sampler_node": chain.sampler.kind,
        "latent_node": chain.latent.kind,
        "batch_size": batch or None,
        "loras": [name for name, _ in loras],
        "lora_weights": [weight for _, weight in loras],
        "merged_models": merges_of(graph, model),
        "stop_at_clip_layer": clip_layer_of(graph, settings),
        "vae": vae_of(graph, settings, reversed(chain.after)),
        "passes": passes_of(graph, chain),
        "flux_guidance": next((number for number in distilled if number is not None), None),
        "denoise": _denoise(chain),
    }
    return loose.rest(entries, ())


def _denoise(chain: Chain) -> Json:
    """Return the share of the noise that was drawn, where another node than the sampler says it and it is not all."""
    share = loose.real(chain.settings.number(*DENOISES))
    is_written = any(name in chain.sampler.inputs for name in DENOISES)
    is_all = share == 1 and not any(start_of(chain.before))
    return None if is_written or is_all else share


def _batch_index(graph: Graph, chain: Chain, batch: int) -> int | None:
    """Return the index of a picture that is alone in its batch or was taken out of it; None when it is unknown."""
    for node in (*chain.after, *chain.before):
        if node.kind == "LatentFromBatch" and number_of(graph, node, "length") == 1:
            index = loose.whole(number_of(graph, node, "batch_index"))
            return index if index is not None and index >= 0 else None
    return 0 if batch == 1 and not repeats(graph, chain) else None


def _literals(node: Node) -> dict[str, Json]:
    """Return the literal inputs of a node, without its links."""
    return {name: value for name, value in node.inputs.items() if not loose.items(value)}
