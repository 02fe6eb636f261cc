"""Easy Diffusion: one text for each field in a PNG; in a JPEG or WebP a JSON object or lines of text as `UserComment`.

Fields have the names of its interface ("Stable Diffusion model") or those of its requests
(`use_stable_diffusion_model`); numbers and lists are written as Python writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.objects import KEYWORDS, by_plain_name, named_files, objects_in
from latentpng.record import Json

MAX_LORAS = 64
MAX_LINES = 256
_MODEL = "use_stable_diffusion_model"
_MARKS = (_MODEL, "Stable Diffusion model")
_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "stable_diffusion_model": _MODEL,
        "vae_model": "use_vae_model",
        "sampler": "sampler_name",
        "scheduler": "scheduler_name",
        "steps": "num_inference_steps",
        "lora_model": "use_lora_model",
        "lora_strength": "lora_alpha",
        "hypernetwork_model": "use_hypernetwork_model",
        "embedding_models": "use_embeddings_model",
        "use_embedding_models": "use_embeddings_model",
        "controlnet_model": "use_controlnet_model",
        "controlnet_filter": "control_filter_to_apply",
        "text_encoder_model": "use_text_encoder_model",
        "seamless_tiling": "tiling",
        "use_upscaling": "use_upscale",
        "upscale_by": "upscale_amount",
    }
)
"""The names of the requests by those of the interface, as `by_plain_name` spells both."""
_USED = (
    "prompt",
    "negative_prompt",
    "seed",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "sampler_name",
    "scheduler_name",
    "use_lora_model",
    "lora_alpha",
    _MODEL,
)
_FIELDS = frozenset(
    {
        *_USED,
        *_LABELS.values(),
        "clip_skip",
        "control_alpha",
        "distilled_guidance_scale",
        "hypernetwork_strength",
        "latent_upscaler_steps",
        "prompt_strength",
        "use_face_correction",
    }
)
_ITEM = re.compile(r"'([^']{0,300})'|\"([^\"]{0,300})\"|([-+.0-9]{1,20})")
_UNSET = ("None", "none", "null", "False", "")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the fields; None when the model is not among them."""
    if any(mark in texts for mark in _MARKS):
        return _record_of(_fields(texts))
    for mark in _MARKS:
        for found in objects_in(texts, f'"{mark}"'):
            return _record_of(_fields(found))
    for keyword in KEYWORDS:
        text = texts.get(keyword, "")
        if f"{_MARKS[1]}:" in text:
            pairs = (line.partition(": ") for line in text.split("\n", MAX_LINES)[:MAX_LINES])
            return _record_of(_fields({name: value.strip() for name, _, value in pairs}))
    return None


def _fields(entries: Mapping[str, Json]) -> dict[str, Json]:
    """Return the tool's own fields under the names of its requests, without those that are not set."""
    named = {_LABELS.get(name, name): value for name, value in by_plain_name(entries).items()}
    return {name: value for name, value in named.items() if name in _FIELDS and str(value) not in _UNSET}


def _record_of(fields: dict[str, Json]) -> ForeignRecord:
    loras = named_files(_loras(fields))
    return ForeignRecord(
        tool="easydiffusion",
        prompt=loose.text(fields.get("prompt")),
        negative_prompt=loose.text(fields.get("negative_prompt")),
        seed=loose.seed(fields.get("seed")),
        width=loose.count(fields.get("width")),
        height=loose.count(fields.get("height")),
        num_inference_steps=loose.count(fields.get("num_inference_steps")),
        sampler=loose.text(fields.get("sampler_name")),
        scheduler=loose.text(fields.get("scheduler_name")),
        guidance_scale=loose.real(fields.get("guidance_scale")),
        model=loose.text(fields.get(_MODEL)),
        extra=(
            *loose.rest({"loras": loras, "generation_mode": "img2img" if "prompt_strength" in fields else ""}, ()),
            *loose.rest(fields, _USED),
        ),
    )


def _loras(fields: dict[str, Json]) -> Iterator[tuple[str, Json, str]]:
    """Yield the LoRA files: one or a list of them, with one strength for all or a list of strengths."""
    weights = [loose.real(weight) for weight in _listed(fields.get("lora_alpha"))]
    for at, name in enumerate(_listed(fields.get("use_lora_model"))):
        weight = weights[at] if at < len(weights) else weights[0] if len(weights) == 1 else None
        yield loose.text(name), weight, ""


def _listed(value: Json) -> list[Json]:
    """Return a list, also one that is written in a text as Python writes it; any other value is a list of one."""
    if isinstance(value, str) and value.startswith("["):
        return [match[1] or match[2] or match[3] for match in _ITEM.finditer(value)][:MAX_LORAS]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return [value]
    return list(loose.items(value)[:MAX_LORAS])
