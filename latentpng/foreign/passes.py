"""What was done to another tool's picture besides one pass from the initial noise: hires, refiner, detailer and others.

It is told by how the names of the tool's fields begin.  A field that says "off" tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.record import Json, JsonObject

MAX_ITEMS = 64
_PASSES: tuple[tuple[str, str], ...] = (
    ("hires", r"Hires |HiRes |hires_|hrf_|First pass|First_stage|Second pass"),
    ("refiner", r"Refiner|refiner"),
    ("detailer", r"A?Detailer|DDetailer|detailer"),
    ("controlnet", r"ControlNet|Control$|controlnet|controls$|control_layers|t2iAdapters"),
    ("image prompt", r"ipAdapters|IP-?Adapter|(use)?ipadapter|ref_images|promptimages"),
    ("hypernetwork", r"Hypernet"),
    ("upscale", r"Postprocess upscale|SD upscale|Ultimate SD upscale|postprocessing"),
    ("regions", r"RP Active|Tiled Diffusion|[Rr]egional"),
    ("face restoration", r"Face restoration|facetool"),
    ("tiling", r"Tiling$|seamless"),
)
"""(a kind, how the fields that tell it begin)."""
_OFF = (None, "", False, 0, "None", "none", "null", "False", "false", "0", "0.0", "Off", "off", "Disabled", "disabled")
_SWITCHES: Mapping[str, tuple[str, ...]] = {
    "hires": ("hrf_enabled", "hires_fix"),
    "refiner": ("refiner_model",),
    "face restoration": ("facetool_strength",),
}
"""Fields that say that a kind was not used, whatever its other fields are."""
_PICTURE_MODES = re.compile(r"img2img|inpaint|outpaint")
_FROM_PICTURE = ("Denoising strength", "generation_mode", "type", "strength", "denoise", "initimagecreativity")
_PROMPT_TAGS: Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "swarmui": (
        ("detailer", re.compile(r"<(segment):([^<>]{1,80})")),
        ("regions", re.compile(r"<(region|object):([^<>]{1,80})")),
    ),
    **dict.fromkeys(("a1111", "forge", "sdnext"), (("hypernetwork", re.compile(r"<(hypernet):([^<>]{1,80})>")),)),
}


def passes_of(record: ForeignRecord) -> tuple[JsonObject, ...]:
    """Return what was done besides one pass: a kind each, and what the tool wrote about it.

    Args:
        record: What the file says.
    """
    fields = dict(record.extra)
    found: list[JsonObject] = [*_told(fields), *_by_prompt(record)]
    if not any(each["kind"] == "hires" for each in found) and (start := _from_picture(record.tool, fields)):
        found.append({"kind": "img2img", **start})
    found += [loose.members(value) for value in loose.items(fields.get("passes"))[:MAX_ITEMS]]
    return tuple(found)


def _told(fields: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    for kind, start in _PASSES:
        told = {name: value for name, value in fields.items() if re.match(start, name) and not _is_off(value)}
        if kind == "hires" and told and "Denoising strength" in fields:
            told["Denoising strength"] = fields["Denoising strength"]
        switches = (name for name in _SWITCHES.get(kind, ()) if name in fields)
        if told and not any(_is_off(fields[name]) for name in switches):
            yield {"kind": kind, **dict(list(told.items())[:MAX_ITEMS])}


def _is_off(value: Json) -> bool:
    """Whether a value says that something was not used; a list does if each of its objects does."""
    entries = loose.items(value)
    if entries:
        return all(loose.members(entry).get("isEnabled") is False for entry in entries)
    return value in _OFF


def _by_prompt(record: ForeignRecord) -> Iterator[dict[str, Json]]:
    """Yield what tags in the prompt ask for."""
    for kind, form in _PROMPT_TAGS.get(record.tool, ()):
        if tag := form.search(record.prompt):
            yield {"kind": kind, tag[1]: tag[2]}


def _from_picture(tool: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return what tells that another picture lies under the noise; {} otherwise."""
    mode = loose.text(fields.get("generation_mode")) or loose.text(fields.get("type"))
    shares = ("Denoising strength", "initimagecreativity", *(("denoise",) if tool == "comfyui" else ()))
    strength = next((share for name in shares if (share := loose.real(fields.get(name))) is not None), None)
    is_partial = strength is not None and 0 < strength < (1 if tool == "comfyui" else 2)
    if not (is_partial or _PICTURE_MODES.search(mode) or fields.get("init_image")):
        return {}
    return {name: fields[name] for name in (*_FROM_PICTURE, "init_image") if name in fields}
