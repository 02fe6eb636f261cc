"""Fooocus: `parameters` in one of two schemes, JSON or the text of the web UI; `fooocus_scheme` names the scheme.

Each picture of a run has its own seed, and this is the one that the file contains.
"""

from __future__ import annotations

import dataclasses

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111, loose
from latentpng.foreign.tools.infotext import parse
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import JsonObject

_SCHEMES = ("a1111", "fooocus")
_NAME = "Fooocus"
_USED = (
    "base_model",
    "base_model_hash",
    "guidance_scale",
    "negative_prompt",
    "prompt",
    "resolution",
    "sampler",
    "scheduler",
    "seed",
    "steps",
    "version",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of a text in either scheme; None unless the scheme, version or software names Fooocus."""
    text = texts.get("parameters") or texts.get("UserComment", "")
    is_named = texts.get("fooocus_scheme") in _SCHEMES or texts.get("Software", "").startswith(_NAME)
    if not is_named and _NAME not in text:
        return None
    entries = read_object(text)
    if entries:
        is_own = is_named or loose.text(entries.get("version")).startswith(_NAME)
        return _record_of(entries) if is_own else None
    infotext = parse(text)
    if infotext is None or not (is_named or infotext.fields.get("Version", "").startswith(_NAME)):
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
        extra=(
            *loose.rest(dict(record.extra), ("Raw prompt", "Raw negative prompt", "Scheduler")),
            *loose.rest({"full_prompt": record.prompt, "full_negative_prompt": record.negative_prompt}, ()),
        ),
    )


def _record_of(entries: JsonObject) -> ForeignRecord:
    width, height = loose.size(entries.get("resolution"))
    return ForeignRecord(
        tool="fooocus",
        version=loose.text(entries.get("version")),
        prompt=loose.text(entries.get("prompt")),
        negative_prompt=loose.text(entries.get("negative_prompt")),
        seed=loose.whole(entries.get("seed")),
        width=width,
        height=height,
        num_inference_steps=loose.count(entries.get("steps")),
        sampler=loose.text(entries.get("sampler")),
        scheduler=loose.text(entries.get("scheduler")),
        guidance_scale=loose.real(entries.get("guidance_scale")),
        model=loose.text(entries.get("base_model")),
        model_hash=loose.text(entries.get("base_model_hash")),
        randomness="cpu",
        extra=loose.rest(entries, _USED),
    )
