"""Guess the names of a node's widgets from their values and from the node's inputs and outputs.

Only what is likely gets a name: a number that is followed by what happens to it is a seed; a file is what the node puts
out; the numbers of a sampler are steps and guidance; the numbers of a node that makes latents are a size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui.editor import EditorNode
from latentpng.json_fields import is_integer, is_number
from latentpng.record import Json

_FILE = re.compile(r"\.(safetensors|sft|ckpt|pt|pth|gguf|bin)$", re.IGNORECASE)
_TEXT_KIND = re.compile(r"text|string|prompt|positive|negative|wildcard", re.IGNORECASE)
_SERVICE = re.compile(
    r"OpenAI|Luma|Ideogram|FluxPro|FluxKontextPro|FluxKontextMax|Recraft|Stability|Runway|Kling|Gemini|Google|Veo|"
    r"ByteDance|Minimax|Pika|Moonvalley|Vidu|Seedream|Grok|Reve",
)
_SAMPLER = re.compile(
    r"euler|heun|dpm_|dpmpp_|dpm2|lms|ddim|ddpm|uni_pc|lcm|ipndm|deis|res_|er_sde|gradient_estimation|sa_solver|seeds_"
)
_SCHEDULERS = frozenset(
    {
        "normal",
        "karras",
        "exponential",
        "sgm_uniform",
        "simple",
        "ddim_uniform",
        "beta",
        "linear_quadratic",
        "kl_optimal",
    }
)
_FILES = (
    ("MODEL", "CLIP", "ckpt_name"),
    ("MODEL", "", "unet_name"),
    ("VAE", "", "vae_name"),
    ("CLIP", "", "clip_name"),
)
_MAX_STEPS, _MIN_SIDE = 1000, 16


def guessed(node: EditorNode, values: Sequence[Json], plain: list[int]) -> dict[str, int]:
    """Return the positions of the values whose names are likely, by name.

    Args:
        node: The node.
        values: The values of its widgets.
        plain: The positions of those that have a name.
    """
    found: dict[str, int] = {}
    for name, at in _named(node, values, plain):
        found.setdefault(name, at)
    return found


def _named(node: EditorNode, values: Sequence[Json], plain: list[int]) -> Iterator[tuple[str, int]]:
    have_names = frozenset(plain)
    followed = (at for at in plain if at + 1 < len(values) and at + 1 not in have_names)
    seed = next((at for at in followed if is_integer(values[at])), None)
    if seed is not None:
        yield "seed", seed
    yield from _of_numbers(node, values, [at for at in plain if at != seed and is_number(values[at])], seed)
    yield from _of_texts(node, {at: loose.text(values[at]) for at in plain if loose.text(values[at])})


def _of_numbers(
    node: EditorNode, values: Sequence[Json], numbers: list[int], seed: int | None
) -> Iterator[tuple[str, int]]:
    inputs = {slot.kind for slot in node.slots}
    if "LATENT" in inputs and "MODEL" in inputs:
        yield from _of_sampler(values, numbers, seed)
    elif "LATENT" in node.outputs and "LATENT" not in inputs:
        sizes = _sizes(values, numbers)
        names = ("width", "height", "batch_size") if len(sizes) < 4 else ("width", "height", "length", "batch_size")
        yield from zip(names, sizes, strict=False)
    elif {"MODEL"} & inputs & set(node.outputs):
        yield from (("strength_model", at) for at in numbers[:1])
    elif len(numbers) == 1 and {"INT", "FLOAT"} & set(node.outputs):
        yield "value", numbers[0]


def _of_texts(node: EditorNode, texts: dict[int, str]) -> Iterator[tuple[str, int]]:
    for at, text in texts.items():
        if name := _name_of_text(node, text):
            yield name, at
    if _SERVICE.match(node.kind) and texts:
        yield "prompt", next((at for at, text in texts.items() if " " in text), min(texts))
    long = [at for at, text in texts.items() if not _FILE.search(text)]
    if long and _gives_text(node):
        longest = max(long, key=lambda at: len(texts[at]))
        is_only = "CONDITIONING" in node.outputs and len(long) == 1
        if is_only or _TEXT_KIND.search(node.kind) or " " in texts[longest]:
            yield "text", longest


def _gives_text(node: EditorNode) -> bool:
    """Return True for a node that encodes a text, or puts one out."""
    encodes = "CONDITIONING" in node.outputs and not any(slot.kind == "CONDITIONING" for slot in node.slots)
    return encodes or "STRING" in node.outputs


def _name_of_text(node: EditorNode, text: str) -> str:
    """Return the name of a widget with this text; "" when it may be anything."""
    if not _FILE.search(text):
        return "sampler_name" if _SAMPLER.match(text) else "scheduler" if text in _SCHEDULERS else ""
    if any(slot.kind == "MODEL" for slot in node.slots):
        return "lora_name"
    names = (name for kind, other, name in _FILES if {kind, other or kind} <= set(node.outputs))
    return next(names, "")


def _of_sampler(values: Sequence[Json], numbers: list[int], seed: int | None) -> Iterator[tuple[str, int]]:
    """Yield steps, guidance and denoising strength, which stand in this order behind the seed."""
    behind = [at for at in numbers if seed is None or at > seed]
    if behind and is_integer(values[behind[0]]) and 0 < (loose.real(values[behind[0]]) or 0) <= _MAX_STEPS:
        yield from zip(("steps", "cfg", "denoise"), behind, strict=False)


def _sizes(values: Sequence[Json], numbers: list[int]) -> list[int]:
    whole = [at for at in numbers if is_integer(values[at])]
    return whole if all((loose.real(values[at]) or 0) >= _MIN_SIDE for at in whole[:2]) else []
