"""Stability Matrix: an object `parameters-json`, and its project as `smproj`, beside what ComfyUI writes.

It renders with ComfyUI, whose graph says more and is read first. The object alone is what remains when the graph was
removed or is not understood.
"""

from __future__ import annotations

import dataclasses

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.foreign.tools.comfyui import read as comfyui
from latentpng.foreign.tools.loosejson import read_object
from latentpng.record import Json, JsonObject

NAME = "Stability Matrix"
MAX_MODULES = 64
_SETTINGS, _PROJECT = "parameters-json", "smproj"
_USED = (
    "CfgScale",
    "Height",
    "ModelHash",
    "ModelName",
    "NegativePrompt",
    "PositivePrompt",
    "Sampler",
    "Seed",
    "Steps",
    "Width",
)
_KINDS = {"HiresFixModule": "hires", "FaceDetailerModule": "detailer", "UpscalerModule": "upscale"}
_FROM_PICTURE = ("ImageToImage", "Inpainting")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the graph, completed by the object, or that of the object; None when there is neither."""
    entries = read_object(texts.get(_SETTINGS, ""))
    if not entries and _PROJECT not in texts:
        return None
    record = comfyui.read(texts)
    if record is None or record.seed is None:
        return _record_of(entries, read_object(texts.get(_PROJECT, ""))) if entries else None
    return dataclasses.replace(
        record,
        made_by=NAME,
        prompt=loose.text(entries.get("PositivePrompt")) or record.prompt,
        negative_prompt=loose.text(entries.get("NegativePrompt")) or record.negative_prompt,
        model=loose.text(entries.get("ModelName")) or record.model,
        model_hash=loose.text(entries.get("ModelHash")) or record.model_hash,
    )


def _record_of(entries: JsonObject, project: JsonObject) -> ForeignRecord:
    kind = loose.text(project.get("ProjectType"))
    further: dict[str, Json] = {
        "ProjectType": kind,
        "generation_mode": "img2img" if kind in _FROM_PICTURE else "",
        "passes": _passes(project),
    }
    unset = {name: value for name, value in entries.items() if value not in (0, False)}
    return ForeignRecord(
        tool="stabilitymatrix",
        prompt=loose.text(entries.get("PositivePrompt")),
        negative_prompt=loose.text(entries.get("NegativePrompt")),
        seed=loose.seed(entries.get("Seed")),
        width=loose.count(entries.get("Width")),
        height=loose.count(entries.get("Height")),
        num_inference_steps=loose.count(entries.get("Steps")),
        sampler=loose.text(entries.get("Sampler")),
        guidance_scale=loose.real(entries.get("CfgScale")),
        model=loose.text(entries.get("ModelName")),
        model_hash=loose.text(entries.get("ModelHash")),
        made_by=NAME,
        extra=(*loose.rest(further, ()), *loose.rest(unset, _USED)),
    )


def _passes(project: JsonObject) -> list[Json]:
    """Return the passes behind the first one that are switched on in the project."""
    modules = loose.members(loose.members(loose.members(project.get("State")).get("Modules")))
    found: list[Json] = []
    for module in map(loose.members, loose.items(modules.get("$values"))[:MAX_MODULES]):
        kind = _KINDS.get(loose.text(module.get("$type")))
        if kind and module.get("IsEnabled") is True:
            found.append({"kind": kind, **_settings_of(module)})
    return found


def _settings_of(module: JsonObject) -> dict[str, Json]:
    """Return the steps and the share of new noise of a module, where it sets its own."""
    told: dict[str, Json] = {}
    for card in map(loose.members, loose.items(module.get("$values"))[:MAX_MODULES]):
        for name, value in (("steps", card.get("Steps")), ("denoise", card.get("DenoiseStrength"))):
            if loose.real(value) is not None:
                told[name] = value
        if loose.real(card.get("Scale")) is not None:
            told["upscale"] = card.get("Scale")
    return told
