"""Stability Matrix: an object `parameters-json`, and its project as `smproj`, beside what ComfyUI writes.

It renders with ComfyUI, whose graph says more and is read first. The object and the project are what remains when the
graph was removed or is not understood. The object has the size of the finished picture, and the project that of the
noise.
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
_MAY_BE_ZERO = ("Seed", "CfgScale")
_KINDS = {"HiresFixModule": "hires", "FaceDetailerModule": "detailer", "UpscalerModule": "upscale"}
_FROM_PICTURE = ("ImageToImage", "Inpainting")


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of the graph, completed by the object, or that of object and project; None without both."""
    entries = read_object(texts.get(_SETTINGS, ""))
    if not entries and _PROJECT not in texts:
        return None
    record = comfyui.read(texts)
    if record is None or record.seed is None:
        return _record_of(entries, read_object(texts.get(_PROJECT, "")))
    return dataclasses.replace(
        record,
        made_by=NAME,
        prompt=loose.text(entries.get("PositivePrompt")) or record.prompt,
        negative_prompt=loose.text(entries.get("NegativePrompt")) or record.negative_prompt,
        model=loose.text(entries.get("ModelName")) or record.model,
        model_hash=loose.text(entries.get("ModelHash")) or record.model_hash,
    )


def _record_of(entries: JsonObject, project: JsonObject) -> ForeignRecord:
    state = loose.members(project.get("State"))
    set_here = {name: value for name, value in entries.items() if value or name in _MAY_BE_ZERO}
    said = {**_settings_of_state(state), **set_here}
    sampler = loose.members(state.get("Sampler"))
    drawn = sampler if loose.count(sampler.get("Width")) and sampler.get("IsDimensionsEnabled") is True else said
    return ForeignRecord(
        tool="stabilitymatrix",
        prompt=loose.text(said.get("PositivePrompt")),
        negative_prompt=loose.text(said.get("NegativePrompt")),
        seed=loose.seed(said.get("Seed")),
        width=loose.count(drawn.get("Width")),
        height=loose.count(drawn.get("Height")),
        num_inference_steps=loose.count(said.get("Steps")),
        sampler=loose.text(said.get("Sampler")),
        guidance_scale=loose.real(said.get("CfgScale")),
        model=loose.text(said.get("ModelName")),
        model_hash=loose.text(said.get("ModelHash")),
        made_by=NAME,
        extra=(*loose.rest(_further(project, state), ()), *loose.rest(said, _USED)),
    )


def _settings_of_state(state: JsonObject) -> dict[str, Json]:
    """Return the settings of a project under the names of the object."""
    sampler, prompt = loose.members(state.get("Sampler")), loose.members(state.get("Prompt"))
    return {
        "PositivePrompt": prompt.get("Prompt"),
        "NegativePrompt": prompt.get("NegativePrompt"),
        "Seed": loose.members(state.get("Seed")).get("Seed"),
        "Steps": sampler.get("Steps"),
        "Sampler": loose.members(sampler.get("SelectedSampler")).get("Name"),
        "CfgScale": sampler.get("CfgScale"),
        "ModelName": loose.members(state.get("Model")).get("SelectedModelName"),
    }


def _further(project: JsonObject, state: JsonObject) -> dict[str, Json]:
    """Return what only the project says."""
    kind, model = loose.text(project.get("ProjectType")), loose.members(state.get("Model"))
    return {
        "ProjectType": kind,
        "generation_mode": "img2img" if kind in _FROM_PICTURE else "",
        "clip_skip": model.get("ClipSkip") if model.get("IsClipSkipEnabled") is True else None,
        "passes": _passes(state),
    }


def _passes(state: JsonObject) -> list[Json]:
    """Return the passes behind the first one that are switched on in the project."""
    modules = loose.members(state.get("Modules"))
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
