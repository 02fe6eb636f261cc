"""stable-diffusion.cpp: the text of the web UI with its own `Version`, followed by a JSON object in newer builds.

Its generators: `cuda` is CUDA's Philox computed on the CPU, `cpu` is torch's Mersenne Twister, `std_default` is that of
the C++ standard library.
"""

from __future__ import annotations

import dataclasses

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import a1111, loose
from latentpng.foreign.tools.infotext import parse
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import Json, JsonObject

_NAME = "stable-diffusion.cpp"
_ENDING = f"Version: {_NAME}"
_JSON_MARK = ", SDCPP: "
_RANDOMNESS = {"cuda": "nv", "cpu": "cpu"}
_USED = ("generator", "height", "mode", "models", "prompt", "sampling", "schema", "seed", "width")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the first text with this `Version`, from its JSON or else its fields; None without one."""
    for keyword in a1111.KEYWORDS:
        front, ending, rest = texts.get(keyword, "").partition(_ENDING)
        if not ending:
            continue
        entries = read_object(rest.removeprefix(_JSON_MARK)) if rest.startswith(_JSON_MARK) else {}
        record = _record_of(entries) if entries else _record_of_text(front + ending)
        if record is not None:
            return record
    return None


def _record_of(entries: JsonObject) -> ForeignRecord:
    generator, prompt = loose.members(entries.get("generator")), loose.members(entries.get("prompt"))
    sampling, models = loose.members(entries.get("sampling")), loose.members(entries.get("models"))
    guidance = loose.members(sampling.get("guidance"))
    rng = loose.text(entries.get("rng"))
    used = [*_USED, *(["rng"] if rng in _RANDOMNESS else [])]
    further: dict[str, Json] = {
        **{f"guidance {key}": value for key, value in guidance.items() if key != "txt_cfg"},
        **{key: sampling[key] for key in ("eta", "flow_shift", "custom_sigmas") if key in sampling},
        **{f"model {key}": value for key, value in models.items()},
    }
    return ForeignRecord(
        tool="sdcpp",
        version=loose.text(generator.get("version")) or loose.text(generator.get("commit")),
        prompt=loose.text(prompt.get("positive")),
        negative_prompt=loose.text(prompt.get("negative")),
        seed=loose.whole(entries.get("seed")),
        width=loose.count(entries.get("width")),
        height=loose.count(entries.get("height")),
        num_inference_steps=loose.count(sampling.get("steps")),
        sampler=loose.text(sampling.get("method")),
        scheduler=loose.text(sampling.get("scheduler")),
        guidance_scale=loose.real(guidance.get("txt_cfg")),
        model=loose.text(models.get("model")) or loose.text(models.get("diffusion_model")),
        randomness=_RANDOMNESS.get(rng, ""),
        extra=(*loose.rest(entries, used), *loose.rest(further, ("model model",))),
    )


def _record_of_text(text: str) -> ForeignRecord | None:
    infotext = parse(text)
    if infotext is None:
        return None
    record = a1111.record_of(infotext)
    sampler, _, scheduler = record.sampler.partition(" ")  # "dpm++2m karras": the names of methods contain no spaces
    rng = infotext.fields.get("RNG", "")
    unet = infotext.fields.get("Unet", "")
    used = (*(["RNG"] if rng in _RANDOMNESS else []), *([] if record.model else ["Unet"]))
    return dataclasses.replace(
        record,
        tool="sdcpp",
        version="",
        sampler=sampler,
        scheduler=scheduler,
        model=record.model or unet,
        randomness=_RANDOMNESS.get(rng, ""),
        extra=loose.rest(dict(record.extra), used),
    )
