"""mflux, which runs Flux on Macs: a JSON object with `mflux_version` as `UserComment`."""

from __future__ import annotations

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.objects import named_files, objects_in
from latentpng.record import JsonObject

MAX_LORAS = 64
_MARK = "mflux_version"
_USED = (
    _MARK,
    "guidance",
    "height",
    "lora_paths",
    "lora_scales",
    "model",
    "negative_prompt",
    "prompt",
    "scheduler",
    "seed",
    "steps",
    "width",
)
_PICTURES = ("image_path", "image_paths", "masked_image_path")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first object of mflux; None when there is none."""
    for entries in objects_in(texts, _MARK):
        if _MARK in entries:
            return _record_of(entries)
    return None


def _record_of(entries: JsonObject) -> ForeignRecord:
    scales = loose.items(entries.get("lora_scales"))
    paths = loose.items(entries.get("lora_paths"))[:MAX_LORAS]
    loras = named_files(
        (loose.text(path), loose.real(scales[at]) if at < len(scales) else None, "") for at, path in enumerate(paths)
    )
    is_from_picture = any(entries.get(name) for name in _PICTURES)
    return ForeignRecord(
        tool="mflux",
        version=loose.text(entries.get(_MARK)),
        prompt=loose.text(entries.get("prompt")),
        negative_prompt=loose.text(entries.get("negative_prompt")),
        seed=loose.seed(entries.get("seed")),
        width=loose.count(entries.get("width")),
        height=loose.count(entries.get("height")),
        num_inference_steps=loose.count(entries.get("steps")),
        scheduler=loose.text(entries.get("scheduler")),
        guidance_scale=loose.real(entries.get("guidance")),
        model=loose.text(entries.get("model")),
        extra=(
            *loose.rest({"loras": loras, "generation_mode": "img2img" if is_from_picture else ""}, ()),
            *loose.rest(entries, _USED),
        ),
    )
