"""Say what is known about the generator of the initial noise, and why the noise cannot be rebuilt where it cannot.

ComfyUI draws a plain Gaussian on the CPU.  Samplers, nodes of noise and latents of other authors may draw otherwise.
"""

from __future__ import annotations

import re
from itertools import islice

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.chain import Chain
from latentpng.foreign.tools.comfyui.graph import Graph, Node
from latentpng.foreign.tools.comfyui.latents import other_than_picture
from latentpng.foreign.tools.comfyui.layouts import pipes_of
from latentpng.foreign.tools.comfyui.outputs import along
from latentpng.foreign.tools.comfyui.samplers import LATENTS, Settings, is_sampler
from latentpng.foreign.tools.comfyui.services import service_of
from latentpng.foreign.tools.comfyui.values import number_of, word_of

_MAX_KIND = 80  # characters of a node's kind in a message
_OWN_SAMPLERS = re.compile(
    r"clownshar|clown_?sampler(?!selector)|sharksampler|res4lyf|ultracascade|perlin|sonar|bleh|legacy_.*sampler|xlabs|noise.?inject"
)
_VIDEO_SAMPLERS = re.compile(r"video|wan|hyvid|ltx|mochi|cogvideo|framepack|animatediff|svd")
_PLAIN_NOISE = re.compile(r"random ?noise|basic ?noise|disablenoise")
_OTHER_NOISE = re.compile(r"noise|noisy|perlin|plasma")
_MASKS = re.compile(r"noise ?_?mask|denoise|removenoise")
_PLAIN_TYPES = ("", "default", "gaussian", "normal", "none", "disabled")
_TYPES = ("noise_type_init", "noise_type", "noise_algorithm", "initial_noise_type")
_GPU = re.compile(r"gpu|cuda", re.IGNORECASE)
_SOURCES = ("noise_mode", "rng_source", "RNG", "rng", "noise_source", "add_noise")
_LIKE_WEB_UI = "a1111_prompt_style"  # Easy-Use draws on the GPU then
_MAX_MODELS = 64  # nodes between a sampler and its model


def unknown_noise_of(graph: Graph, chain: Chain) -> str:
    """Return why the initial noise cannot be rebuilt from the seed, as a clause; "" when nothing prevents it.

    Args:
        graph: The graph of the picture.
        chain: The nodes that made the picture.
    """
    sampler, settings = chain.sampler, chain.settings
    kind = _brief(sampler)
    service = service_of(sampler)
    if service:
        return f"{service} drew the noise, and how it does that is not published"
    if (settings.seed or 0) < 0:
        return f"the seed {settings.seed} stands for a random one, which the file does not name"
    if not is_sampler(sampler):
        return f"{kind} draws noise over parts of a finished picture"
    if _OWN_SAMPLERS.search(sampler.kind.casefold()):
        return f"{kind} draws noise of its own"
    if _VIDEO_SAMPLERS.search(sampler.kind.casefold()):
        return f"{kind} draws the noise of a video"
    if not _is_given_latents(graph, settings):
        return f"{kind} makes its latents itself, and how it draws noise over them is not known"
    if settings.adds_noise and not _is_plain(settings.noise_source, sampler):
        return f"its noise comes from {_brief(settings.noise_source)}, which draws noise of its own"
    chosen = word_of(graph, (sampler, settings.noise_source), *_TYPES)
    if chosen.casefold() not in _PLAIN_TYPES:
        return f"{kind} draws noise of the kind {chosen[:_MAX_KIND]}"
    mixing = next((part for part in settings.parts if _mixes_noise(part)), None)
    if mixing is not None:
        return f"{_brief(mixing)} mixes the noise of a second seed in"
    added = next((node for node in chain.before if _adds_noise(node)), None)
    if added is not None:
        return f"{_brief(added)} adds noise to the latents before sampling"
    return other_than_picture(graph, (*chain.before, *settings.parts))


def randomness_of(chain: Chain) -> str:
    """Return where a sampler draws: "gpu" and "nv" only where a node is set to it, otherwise "cpu"."""
    settings = chain.settings
    models = islice(along(settings.graph, settings.written("model"), "model"), _MAX_MODELS)
    for part in (*settings.parts, *models):
        text = next((text for name in _SOURCES if (text := loose.text(part.inputs.get(name)))), "")
        if text.casefold().startswith("nv"):
            return "nv"
        if _GPU.search(text) or part.inputs.get(_LIKE_WEB_UI) is True:
            return "gpu"
    return "cpu"


def repeats(graph: Graph, chain: Chain) -> bool:
    """Return True when a node made a batch out of the latents, so that the index of the picture is not known."""
    return any(
        node.kind == "RepeatLatentBatch" and loose.count(number_of(graph, node, "amount")) > 1 for node in chain.before
    )


def _is_plain(source: Node, sampler: Node) -> bool:
    """Return True for noise that the sampler draws itself, or for a node that only holds the seed."""
    return source is sampler or _PLAIN_NOISE.match(source.kind.casefold()) is not None


def _adds_noise(node: Node) -> bool:
    """Return True for a node that makes noise of latents or mixes some in, which masks of noise do not."""
    kind = node.kind.casefold()
    return _OTHER_NOISE.search(kind) is not None and not _MASKS.search(kind)


def _is_given_latents(graph: Graph, settings: Settings) -> bool:
    """Return False for a node that runs a pipeline of its own: without latents, and without a sampler of ComfyUI."""
    has_latents = settings.sampler != "" or any(name in part.inputs for part in settings.parts for name in LATENTS)
    return has_latents or any(pipes_of(graph, part) for part in settings.parts)


def _mixes_noise(part: Node) -> bool:
    """Return True for a node of settings that makes the sampler mix two draws of noise."""
    is_noise_in = "noisein" in part.kind.casefold()
    return is_noise_in or part.inputs.get("add_seed_noise") is True


def _brief(node: Node) -> str:
    return node.kind[:_MAX_KIND]
