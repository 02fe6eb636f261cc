"""Draw Things: a JSON object with the prompts as `c` and `uc`, in the XMP of its pictures or as `Comment`.

Two of its four seed modes draw as torch does: on the CPU, or as on an NVIDIA GPU. The latter is computed, so every
device gives the same noise.
"""

from __future__ import annotations

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import JsonObject

_KEYWORDS = ("UserComment", "Comment")
_PROMPT = "c"
_OTHERS = frozenset({"model", "sampler", "seed", "seed_mode", "steps"})
_MIN_OTHERS = 2
RANDOMNESS = {"torch cpu compatible": "cpu", "nvidia gpu compatible": "nv"}
_USED = ("c", "model", "sampler", "scale", "seed", "size", "steps", "uc")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first object with `c` and enough other settings; None when there is none."""
    for keyword in _KEYWORDS:
        text = texts.get(keyword, "")
        entries = read_object(text) if f'"{_PROMPT}"' in text else {}
        if _PROMPT in entries and len(_OTHERS & entries.keys()) >= _MIN_OTHERS:
            return _record_of(entries)
    return None


def _record_of(entries: JsonObject) -> ForeignRecord:
    width, height = _drawn_size(entries)
    return ForeignRecord(
        tool="drawthings",
        prompt=loose.text(entries.get("c")),
        negative_prompt=loose.text(entries.get("uc")),
        seed=loose.whole(entries.get("seed")),
        width=width,
        height=height,
        num_inference_steps=loose.count(entries.get("steps")),
        sampler=loose.text(entries.get("sampler")),
        guidance_scale=loose.real(entries.get("scale")),
        model=loose.text(entries.get("model")),
        randomness=RANDOMNESS.get(loose.text(entries.get("seed_mode")).lower(), ""),
        extra=loose.rest(entries, _USED),
    )


def _drawn_size(entries: JsonObject) -> tuple[int, int]:
    """Return the size that the noise was drawn for: with the high resolution fix, that of the first stage."""
    first = loose.size(entries.get("first_stage_size")) if entries.get("hires_fix") is True else (0, 0)
    return first if first != (0, 0) else loose.size(entries.get("size"))
