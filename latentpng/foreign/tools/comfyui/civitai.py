"""Complete a record with what the site Civitai wrote beside the graph of a picture (`extraMetadata`)."""

from __future__ import annotations

from dataclasses import replace

from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.record import JsonObject

_USED = ("prompt", "negativePrompt", "steps", "cfgScale", "sampler", "scheduler", "seed", "width", "height")


def completed(record: ForeignRecord, told: JsonObject) -> ForeignRecord:
    """Return a record with what its graph does not say.

    Args:
        record: What the graph says.
        told: What Civitai says.
    """
    seed = loose.whole(told.get("seed"))
    width, height = loose.count(told.get("width")), loose.count(told.get("height"))
    has_size = bool(record.width and record.height) or not (width and height)
    guidance = record.guidance_scale
    return replace(
        record,
        prompt=record.prompt or loose.text(told.get("prompt")),
        negative_prompt=record.negative_prompt or loose.text(told.get("negativePrompt")),
        seed=seed if record.seed is None and _may_have_seed(record) else record.seed,
        width=record.width if has_size else width,
        height=record.height if has_size else height,
        num_inference_steps=record.num_inference_steps or loose.count(told.get("steps")),
        guidance_scale=loose.real(told.get("cfgScale")) if guidance is None else guidance,
        sampler=record.sampler or loose.text(told.get("sampler")),
        scheduler=record.scheduler or loose.text(told.get("scheduler")),
        made_by="Civitai",
        extra=(*record.extra, *loose.rest(told, _USED)),
    )


def _may_have_seed(record: ForeignRecord) -> bool:
    """Return False when the graph names a sampler, which then adds no noise that has a seed."""
    return not dict(record.extra).get("sampler_node")
