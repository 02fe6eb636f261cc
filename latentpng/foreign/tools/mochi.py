"""Mochi Diffusion: named values in the IPTC caption, separated by semicolons or, in newer versions, by line breaks.

Newer versions write a backslash before what would end a value. The size of an upscaled picture is that behind the
upscale, so it does not tell the size of the noise.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.record import Json

_KEYWORDS = ("Caption", "Description", "ImageDescription", "UserComment", "Comment", "parameters")
_PROMPT, _GENERATOR = "Include in Image", "Generator"
_NAMES = (
    _PROMPT, "Exclude from Image", "Model", "Steps", "Guidance Scale", "Seed", "Size", "Scheduler", _GENERATOR, "Date",
    "ML Compute Unit", "Upscaler", "Quality", "Input Images", "Starting Image", "Strength", "Metadata Version",
    "Date Created",
)  # fmt: skip
_START = re.compile(rf"(?:^|;\s*|\n)({'|'.join(_NAMES)}): ?")
_SIZE = re.compile(r"([0-9]{1,7})\s*x\s*([0-9]{1,7})\s*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LINE_FEED = "n"
_USED = ("Include in Image", "Exclude from Image", "Model", "Steps", "Guidance Scale", "Seed", "Scheduler", "Generator")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first caption of this form; None when there is none."""
    for keyword in _KEYWORDS:
        text = texts.get(keyword, "")
        if f"{_PROMPT}:" in text:
            fields = _fields(text)
            if "Seed" in fields or _GENERATOR in fields:
                return _record_of(fields)
    return None


def _fields(text: str) -> dict[str, str]:
    """Return the values by name; a name that occurs twice, as in a prompt, counts where it stands first."""
    found: dict[str, str] = {}
    is_escaped = "Metadata Version:" in text
    starts = list(_START.finditer(text))
    for at, start in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        value = text[start.end() : end].strip()
        found.setdefault(start[1], _ESCAPED.sub(_unescaped, value) if is_escaped else value)
    return found


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == _LINE_FEED else match[1]


def _record_of(fields: dict[str, str]) -> ForeignRecord:
    size = _SIZE.fullmatch(fields.get("Size", ""))
    is_first_size = size is not None and "Upscaler" not in fields
    written: dict[str, Json] = dict(fields)
    is_from_picture = bool(fields.get("Input Images") or fields.get("Starting Image"))
    name, _, version = fields.get(_GENERATOR, "").rpartition(" ")
    return ForeignRecord(
        tool="mochi",
        version=version,
        prompt=fields.get(_PROMPT, ""),
        negative_prompt=fields.get("Exclude from Image", ""),
        seed=loose.seed(fields.get("Seed")),
        width=loose.count(size[1]) if size and is_first_size else 0,
        height=loose.count(size[2]) if size and is_first_size else 0,
        num_inference_steps=loose.count(fields.get("Steps")),
        scheduler=fields.get("Scheduler", ""),
        guidance_scale=loose.real(fields.get("Guidance Scale")),
        model=fields.get("Model", ""),
        made_by="" if name in ("", "Mochi Diffusion") else name,
        extra=(
            *loose.rest({"generation_mode": "img2img" if is_from_picture else ""}, ()),
            *loose.rest(written, (*_USED, *(["Size"] if is_first_size else []))),
        ),
    )
