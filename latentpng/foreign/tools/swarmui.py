"""SwarmUI: a JSON object with `sui_image_params`, as `parameters` of a PNG or in the EXIF of a JPEG or WebP.

Older versions wrote sampler and scheduler under the names of the ComfyUI back end.
"""

from __future__ import annotations

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import Json, JsonObject

_KEYWORDS = ("parameters", "UserComment", "Model", "Make", "ImageDescription", "Comment")
_MARK = "sui_image_params"
_FURTHER = "sui_extra_data"  # dates and durations, the prompt before its wildcards were filled in
_USED = (
    "cfgscale",
    "comfyuisampler",
    "comfyuischeduler",
    "height",
    "model",
    "negativeprompt",
    "prompt",
    "sampler",
    "scheduler",
    "seed",
    "steps",
    "swarm_version",
    "variationseed",
    "variationseedstrength",
    "width",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first text with this object; None when there is none."""
    for keyword in _KEYWORDS:
        text = texts.get(keyword, "")
        entries = read_object(text) if _MARK in text else {}
        if isinstance(entries.get(_MARK), dict):
            return _record_of(loose.members(entries[_MARK]), entries)
    return None


def _record_of(settings: JsonObject, entries: JsonObject) -> ForeignRecord:
    return ForeignRecord(
        tool="swarmui",
        version=loose.text(settings.get("swarm_version")),
        prompt=loose.text(settings.get("prompt")),
        negative_prompt=loose.text(settings.get("negativeprompt")),
        seed=loose.whole(settings.get("seed")),
        variation_seed=loose.whole(settings.get("variationseed")),
        variation_strength=loose.real(settings.get("variationseedstrength")) or 0.0,
        width=loose.count(settings.get("width")),
        height=loose.count(settings.get("height")),
        num_inference_steps=loose.count(settings.get("steps")),
        sampler=loose.text(settings.get("sampler")) or loose.text(settings.get("comfyuisampler")),
        scheduler=loose.text(settings.get("scheduler")) or loose.text(settings.get("comfyuischeduler")),
        guidance_scale=loose.real(settings.get("cfgscale")),
        model=loose.text(settings.get("model")),
        model_hash=_model_hash(entries.get("sui_models")),
        randomness="cpu",
        extra=(*loose.rest(settings, _USED), *loose.rest(loose.members(entries.get(_FURTHER)), settings)),
    )


def _model_hash(models: Json) -> str:
    for model in map(loose.members, loose.items(models)):
        if model.get("param") == "model":
            return loose.text(model.get("hash"))
    return ""
