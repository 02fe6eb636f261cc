"""Change the settings of a picture and keep its noise: from what is edited to a round that records it.

The change is a round that moves nothing: its `settings` are the new values, its `before` the old ones
(latentpng/SPEC.md, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from engine.models.find import model_identity
from engine.options import Options
from engine.search.variants import Variant
from engine.target import target_for_record
from latentpng.record import Json, LatentRecord, Round

KEYS = ("prompt", "negative_prompt", "width", "height", "steps", "guidance", "scheduler", "prompt_style", "model")
"""The settings that an edit may change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What is to change; the fields are those of `Options`, and None or an empty value leaves the setting.

    Attributes:
        prompt: What the picture shows.
        negative_prompt: What it should not show; "" for nothing.
        num_inference_steps: Denoising steps.
        guidance_scale: How strictly the prompt is followed.
        scheduler: A scheduler as people write it; "" for the model's own.
        size: Width and height in pixels, or ().
        loras: LoRA files, each "FILE" or "FILE:WEIGHT"; ("none",) for none, () leaves them.
        model: A model as `Options.model`; "" leaves it.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    size: tuple[int, ...] = ()
    loras: tuple[str, ...] = ()
    model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditedSettings:
    """What an edit leads to.

    Attributes:
        round_: The round that records it.
        variant: What renders the pictures from here on.
        notice: What is to be known about it, as a sentence; "" for nothing.
    """

    round_: Round
    variant: Variant
    notice: str = ""


def edited(options: Options, record: LatentRecord, edit: Edit) -> EditedSettings:
    """Return what an edit of a picture leads to; it takes time, because the model is looked up.

    Args:
        options: What was asked for when the search began: device, memory and the like.
        record: The record of the picture.
        edit: What is to change.

    Raises:
        ModelError: The model cannot be used.
        InvalidRequestError: A setting is out of range.
    """
    changes = {field.name: getattr(edit, field.name) for field in fields(edit)}
    asked = {name: value for name, value in changes.items() if value != getattr(Edit(), name)}
    target = target_for_record(replace(options, **asked), record)
    after: dict[str, Json] = {
        **target.settings.to_json(),
        "model": model_identity(target.load.model, target.load.memory),
    }
    changed = [key for key in KEYS if record.settings.get(key) != after.get(key)]
    round_ = Round(seed=0, scale=0.0, settings={key: after.get(key) for key in changed})
    return EditedSettings(round_=round_, variant=Variant(load=target.load), notice=target.notice)
