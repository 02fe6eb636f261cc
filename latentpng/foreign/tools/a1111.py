"""Stable Diffusion web UI (AUTOMATIC1111), and the tools and sites that write the same text.

The fields are those of `create_infotext` in the tools' sources. `Version` and `App` say which tool it was, and
`sites.py` knows the forks and sites. Tools that copy the form spell its names differently ("CFG Scale", "model",
"sampler_name"), so known names are compared without regard to case. ComfyUI's savers and the AI Horde are recognised by
their own names of samplers, and Draw Things by its seed mode, because their noise is drawn in another way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.noise.latents import latent_of_model
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import civitai, drawthings, loose, sites
from latentpng.foreign.tools.infotext import Infotext, parse

KEYWORDS = ("parameters", "UserComment", "XPComment", "ImageDescription", "Comment", "Description", "Caption")
_FORGE = re.compile(r"f[0-9]|neo\b|classic\b")  # f2.0.1v1.10.1-previous-...; some forks write only their name
_SDNEXT = re.compile(r"SD\.?Next", re.IGNORECASE)
_NEEDED = frozenset({"Steps", "Seed"})
_RANDOMNESS = {"CPU": "cpu", "NV": "nv", "GPU": "gpu"}
_USED = (
    "CFG scale",
    "Model",
    "Model hash",
    "Sampler",
    "Schedule type",
    "Scheduler",
    "Seed",
    "Seed resize from",
    "Steps",
    "Variation seed",
    "Variation seed strength",
    "Variation strength",
    "Version",
)
_KNOWN = (*_USED, "App", "Clip skip", "Denoising strength", "ENSD", "Lora hashes", "RNG", "Size", "TI hashes", "VAE")
_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        **{name.casefold(): name for name in _KNOWN},
        **dict.fromkeys(("cfg", "cfg_scale", "cfgscale", "guidance_scale", "guidance scale"), "CFG scale"),
        **dict.fromkeys(("sampler_name", "sampler name", "sampling method"), "Sampler"),
        **dict.fromkeys(("model_name", "model name", "checkpoint", "base model"), "Model"),
        **dict.fromkeys(("image size", "resolution"), "Size"),
        **dict.fromkeys(("width", "size-1"), "Width"),
        **dict.fromkeys(("height", "size-2"), "Height"),
        **dict.fromkeys(("num_inference_steps", "sampling steps"), "Steps"),
        "clip_skip": "Clip skip",
        "model_hash": "Model hash",
    }
)
"""The names of the web UI by other spellings of them, in lower case."""
_COMFY_SAMPLER = re.compile(r"(?!k_)[a-z][a-z0-9_]++")  # euler_ancestral; the web UI's are "Euler a"
_NAMES_COMFY = re.compile(r"ComfyUI", re.IGNORECASE)
_SEED_MODE = "Seed Mode"  # of Draw Things, which writes this text as the description of a picture
_HORDE_SAMPLER = "k_"
HORDE_NEGATIVE = "###"  # the Horde's own form of a prompt has the negative one behind it
_UNSET = ("undefined", "[]", "{}")  # what sites write for values that they do not have
_OLD_SDNEXT = frozenset({"Backend", "Operations", "Parser"})  # versions of SD.Next without `App` write these


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first text of this form; None when there is none."""
    for keyword in KEYWORDS:
        infotext = parse(texts.get(keyword, ""))
        if infotext is not None and _NEEDED & canonical(infotext.fields).keys():
            return record_of(infotext, site=sites.site_of(texts))
    return None


def record_of(infotext: Infotext, *, site: str = "") -> ForeignRecord:
    """Return what the fields of a web UI text say, with the tool that they name.

    Args:
        infotext: The parts of the text.
        site: The site that other texts of the file name; "" for none.
    """
    fields = canonical(infotext.fields)
    tool = _tool(infotext.fields, fields, site)
    prompt, negative = infotext.prompt, infotext.negative_prompt
    if tool == "horde" and not negative:
        prompt, negative = (part.strip() for part in (*prompt.split(HORDE_NEGATIVE, 1), "")[:2])
    fork = sites.fork_of(fields.get("Version", ""), fields.get("App", ""))
    record = replace(
        _record_of_fields(fields),
        tool=tool,
        prompt=prompt,
        negative_prompt=negative,
        made_by=fork or site,
    )
    return _completed(record, fields) if civitai.is_own(infotext.fields) else record


def _record_of_fields(fields: Mapping[str, str]) -> ForeignRecord:
    width, height = _drawn_size(fields)
    rng = fields.get("RNG", "")
    used = [*_USED, *(["Size", "Width", "Height"] if width else []), *(["RNG"] if rng in _RANDOMNESS else [])]
    strength = loose.real(fields.get("Variation seed strength", fields.get("Variation strength")))
    resources = civitai.resources_of(fields.get(civitai.RESOURCES))
    return ForeignRecord(
        version=fields.get("Version", ""),
        seed=loose.seed(fields.get("Seed")),
        variation_seed=loose.whole(fields.get("Variation seed")),
        variation_strength=strength or 0.0,
        width=width,
        height=height,
        resized_from=loose.size(fields.get("Seed resize from")),
        num_inference_steps=loose.count(fields.get("Steps")),
        sampler=fields.get("Sampler", ""),
        scheduler=fields.get("Schedule type", "") or fields.get("Scheduler", ""),
        guidance_scale=loose.real(fields.get("CFG scale")),
        model=fields.get("Model", "") or civitai.model_of(resources),
        model_hash=fields.get("Model hash", ""),
        randomness=_RANDOMNESS.get(rng, "") or drawthings.RANDOMNESS.get(fields.get(_SEED_MODE, "").lower(), ""),
        extra=loose.rest(fields, used),
    )


def _completed(record: ForeignRecord, fields: Mapping[str, str]) -> ForeignRecord:
    """Return a record of Civitai with what the site says in its own object."""
    family = None if latent_of_model(record.model) else latent_of_model(civitai.family_of(fields))
    return replace(
        record,
        made_by=civitai.NAME,
        unknown_noise=civitai.closed_engine(fields),
        channels=family.channels if family else 0,
        extra=(*record.extra, *loose.rest(civitai.further(fields), ())),
    )


def canonical(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields under the web UI's own spelling of their names, which counts where there are several."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        if value.casefold() in _UNSET:
            continue
        known = _SPELLINGS.get(name.casefold(), name)
        if known == name or known not in fields:
            found[known] = value
    return found


def _drawn_size(fields: Mapping[str, str]) -> tuple[int, int]:
    """Return the size before an upscale.

    Old versions wrote the final size as `Size` and the size before the upscale as `First pass size`, where 0x0 means
    that the size is unknown.
    """
    found = loose.size(fields.get("First pass size", fields.get("Size")))
    width, height = loose.count(fields.get("Width")), loose.count(fields.get("Height"))
    return (width, height) if found == (0, 0) and width and height and "Size" not in fields else found


def _tool(written: Mapping[str, str], fields: Mapping[str, str], site: str) -> str:
    """Return the tool that a text names or that its way of writing gives away."""
    version, sampler = fields.get("Version", ""), fields.get("Sampler", "")
    is_old = len(_OLD_SDNEXT & fields.keys()) > 1
    if _SDNEXT.fullmatch(fields.get("App", "")) or "Variation strength" in fields or is_old:
        return "sdnext"
    if site in sites.HORDE or (sampler.startswith(_HORDE_SAMPLER) and "model" in written):
        return "horde"
    if _SEED_MODE in fields:
        return "drawthings"
    if _FORGE.match(version):
        return "forge"
    is_unsigned = not version and not site
    if _NAMES_COMFY.match(version) or (is_unsigned and _COMFY_SAMPLER.fullmatch(sampler)):
        return "comfyui"
    return "a1111"
