"""imaginAIry: a JSON object as `UserComment`, and a line of text as `ImageDescription` that says most of it too.

Versions differ in their names: `sampler_type` became `solver_type`, `prompts` became `prompt`, and the size a pair.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.objects import by_plain_name, objects_in
from latentpng.record import Json

_NAME = re.compile(r"imaginairy", re.IGNORECASE)
_KEYWORDS = ("UserComment", "ImageDescription", "Description", "Comment", "ImaginAIry", "parameters")
_MARK = "prompt_strength"
_CAPTION = re.compile(r'\s*"(?P<prompt>.*?)" (?P<width>[0-9]{1,7})x(?P<height>[0-9]{1,7})px\b', re.DOTALL)
_NEGATIVE = re.compile(r'\s*negative-prompt:"(.*?)" (?=seed:)', re.DOTALL)
_PAIR = re.compile(r"([a-z][a-z-]{0,40}): ?(\S{1,200})")
_USED = (
    "height",
    "model",
    "model_weights",
    "negative_prompt",
    "prompt",
    "prompt_strength",
    "prompts",
    "sampler_type",
    "seed",
    "size",
    "software",
    "solver_type",
    "steps",
    "weights",
    "width",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the object, or else of the line of text; None when there is neither."""
    for found in objects_in(texts, _MARK, _KEYWORDS):
        entries = by_plain_name(found)
        if _NAME.match(loose.text(entries.get("software"))) or {"prompts", "sampler_type"} & entries.keys():
            return _record_of(entries)
    for keyword in _KEYWORDS:
        entries = _caption_of(texts.get(keyword, ""))
        if entries:
            return _record_of(entries)
    return None


def _record_of(entries: dict[str, Json]) -> ForeignRecord:
    width, height = _size(entries)
    weights = loose.members(entries.get("model_weights"))
    is_from_picture = (loose.real(entries.get("init_image_strength")) or 0) > 0
    return ForeignRecord(
        tool="imaginairy",
        version=_NAME.sub("", loose.text(entries.get("software"))).strip(),
        prompt=_joined(entries.get("prompts", entries.get("prompt"))),
        negative_prompt=_joined(entries.get("negative_prompt")),
        seed=loose.seed(entries.get("seed")),
        width=width,
        height=height,
        num_inference_steps=loose.count(entries.get("steps")),
        sampler=loose.text(entries.get("sampler_type")) or loose.text(entries.get("solver_type")),
        guidance_scale=loose.real(entries.get("prompt_strength")),
        model=loose.text(entries.get("model")) or loose.text(weights.get("name")) or loose.text(entries.get("weights")),
        extra=(
            *loose.rest({"generation_mode": "img2img" if is_from_picture else ""}, ()),
            *loose.rest(entries, _USED),
        ),
    )


def _caption_of(text: str) -> dict[str, Json]:
    """Return what the line of text says, under the names of the object; {} for any other text."""
    start = _CAPTION.match(text)
    if start is None:
        return {}
    negative = _NEGATIVE.match(text, start.end())
    rest = text[negative.end() if negative else start.end() :]
    pairs = by_plain_name({match[1]: match[2] for match in _PAIR.finditer(rest)})
    if "seed" not in pairs or _MARK not in pairs:
        return {}
    found: dict[str, Json] = dict(start.groupdict())
    return {**pairs, **found, "negative_prompt": negative[1] if negative else ""}


def _size(entries: dict[str, Json]) -> tuple[int, int]:
    pair = loose.items(entries.get("size"))
    width, height = pair if len(pair) == 2 else (entries.get("width"), entries.get("height"))
    return loose.count(width), loose.count(height)


def _joined(value: Json) -> str:
    """Return a prompt, which is a text or a list of weighted parts, as one text."""
    if isinstance(value, str):
        return value
    parts = [_part(part) for part in loose.items(value)]
    if len(parts) == 1:
        return parts[0][1]
    return "|".join(f"{text}:{weight:g}" for weight, text in parts if text)


def _part(value: Json) -> tuple[float, str]:
    """Return weight and words of a part: a pair, an object, or words alone."""
    pair, entry = loose.items(value), loose.members(value)
    weight, words = pair if len(pair) == 2 else (entry.get("weight"), entry.get("text", value))
    number = loose.real(weight)
    return 1.0 if number is None else number, loose.text(words)
