"""RuinedFooocus: a JSON object with `"software": "RuinedFooocus"` as `parameters`.

Its LoRA files have had three forms: one text of tags, pairs of a hash and "0.5 - name", and pairs of a hash and a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.objects import by_plain_name, named_files, objects_in
from latentpng.record import Json

MAX_LORAS = 64
_NAME = "RuinedFooocus"
_USED = (
    "base_model",
    "base_model_hash",
    "base_model_name",
    "cfg",
    "height",
    "loras",
    "negative",
    "prompt",
    "sampler",
    "sampler_name",
    "scheduler",
    "seed",
    "software",
    "steps",
    "width",
)
_TAG = re.compile(r"<(?:lora:)?([^<>:]{1,200}):([^<>:]{1,40})>")
_WEIGHT_FIRST = re.compile(r"([-+.0-9]{1,20}) - (.{1,200})", re.DOTALL)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first object that names RuinedFooocus; None when there is none."""
    for found in objects_in(texts, _NAME):
        entries = by_plain_name(found)
        if loose.text(entries.get("software")).startswith(_NAME):
            return _record_of(entries)
    return None


def _record_of(entries: dict[str, Json]) -> ForeignRecord:
    loras = named_files(islice(_loras(entries.get("loras")), MAX_LORAS))
    return ForeignRecord(
        tool="ruinedfooocus",
        version=loose.text(entries.get("software")).removeprefix(_NAME).strip(),
        prompt=loose.text(entries.get("prompt")),
        negative_prompt=loose.text(entries.get("negative")),
        seed=loose.seed(entries.get("seed")),
        width=loose.count(entries.get("width")),
        height=loose.count(entries.get("height")),
        num_inference_steps=loose.count(entries.get("steps")),
        sampler=loose.text(entries.get("sampler_name")) or loose.text(entries.get("sampler")),
        scheduler=loose.text(entries.get("scheduler")),
        guidance_scale=loose.real(entries.get("cfg")),
        model=loose.text(entries.get("base_model_name")) or loose.text(entries.get("base_model")),
        model_hash=loose.text(entries.get("base_model_hash")),
        extra=(
            *loose.rest({"loras": loras, "generation_mode": "img2img" if _is_from_picture(entries) else ""}, ()),
            *loose.rest(entries, _USED),
        ),
    )


def _is_from_picture(entries: dict[str, Json]) -> bool:
    """Return whether another picture lies under the noise: the first steps were left out."""
    denoise = loose.real(entries.get("denoise"))
    return bool(loose.count(entries.get("start_step"))) or (denoise is not None and 0 < denoise < 1)


def _loras(value: Json) -> Iterator[tuple[str, Json, str]]:
    for match in islice(_TAG.finditer(loose.text(value)), MAX_LORAS):
        yield match[1], loose.real(match[2]), ""
    for entry in loose.items(value)[:MAX_LORAS]:
        parts = [loose.text(part) for part in loose.items(entry)]
        named = loose.members(entry)
        if named:
            yield loose.text(named.get("name")), loose.real(named.get("weight")), loose.text(named.get("hash"))
        elif len(parts) > 1:
            tag, pair = _TAG.fullmatch(parts[1]), _WEIGHT_FIRST.fullmatch(parts[1])
            name, weight = (tag[1], tag[2]) if tag else (pair[2], pair[1]) if pair else (parts[1], "")
            yield name, loose.real(weight), parts[0]
