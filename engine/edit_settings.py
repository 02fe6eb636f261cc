"""The settings of a picture before and after an edit, in one form, so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.errors import InvalidRequestError
from engine.models.find import model_entry, model_identity, same_weights
from engine.models.imported import is_import
from engine.models.samplers import recorded_scheduler
from engine.options import Options
from engine.rendering.settings import RenderSettings, SchedulerSettings
from engine.target import Target
from latentpng.record import Json, JsonObject, LatentRecord

KEYS = (
    "prompt",
    "negative_prompt",
    "width",
    "height",
    "steps",
    "guidance",
    "scheduler",
    "prompt_style",
    "clip_skip",
    "model",
)
"""The settings that an edit may change."""


def recorded_value(record: LatentRecord, key: str) -> Json:
    """Return what a picture records of a setting; None where it does not."""
    return model_entry(record.settings) if key == "model" else record.settings.get(key)


def settings_before(options: Options, record: LatentRecord, target: Target) -> JsonObject:
    """Return the settings of a picture as `settings_after` returns the new ones, so that they can be compared."""
    known = {key: value for key, value in record.settings.items() if key != "scheduler"}
    settings = RenderSettings.from_json(known, defaults=target.defaults.recorded)
    if options.prompt is None:  # else its tags may have been taken out
        settings = replace(settings, prompt=target.settings.prompt)
    scheduler = target.settings.scheduler if options.scheduler is None else _scheduler(record.settings.get("scheduler"))
    entries = settings.to_json() if scheduler is None else replace(settings, scheduler=scheduler).to_json()
    if scheduler is None:  # a sampler that warmer does not have
        entries["scheduler"] = record.settings.get("scheduler")
    return {**entries, "model": record.settings.get("model")}


def _scheduler(recorded: Json) -> SchedulerSettings | None:
    """Return the scheduler that a picture records; None for a sampler of another tool that is not known."""
    try:
        known = recorded_scheduler(recorded)
        return SchedulerSettings() if known is None else SchedulerSettings.from_json(known)
    except InvalidRequestError:
        return None


# A picture that does not record which weights made it, as those of other tools, cannot be edited to have others: an
# option that names a model says there which one is meant.
def settings_after(record: LatentRecord, target: Target) -> JsonObject:
    """Return the settings that the target renders with; the model is the recorded one, if it has the same weights."""
    recorded, model = model_entry(record.settings), target.load.model
    is_own = isinstance(recorded, Mapping) and not is_import(recorded)
    then: Json = record.settings.get("model")
    if is_own and model.download:
        then = {"name": model.name}
    elif is_own:
        identity = model_identity(model, target.load.memory)
        if not same_weights(_unquantised(recorded), _unquantised(identity)):
            then = identity
    return {**target.settings.to_json(), "model": then}


def _unquantised(model: Json) -> JsonObject:
    """Return a model without how its weights are stored here, which edits nothing."""
    entries = model if isinstance(model, Mapping) else {}
    return {key: value for key, value in entries.items() if key != "quantised"}
