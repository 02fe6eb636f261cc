"""TensorArt (and Tusi, its Chinese site): an object `generation_data` beside the graph of ComfyUI.

The graph names files by numbers of the site, so the names of models come from the object, while the seed, which is
often -1 there, comes from the graph. The site draws noise in modes of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui import read as comfyui
from latentpng.foreign.tools.loosejson import read_object
from latentpng.foreign.tools.objects import named_files
from latentpng.record import Json, JsonObject

NAME = "TensorArt"
MAX_MODELS = 64
_KEYWORD = "generation_data"
_MODE = "seed_mode"
_OWN_MODES = ("A1111",)
_USED = (
    "baseModel",
    "cfgScale",
    "height",
    "ksamplerName",
    "models",
    "negativePrompt",
    "prompt",
    "schedule",
    "seed",
    "steps",
    "width",
)


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the graph with the names of the object, or that of the object; None without the object."""
    entries = read_object(texts.get(_KEYWORD, ""))
    if not entries:
        return None
    graph = comfyui.read(texts)
    return _record_of(entries) if graph is None or graph.seed is None else _completed(graph, entries)


def _completed(record: ForeignRecord, entries: JsonObject) -> ForeignRecord:
    model = loose.members(entries.get("baseModel"))
    loras = named_files(_loras(entries))
    mode = loose.text(dict(record.extra).get(_MODE))
    is_own = mode in _OWN_MODES
    replaced = ("loras", "lora_weights") if loras else ()
    return dataclasses.replace(
        record,
        made_by=NAME,
        prompt=loose.text(entries.get("prompt")) or record.prompt,
        negative_prompt=loose.text(entries.get("negativePrompt")) or record.negative_prompt,
        model=_name(model) or record.model,
        model_hash=loose.text(model.get("hash")) or record.model_hash,
        randomness="" if is_own else record.randomness,
        unknown_noise=record.unknown_noise
        or (f"{NAME} draws it in its own way for the seed mode {mode}" if is_own else ""),
        extra=(*loose.rest({"loras": loras}, ()), *loose.rest(dict(record.extra), replaced)),
    )


def _record_of(entries: JsonObject) -> ForeignRecord:
    model = loose.members(entries.get("baseModel"))
    return ForeignRecord(
        tool="tensorart",
        prompt=loose.text(entries.get("prompt")),
        negative_prompt=loose.text(entries.get("negativePrompt")),
        seed=loose.seed(entries.get("seed")),
        width=loose.count(entries.get("width")),
        height=loose.count(entries.get("height")),
        num_inference_steps=loose.count(entries.get("steps")),
        sampler=loose.text(entries.get("ksamplerName")) or loose.text(entries.get("samplerName")),
        scheduler=loose.text(entries.get("schedule")),
        guidance_scale=loose.real(entries.get("cfgScale")),
        model=_name(model),
        model_hash=loose.text(model.get("hash")),
        made_by=NAME,
        unknown_noise=f"{NAME} does not publish how it draws its noise",
        extra=(*loose.rest({"loras": named_files(_loras(entries))}, ()), *loose.rest(entries, _USED)),
    )


def _loras(entries: JsonObject) -> Iterator[tuple[str, Json, str]]:
    for model in map(loose.members, loose.items(entries.get("models"))[:MAX_MODELS]):
        if loose.text(model.get("type")).upper() in ("LORA", "LOCON", "LYCORIS", "DORA"):
            yield _name(model), loose.real(model.get("weight")), loose.text(model.get("hash"))


def _name(model: JsonObject) -> str:
    return (
        loose.text(model.get("modelFileName")) or loose.text(model.get("modelName")) or loose.text(model.get("label"))
    )
