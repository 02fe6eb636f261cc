"""Fooocus and its forks: settings in one of several schemes, JSON or the text of the web UI; `fooocus_scheme` names it.

Fooocus-MRE writes other names as `Comment`; SimpleSDXL writes the names of the interface. Each picture of a run has its
own seed, and this is the one that the file contains.
"""

from __future__ import annotations

import dataclasses
import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111, loose
from latentpng.foreign.tools.infotext import parse
from latentpng.foreign.tools.objects import by_plain_name, objects_in
from latentpng.record import Json, JsonObject

_SCHEMES = ("a1111", "fooocus", "simple")
_OWN_SETTINGS = frozenset({"adm_guidance", "fooocus_v2_expansion", "metadata_scheme", "performance", "sharpness"})
_MIN_OWN_SETTINGS = 3
_NAME = "Fooocus"
_NAMES = re.compile(r"(Fooocus-MRE|SimpleSDXL|SimpleAI|Fooocus)")
_KEYWORDS = ("parameters", "UserComment", "Comment")
_MARK = 'rompt"'  # of "prompt" and "Prompt"
_LORA = re.compile(r"lora_([0-9]{1,2})")
_RENAMED = {"cfg": "guidance_scale", "software": "version"}
_USED = (
    "base_model",
    "base_model_hash",
    "guidance_scale",
    "height",
    "negative_prompt",
    "prompt",
    "resolution",
    "sampler",
    "scheduler",
    "seed",
    "steps",
    "version",
    "width",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of a text in any scheme; None unless Fooocus is named or known by its settings."""
    is_named = texts.get("fooocus_scheme") in _SCHEMES or _NAMES.match(texts.get("Software", "")) is not None
    for found in objects_in(texts, _MARK, _KEYWORDS):
        entries = _renamed(found)
        is_known = len(_OWN_SETTINGS & entries.keys()) >= _MIN_OWN_SETTINGS
        if is_named or is_known or _NAMES.match(loose.text(entries.get("version"))):
            return _record_of(entries)
    return next(filter(None, (_read_text(texts.get(keyword, ""), is_named) for keyword in _KEYWORDS)), None)


def _read_text(text: str, is_named: bool) -> ForeignRecord | None:
    """Return the record of the scheme "a1111"."""
    infotext = parse(text) if is_named or _NAMES.search(text) else None
    if infotext is None or not (is_named or _NAMES.match(infotext.fields.get("Version", ""))):
        return None
    record = a1111.record_of(infotext)
    fields = infotext.fields
    return dataclasses.replace(
        record,
        tool="fooocus",
        prompt=fields.get("Raw prompt", record.prompt),
        negative_prompt=fields.get("Raw negative prompt", record.negative_prompt),
        scheduler=fields.get("Scheduler", ""),
        randomness="cpu",
        made_by=_fork(record.version),
        extra=(
            *loose.rest(dict(record.extra), ("Raw prompt", "Raw negative prompt")),
            *loose.rest({"full_prompt": record.prompt, "full_negative_prompt": record.negative_prompt}, ()),
        ),
    )


def _renamed(entries: JsonObject) -> dict[str, Json]:
    """Return the settings of a fork under the names of Fooocus; "LoRA 1" becomes `lora_combined_1`."""
    found: dict[str, Json] = {}
    for name, value in by_plain_name(entries).items():
        lora = _LORA.fullmatch(name)
        found.setdefault(f"lora_combined_{lora[1]}" if lora else _RENAMED.get(name, name), value)
    return found


def _fork(version: str) -> str:
    named = _NAMES.match(version)
    return named[1] if named and named[1] != _NAME else ""


def _record_of(entries: dict[str, Json]) -> ForeignRecord:
    width, height = loose.size(_plain_size(loose.text(entries.get("resolution"))))
    version = loose.text(entries.get("version"))
    return ForeignRecord(
        tool="fooocus",
        version=version,
        prompt=loose.text(entries.get("prompt")),
        negative_prompt=loose.text(entries.get("negative_prompt")),
        seed=loose.seed(entries.get("seed")),
        width=width or loose.count(entries.get("width")),
        height=height or loose.count(entries.get("height")),
        num_inference_steps=loose.count(entries.get("steps")),
        sampler=loose.text(entries.get("sampler")),
        scheduler=loose.text(entries.get("scheduler")),
        guidance_scale=loose.real(entries.get("guidance_scale")),
        model=loose.text(entries.get("base_model")),
        model_hash=loose.text(entries.get("base_model_hash")),
        randomness="cpu",
        made_by=_fork(version),
        extra=loose.rest(entries, _USED),
    )


def _plain_size(text: str) -> str:
    """Return a size without the sign of multiplication and the ratio that an interface shows: "896×1152 | 7:9"."""
    return text.replace("\u00d7", "x").partition("|")[0].partition("\u2223")[0].strip()
