"""What was done to another tool's picture besides one pass from the initial noise: hires, refiner, detailer and others.

It is told by how the names of the tool's fields begin.  A field that says "off" tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from latentpng.chunk.strict_json import json_text
from latentpng.errors import InvalidValueError
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.record import Json, JsonObject

MAX_ITEMS = 64
MAX_TEXT = 400  # characters of one field
MAX_NESTED = 16  # objects and lists in one field
_PASSES: tuple[tuple[str, str], ...] = (
    ("hires", r"Hires |HiRes |hires_|hrf_|First pass|First_stage|Second pass|use_upscaler|refinerupscale"),
    ("refiner", r"Refiner|refiner(?!upscale)"),
    ("detailer", r"A?Detailer|DDetailer|detailer"),
    ("controlnet", r"ControlNet|Control$|controlnet|controls$|control_layers|t2iAdapters|[Uu]se.[Cc]ontrol[Nn]et"),
    ("image prompt", r"ipAdapters|IP-?Adapter|(use)?ipadapter|ref_images|promptimages"),
    ("hypernetwork", r"Hypernet|[Uu]se.[Hh]ypernet"),
    (
        "upscale",
        r"Postprocess upscale|SD upscale|Ultimate SD upscale|postprocessing|[Uu]pscaler?$|[Uu]se.[Uu]pscal(e|ing)$",
    ),
    ("regions", r"RP Active|Tiled Diffusion|[Rr]egional"),
    ("face restoration", r"Face restoration|facetool|fix_faces|[Uu]se.[Ff]ace.[Cc]orrection"),
    ("tiling", r"Tiling$|seamless"),
    ("dynamic thresholding", r"Dynamic [Tt]hresholding|[Dd]ynthres|Mimic [Ss]cale|Threshold percentile"),
    ("guidance change", r"FreeU|freeu|PAG |SAG |CFG Rescale|Perturbed|Skip Early CFG|NGMS"),
)
"""(a kind, how the fields that tell it begin)."""
_OFF = (None, "", False, 0, "None", "none", "null", "False", "false", "0", "0.0", "Off", "off", "Disabled", "disabled")
_SWITCHES: Mapping[str, tuple[str, ...]] = {
    "hires": ("hrf_enabled", "hires_fix"),
    "refiner": ("refiner_model",),
    "face restoration": ("facetool_strength",),
}
"""Fields that say that a kind was not used, whatever its other fields are."""
_INPAINTED = re.compile(r"inpaint|outpaint|infill", re.IGNORECASE)
_REDRAWN = re.compile(
    r"img2img|image[ _-]?(to|2)[ _-]?image|image-edit|inpaint|outpaint|infill|augmentimage|facefix", re.IGNORECASE
)
_ENLARGED = re.compile(r"hires", re.IGNORECASE)
_MAX_MODE = 80  # characters
_MODES = ("generation_mode", "type", "Operations", "mode", "workflow", "request_type", "process")
_MASKS = (
    "Mask blur",
    "Masked area padding",
    "Inpaint area",
    "Masked content",
    "Mask mode",
    "Inpainting fill",
    "Soft inpainting enabled",
    "maskblur",
)
_PICTURES = (
    "init_image", "init_img", "initImg", "Init image", "Init image hash", "Init image size", "initimage",
    "initial_image", "image_path", "sourceImage", "upscale_initial_image",
)  # fmt: skip
_SHARES = ("Denoising strength", "initimagecreativity", "img2img_strength", "prompt_strength", "Prompt Strength")
_OWN_SHARES: Mapping[str, tuple[str, ...]] = {
    "comfyui": ("denoise",),
    "drawthings": ("strength",),
    "huggingface": ("strength",),
}
"""Fields that say how much of another picture was replaced, in the files of all tools and of single ones."""
_TOLD = (*_SHARES, "denoise", "strength", "Strength", "Starting Image", "image_strength", *_MODES, *_MASKS, *_PICTURES)
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
    listed = [loose.members(value) for value in loose.items(fields.get("passes"))[:MAX_ITEMS]]
    found: list[JsonObject] = [*_told(fields), *_by_prompt(record)]
    kinds = {loose.text(each.get("kind")) for each in (*found, *listed)}
    if "hires" not in kinds and (hires := _enlarged(fields)):
        found.append(hires)
        kinds.add("hires")
    start = _from_picture(record.tool, fields, has_hires="hires" in kinds)
    if start and not kinds & {"img2img", "inpaint"}:
        found.append(start)
    return tuple(found + listed)


def _told(fields: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    for kind, start in _PASSES:
        told = {name: _brief(value) for name, value in fields.items() if re.match(start, name) and not _is_off(value)}
        if kind == "hires" and told and "Denoising strength" in fields:
            told["Denoising strength"] = fields["Denoising strength"]
        switches = (name for name in _SWITCHES.get(kind, ()) if name in fields)
        if told and not any(_is_off(fields[name]) for name in switches):
            yield {"kind": kind, **dict(list(told.items())[:MAX_ITEMS])}


def _brief(value: Json) -> Json:
    """Return a value as it is, or the beginning of its text: a picture keeps little of what it cannot use."""
    text = text_of(value)
    is_nested = not isinstance(value, str) and sum(map(text.count, "[{")) > MAX_NESTED
    return text[:MAX_TEXT] if is_nested or len(text) > MAX_TEXT else value


def text_of(value: Json) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, str):
        return value
    try:
        return json_text(value)
    except InvalidValueError:  # a number that is not finite
        return str(value)


def facts_of(told: JsonObject) -> str:
    """Return what a tool wrote about a pass, as a person reads it; what only repeats its kind is left out.

    Args:
        told: A pass of a picture.
    """
    facts = ((name, text_of(value)) for name, value in told.items() if name != "kind")
    return ", ".join(f"{name} {_quoted(text)}".rstrip() for name, text in facts if text != told.get("kind"))


def _quoted(text: str) -> str:
    """Return a text in quotes when it could be taken for several facts."""
    line = " ".join(text.split())
    return f'"{line}"' if "," in line and not line.startswith(("{", "[", '"')) else line


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


def _from_picture(tool: str, fields: Mapping[str, Json], *, has_hires: bool) -> dict[str, Json]:
    """Return the pass whose noise lies over another picture, with what tells it; {} for none.

    A share of 1 tells nothing, because some tools write it for every picture. Neither does the share of a hires pass.
    """
    mode = _mode(fields)
    shares = (loose.real(fields.get(name)) for name in (*_SHARES, *_OWN_SHARES.get(tool, ())))
    is_partial = not has_hires and any(share is not None and 0 < share < 1 for share in shares)
    has_mask = any(name in fields for name in _MASKS)
    has_picture = any(not _is_off(fields.get(name)) for name in _PICTURES)
    if not (is_partial or has_mask or has_picture or _REDRAWN.search(mode)):
        return {}
    kind = "inpaint" if has_mask or _INPAINTED.search(mode) else "img2img"
    return {"kind": kind, **{name: _brief(fields[name]) for name in _TOLD if name in fields}}


def _mode(fields: Mapping[str, Json]) -> str:
    """Return the words by which a tool names how it made the picture; a graph or a prompt is none."""
    words = (loose.text(fields.get(name)) for name in _MODES)
    return " ".join(word for word in words if len(word) <= _MAX_MODE)


def _enlarged(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the hires pass that only the mode names; {} for none."""
    if not _ENLARGED.search(_mode(fields)):
        return {}
    return {
        "kind": "hires",
        **{name: fields[name] for name in _MODES if _ENLARGED.search(loose.text(fields.get(name)))},
    }
