"""Settings in a form of no known tool, read by the names of their fields: a JSON object, or a text for each field.

Many small programs write their settings under names that everybody uses. What they mean by them is as sure as these
names are, so a note says how they were read, and the tool stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111, loose, unknown
from latentpng.foreign.tools.objects import objects_in
from latentpng.record import Json, JsonObject

MAX_OBJECTS = 8  # that are parsed
MAX_KEYWORDS = 64
_MARK = 'rompt"'  # of "prompt" and "Prompt"
_PROMPT = "prompt"
_MIN_OTHERS = 2
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        name: field
        for field, names in {
            _PROMPT: "prompt positiveprompt positive sd:prompt",
            "negative": "negativeprompt negative promptneg uncondprompt sd:negativeprompt",
            "seed": "seed noiseseed sd:seed",
            "width": "width w imgw imagewidth sd:width",
            "height": "height h imgh imageheight sd:height",
            "size": "size resolution imagesize",
            "steps": "steps numinferencesteps inferencesteps samplingsteps numsteps ddimsteps sd:steps",
            "sampler": "sampler samplername samplertype samplingmethod sd:samplername",
            "scheduler": "scheduler schedulername schedulertype schedule noiseschedule",
            "guidance": "cfgscale cfg guidancescale guidance scale scaletxt sd:cfgscale",
            "model": "model modelname modelid sdmodelcheckpoint sdmodel checkpoint basemodel ckpt ckptname models",
        }.items()
        for name in names.split()
    }
)
"""What the names mean, in lower case and without spaces, dashes and underscores."""
_INNER = ("params", "parameters", "settings", "options", "metadata", "input", "request", "config")
"""Names of objects inside the object that may contain the settings."""
_PROGRAMS = MappingProxyType({"nmkdiffusion": "NMKD Stable Diffusion GUI"})


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first object with enough settings, or else of single texts; None without a prompt."""
    for keyword in islice((keyword for keyword, text in texts.items() if _MARK in text), MAX_OBJECTS):
        for found in objects_in(texts, _MARK, (keyword,)):
            fields, others = _fields({**_inner(found), **found})
            if loose.text(fields.get(_PROMPT)) and len(fields) > _MIN_OTHERS:
                return _record_of(fields, others, f"its text {keyword!r}", made_by=_PROGRAMS.get(keyword.lower(), ""))
    words = {keyword: text for keyword, text in islice(texts.items(), MAX_KEYWORDS) if _is_words(text)}
    fields, others = _fields(words)
    if " " not in loose.text(fields.get(_PROMPT)).strip():
        return None
    record = _record_of(fields, {}, "its texts")
    left = unknown.read({keyword: text for keyword, text in texts.items() if keyword in others or keyword not in words})
    return replace(record, notes=(*record.notes, *left.notes)) if left else record


def _is_words(text: str) -> bool:
    return not text.lstrip().startswith(("{", "["))


def _inner(entries: JsonObject) -> dict[str, Json]:
    """Return what the objects inside an object say."""
    inner = (loose.members(entries.get(name)) for name in _INNER)
    return {name: value for found in inner for name, value in found.items()}


def _fields(entries: JsonObject) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the values whose names are known, the first of each, and the others by their own names."""
    known: dict[str, Json] = {}
    others: dict[str, Json] = {}
    for name, value in entries.items():
        field = _NAMES.get(name.casefold().replace("_", "").replace(" ", "").replace("-", ""), "")
        if not field and name not in _INNER:
            others[name] = value
        elif field and value not in (None, "", [], {}):
            known.setdefault(field, value)
    return known, others


def _record_of(fields: dict[str, Json], others: dict[str, Json], source: str, *, made_by: str = "") -> ForeignRecord:
    width, height = loose.size(fields.get("size"))
    prompt, negative = loose.text(fields.get(_PROMPT)), loose.text(fields.get("negative"))
    if not negative and a1111.HORDE_NEGATIVE in prompt and loose.text(fields.get("sampler")).startswith("k_"):
        prompt, negative = (part.strip() for part in prompt.split(a1111.HORDE_NEGATIVE, 1))
    is_alone = not fields.keys() - {_PROMPT, "negative"}
    is_one = not source.endswith("s")
    read = "is of no known form; it was read" if is_one else "are of no known form; they were read"
    note = f"{source} {read} by the names of the settings"
    return ForeignRecord(
        tool=unknown.TOOL,
        prompt=prompt,
        negative_prompt=negative,
        seed=loose.seed(fields.get("seed")),
        width=width or loose.count(fields.get("width")),
        height=height or loose.count(fields.get("height")),
        num_inference_steps=loose.count(fields.get("steps")),
        sampler=loose.text(fields.get("sampler")),
        scheduler=loose.text(fields.get("scheduler")),
        guidance_scale=loose.real(fields.get("guidance")),
        model=next(_names_of(fields.get("model")), ""),
        made_by=made_by,
        notes=("its text 'prompt' contains a prompt and no settings" if is_alone else note,),
        extra=loose.rest(others, ()),
    )


def _names_of(value: Json) -> Iterator[str]:
    """Yield the name of a model, which is a text, the first of a list, or in an object."""
    for entry in (value, *loose.items(value)[:1]):
        named = loose.members(entry)
        yield from filter(None, map(loose.text, (entry, named.get("name"), named.get("model_name"))))
