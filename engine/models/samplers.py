"""The samplers of other tools in the settings of imported pictures, as schedulers of diffusers.  No torch.

An unknown sampler is refused: a picture rendered with a scheduler that was only guessed would prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.errors import InvalidRequestError
from engine.models.sampler_names import (
    AUTOMATIC,
    SAMPLERS,
    NamedSampler,
    find_sampler,
    find_schedule,
    own_range,
    with_schedule,
)
from engine.rendering.settings import SchedulerSettings
from latentpng.record import Json

_DRAWING = re.compile("Ancestral|SDE|DDPM|LCM|TCD|SASolver")


def recorded_scheduler(value: Json) -> Json:
    """Return a picture's `settings["scheduler"]` as this program writes it, translated from another tool's names.

    Raises:
        InvalidRequestError: No scheduler of diffusers is known to be this sampler with this schedule.
    """
    if not isinstance(value, Mapping):
        return value
    name, schedule = value.get("name", ""), value.get("schedule", "")
    if not isinstance(name, str) or not isinstance(schedule, str) or not name or name.endswith("Scheduler"):
        return value
    sampler = find_sampler(name)
    if sampler is None:
        raise _unknown(name, schedule)
    return _as_recorded(name, sampler, schedule).to_json()


def draws_noise(scheduler: SchedulerSettings) -> bool:
    """Return whether a scheduler draws noise at every step; False for the model's own, whose class is not known."""
    algorithm = str(scheduler.options.get("algorithm_type", ""))
    return bool(scheduler.eta) or algorithm.startswith("sde") or bool(_DRAWING.search(scheduler.name))


# A1111 writes its names with capitals ("Euler a"), and without a schedule it spaces the timesteps evenly.  InvokeAI
# writes small letters and no schedule ("euler_k") and runs the schedulers of diffusers with the model's own spacing.
# ComfyUI and most others write small letters and always a schedule.
def _as_recorded(name: str, sampler: NamedSampler, schedule: str) -> SchedulerSettings:
    # "UniPC Trailing" is of Draw Things: A1111 has no such name of a sampler that makes its timesteps itself
    webui = name != name.casefold() and not (sampler.schedule and SAMPLERS[sampler.name].makes_timesteps)
    is_automatic = schedule.casefold() == AUTOMATIC
    found = sampler.schedule if is_automatic else find_schedule(schedule, sampler.name)
    if schedule and not found and not is_automatic:
        raise _unknown(name, schedule)
    if not found:
        found = find_schedule(AUTOMATIC, sampler.name) if is_automatic else sampler.schedule
    if not found and not SAMPLERS[sampler.name].automatic:
        return SAMPLERS[sampler.name].settings
    if schedule or webui:
        return with_schedule(sampler.name, found or "normal", webui=webui)
    return own_range(sampler)


def _unknown(name: str, schedule: str) -> InvalidRequestError:
    asked = f"{name} with the schedule {schedule}" if schedule else name
    return InvalidRequestError(f"no scheduler is known to be the sampler {asked[:120]!r}: choose one with --scheduler")
