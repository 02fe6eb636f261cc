"""Stable Diffusion web UI (AUTOMATIC1111), and the tools that write the same text: Forge, reForge, SD.Next.

The fields are those of `create_infotext` in the tools' sources. `Version` and `App` say which tool it was.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.infotext import Infotext, parse
from latentpng.foreign.tools.loosejson import read_value

KEYWORDS = ("parameters", "UserComment", "XPComment", "ImageDescription", "Comment")
_FORGE = re.compile(r"f[0-9]|neo\b")  # f2.0.1v1.10.1-previous-...; one fork writes only "neo"
_NEEDED = frozenset({"Steps", "Seed"})
_RANDOMNESS = {"CPU": "cpu", "NV": "nv", "GPU": "gpu"}
_USED = (
    "CFG scale",
    "Model",
    "Model hash",
    "Sampler",
    "Schedule type",
    "Seed",
    "Seed resize from",
    "Steps",
    "Variation seed",
    "Variation seed strength",
    "Variation strength",
    "Version",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first text of this form; None when there is none."""
    for keyword in KEYWORDS:
        infotext = parse(texts.get(keyword, ""))
        if infotext is not None and _NEEDED & infotext.fields.keys():
            return record_of(infotext)
    return None


def record_of(infotext: Infotext) -> ForeignRecord:
    """Return what the fields of a web UI text say, with the tool that `Version` and `App` name."""
    fields = infotext.fields
    width, height = _drawn_size(fields)
    rng = fields.get("RNG", "")
    used = [*_USED, *(["Size"] if width else []), *(["RNG"] if rng in _RANDOMNESS else [])]
    strength = loose.real(fields.get("Variation seed strength", fields.get("Variation strength")))
    return ForeignRecord(
        tool=_tool(fields),
        version=fields.get("Version", ""),
        prompt=infotext.prompt,
        negative_prompt=infotext.negative_prompt,
        seed=loose.whole(fields.get("Seed")),
        variation_seed=loose.whole(fields.get("Variation seed")),
        variation_strength=strength or 0.0,
        width=width,
        height=height,
        resized_from=loose.size(fields.get("Seed resize from")),
        num_inference_steps=loose.count(fields.get("Steps")),
        sampler=fields.get("Sampler", ""),
        scheduler=fields.get("Schedule type", ""),
        guidance_scale=loose.real(fields.get("CFG scale")),
        model=fields.get("Model", "") or _civitai_model(fields),
        model_hash=fields.get("Model hash", ""),
        randomness=_RANDOMNESS.get(rng, ""),
        extra=loose.rest(fields, used),
    )


def _civitai_model(fields: dict[str, str]) -> str:
    """Return the name of the model in the list of the site Civitai, whose own generator writes no `Model`."""
    for entry in map(loose.members, loose.items(read_value(fields.get("Civitai resources", "")))):
        if entry.get("type") == "checkpoint":
            return loose.text(entry.get("modelName"))
    return ""


def _drawn_size(fields: dict[str, str]) -> tuple[int, int]:
    """Return the size before an upscale.

    Old versions wrote the final size as `Size` and the size before the upscale as `First pass size`, where 0x0 means
    that the size is unknown.
    """
    return loose.size(fields.get("First pass size", fields.get("Size")))


def _tool(fields: dict[str, str]) -> str:
    if fields.get("App") == "SD.Next" or "Variation strength" in fields:
        return "sdnext"
    return "forge" if _FORGE.match(fields.get("Version", "")) else "a1111"
