"""Which schedulers can be inverted, and which one to choose instead of another; in words for the person."""

from __future__ import annotations

import inspect
from typing import Any

from engine.errors import InvalidRequestError
from engine.rendering.settings import SchedulerSettings

_NAMES = {
    "DDIMScheduler": "ddim",
    "EulerDiscreteScheduler": "euler",
    "FlowMatchEulerDiscreteScheduler": "euler",
    "DPMSolverMultistepScheduler": "dpm++ 2m",
}
"""The classes that can be inverted, with the names that `--scheduler` takes.

They are deterministic, and a step of theirs depends on the latents and on outputs of the model alone.
"""
_SPOILERS = {
    "clip_sample": "clips its estimates",
    "thresholding": "clips its estimates",
    "stochastic_sampling": "draws noise at every step",
}
"""Options with which a step loses what the inversion needs, and why."""


def check_invertible(scheduler: Any, settings: SchedulerSettings, usable: tuple[str, ...]) -> None:
    """Raise InvalidRequestError unless the steps of a scheduler can be inverted.

    Args:
        scheduler: The scheduler, as it was built.
        settings: What it was built from.
        usable: The class names of the schedulers that the model can use.
    """
    kind = type(scheduler)
    because = _obstacle(scheduler, settings) if kind.__name__ in _NAMES else ""
    if kind.__name__ in _NAMES and not because:
        return
    name = kind.__name__.removesuffix("Scheduler")
    owner = "the scheduler" if settings.name else "the model's own scheduler"
    names = dict.fromkeys(word for kind, word in _NAMES.items() if kind in usable)
    raise InvalidRequestError(f"{owner} {name} cannot be inverted{because}: {_advice(sorted(names))}")


def _obstacle(scheduler: Any, settings: SchedulerSettings) -> str:
    """Return the clause that says which option stands in the way; "" if none does."""
    kind = type(scheduler)
    options = inspect.signature(kind.__init__).parameters
    for option, why in _SPOILERS.items():
        if option in options and scheduler.config.get(option):
            return f", because with {option} it {why}"
    if settings.eta and "eta" in inspect.signature(kind.step).parameters:
        return f", because with eta {settings.eta:g} it draws noise at every step"
    if str(scheduler.config.get("algorithm_type", "")).startswith("sde"):
        return ", because as an SDE solver it draws noise at every step"
    slopes = settings.options.get("predicted_slopes", 1)
    return ", because it predicts slopes from those of earlier steps" if slopes != 1 else ""


def _advice(names: list[str]) -> str:
    if not names:
        return "this model can use no scheduler that can be inverted"
    choice = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return f"choose {choice} with --scheduler"
