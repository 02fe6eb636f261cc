"""The samplers of other tools as schedulers of diffusers, for the settings of imported pictures.  No torch.

An unknown sampler is refused: a picture rendered with a scheduler that was only guessed would prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import InvalidRequestError
from engine.models.schedulers import FRIENDLY, scheduler_settings
from engine.rendering.settings import SchedulerSettings
from latentpng.record import Json

_AUTOMATIC: Mapping[str, str] = MappingProxyType(
    {"dpm++ 2m": "karras", "dpm++ sde": "karras", "dpm++ 2m sde": "exponential"}
)
"""The schedule that A1111 1.9 and later uses for "Automatic"; for other samplers it is the plain one."""
_PLAIN = ("", "normal", "uniform", "discrete")
_OPTIONS = ("karras", "exponential", "beta")
_NAMES = {name.casefold() for name in FRIENDLY}
_DRAWING = re.compile("Ancestral|SDE|DDPM|LCM|TCD|SASolver")
_SPELLINGS = (
    (r"[_\s]+", " "),
    (r"^(sample|k) ", ""),
    (r"dpmpp ?", "dpm++ "),
    (r"dpm\+\+(?=\w)", "dpm++ "),
    (r"dpm 2", "dpm2"),
    (r" gpu$", ""),
    (r" k$", " karras"),
    (r" ancestral$", " a"),
    (r"^uni pc$", "unipc"),
)
"""Rewrites names of ComfyUI, InvokeAI and stable-diffusion.cpp (`k_euler_ancestral`, `dpmpp_2m`) to those of A1111."""


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
    sampler, kind = _canonical_name(name), schedule.casefold()
    if kind == "automatic":
        kind = _AUTOMATIC.get(sampler, "")
    if sampler not in _NAMES or kind not in (*_PLAIN, *_OPTIONS):
        asked = f"{name} with the schedule {schedule}" if schedule else name
        raise InvalidRequestError(
            f"no scheduler is known to be the sampler {asked[:120]!r}: choose one with --scheduler"
        )
    option = f", {kind}" if kind in _OPTIONS and not sampler.endswith(kind) else ""
    return scheduler_settings(f"{sampler}{option}").to_json()


def draws_noise(scheduler: SchedulerSettings) -> bool:
    """Return whether a scheduler draws noise at every step; False for the model's own, whose class is not known."""
    algorithm = str(scheduler.options.get("algorithm_type", ""))
    return bool(scheduler.eta) or algorithm.startswith("sde") or bool(_DRAWING.search(scheduler.name))


def _canonical_name(name: str) -> str:
    canonical = name.casefold().strip()
    for pattern, replacement in _SPELLINGS:
        canonical = re.sub(pattern, replacement, canonical)
    return canonical
