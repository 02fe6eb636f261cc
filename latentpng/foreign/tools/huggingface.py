"""Spaces of Hugging Face that run diffusers: a JSON object with the arguments of a pipeline as `parameters`.

The space of Animagine XL was copied many times; it writes the size as one text and the model as a name or an object.
"""

from __future__ import annotations

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.objects import by_plain_name, objects_in
from latentpng.record import Json

_MARK = '"prompt"'
_NEEDED = frozenset({"prompt", "seed"})
_ARGUMENTS = frozenset({"guidance_scale", "num_inference_steps"})
_OTHERS = frozenset({*_ARGUMENTS, "height", "model", "resolution", "sampler", "scheduler", "width"})
_MIN_OTHERS = 2
_USED = (
    "guidance_scale",
    "height",
    "model",
    "model_hash",
    "negative_prompt",
    "num_inference_steps",
    "prompt",
    "resolution",
    "sampler",
    "scheduler",
    "seed",
    "use_upscaler",
    "width",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first object with the arguments of a pipeline; None when there is none."""
    for found in objects_in(texts, _MARK):
        entries = by_plain_name(found)
        is_enough = len(_OTHERS & entries.keys()) >= _MIN_OTHERS
        if entries.keys() >= _NEEDED and _ARGUMENTS & entries.keys() and is_enough:
            return _record_of(entries)
    return None


def _record_of(entries: dict[str, Json]) -> ForeignRecord:
    width, height = loose.size(entries.get("resolution"))
    model = by_plain_name(loose.members(entries.get("model")))
    name, digest = model.get("model", model.get("name", entries.get("model"))), model.get("model_hash")
    return ForeignRecord(
        tool="huggingface",
        prompt=loose.text(entries.get("prompt")),
        negative_prompt=loose.text(entries.get("negative_prompt")),
        seed=loose.seed(entries.get("seed")),
        width=width or loose.count(entries.get("width")),
        height=height or loose.count(entries.get("height")),
        num_inference_steps=loose.count(entries.get("num_inference_steps")),
        sampler=loose.text(entries.get("sampler")),
        scheduler=loose.text(entries.get("scheduler")),
        guidance_scale=loose.real(entries.get("guidance_scale")),
        model=loose.text(name),
        model_hash=loose.text(digest) or loose.text(entries.get("model_hash")),
        extra=(*loose.rest({"passes": _second_pass(entries.get("use_upscaler"))}, ()), *loose.rest(entries, _USED)),
    )


def _second_pass(value: Json) -> list[Json]:
    """Return the pass of the space's upscaler, which renders the enlarged picture again."""
    upscaler = loose.members(value)
    told: dict[str, Json] = {
        "steps": upscaler.get("upscale_steps"),
        "denoise": upscaler.get("upscaler_strength"),
        "upscale": upscaler.get("upscale_by"),
        "method": upscaler.get("upscale_method"),
        "size": upscaler.get("new_resolution"),
    }
    return [{"kind": "hires", **{name: said for name, said in told.items() if said is not None}}] if upscaler else []
