"""NovelAI: the texts `Software`, `Source` and `Description`, and the JSON object `Comment`.

A WebP has one JSON object of these four in EXIF. The service has not published where it draws its noise.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import Json, JsonObject

_NAME = "NovelAI"
_SOURCE = re.compile(r"(.*\S)\s+([0-9A-F]{8})")  # "NovelAI Diffusion V4 37442FCA"
_MAX_SOURCE = 200
_USED = ("height", "noise_schedule", "prompt", "sampler", "scale", "seed", "steps", "uc", "version", "width")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of `Comment`, or of the other texts when it is empty; None unless NovelAI is named."""
    entries: dict[str, Json] = dict(texts)
    if texts.get("Software") != _NAME:
        text = texts.get("UserComment", "")
        entries = read_object(text) if _NAME in text else {}
        if entries.get("Software") != _NAME:
            return None
    comment = entries.get("Comment")
    settings = read_object(comment) if isinstance(comment, str) else loose.members(comment)
    return _record_of(settings, entries)


def _record_of(settings: JsonObject, entries: JsonObject) -> ForeignRecord:
    source = loose.text(entries.get("Source"))[:_MAX_SOURCE]
    named = _SOURCE.fullmatch(source)
    return ForeignRecord(
        tool="novelai",
        version=loose.text(settings.get("version")),
        prompt=loose.text(settings.get("prompt"))
        or _caption(settings.get("v4_prompt"))
        or loose.text(entries.get("Description")),
        negative_prompt=loose.text(settings.get("uc")) or _caption(settings.get("v4_negative_prompt")),
        seed=loose.whole(settings.get("seed")),
        width=loose.count(settings.get("width")),
        height=loose.count(settings.get("height")),
        num_inference_steps=loose.count(settings.get("steps")),
        sampler=loose.text(settings.get("sampler")),
        scheduler=loose.text(settings.get("noise_schedule")),
        guidance_scale=loose.real(settings.get("scale")),
        model=named[1] if named else source,
        model_hash=named[2] if named else "",
        extra=loose.rest(settings, _USED),
    )


def _caption(prompt: Json) -> str:
    return loose.text(loose.members(loose.members(prompt).get("caption")).get("base_caption"))
