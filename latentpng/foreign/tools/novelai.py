"""NovelAI: the texts `Software`, `Source` and `Description`, and the JSON object `Comment`.

A WebP has one JSON object of these four in EXIF. Since version 4 a picture has prompts for single characters, of which
the negative prompts stand in the same order. The service has not published where it draws its noise.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import Json, JsonObject

_NAME = "NovelAI"
MAX_CHARACTERS = 64
_TITLE = "NovelAI generated image"
_OWN_SETTINGS = (frozenset({"uc", "noise_schedule"}), frozenset({"v4_prompt"}))
"""Names of settings that only NovelAI uses together: its `Comment` may be all that is left."""
_SOURCE = re.compile(r"(.*\S)\s+([0-9A-F]{8})")  # "NovelAI Diffusion V4 37442FCA"
_MAX_SOURCE = 200
_USED = ("height", "noise_schedule", "prompt", "sampler", "scale", "seed", "steps", "uc", "version", "width")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of `Comment`, or of the other texts when it is empty; None unless NovelAI is known by them."""
    entries: dict[str, Json] = dict(texts)
    if not texts.get("Software", "").startswith(_NAME) and texts.get("Title") != _TITLE:
        text = texts.get("UserComment", "")
        entries = read_object(text) if _NAME in text else {}
        if not loose.text(entries.get("Software")).startswith(_NAME):
            return _record_of_comment(texts)
    comment = entries.get("Comment")
    settings = read_object(comment) if isinstance(comment, str) else loose.members(comment)
    return _record_of(settings, entries)


def _record_of_comment(texts: Texts) -> ForeignRecord | None:
    """Return the record of settings that stand alone; None unless they are recognised."""
    for keyword in ("Comment", "UserComment"):
        text = texts.get(keyword, "")
        settings = read_object(text) if '"noise_schedule"' in text or '"v4_prompt"' in text else {}
        if any(names <= settings.keys() for names in _OWN_SETTINGS):
            return _record_of(settings, dict(texts))
    return None


def _record_of(settings: JsonObject, entries: JsonObject) -> ForeignRecord:
    source = loose.text(entries.get("Source"))[:_MAX_SOURCE]
    named = _SOURCE.fullmatch(source)
    unused = () if settings.get("controlnet_model") else ("controlnet_strength",)  # 1 in every picture
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
        model=named[1] if named else source if source != _NAME else "",
        model_hash=named[2] if named else "",
        extra=(
            *loose.rest(
                {
                    "characters": _characters(settings.get("v4_prompt")),
                    "negative characters": _characters(settings.get("v4_negative_prompt")),
                },
                (),
            ),
            *loose.rest(settings, (*_USED, *unused)),
        ),
    )


def _characters(prompt: Json) -> list[Json]:
    """Return the prompts of the single characters; trailing ones that are empty are left out."""
    captions = loose.items(loose.members(loose.members(prompt).get("caption")).get("char_captions"))
    found = [loose.text(loose.members(caption).get("char_caption")) for caption in captions[:MAX_CHARACTERS]]
    while found and not found[-1]:
        found.pop()
    return list(found)


def _caption(prompt: Json) -> str:
    return loose.text(loose.members(loose.members(prompt).get("caption")).get("base_caption"))
