"""Which schedulers can be inverted, as far as their settings tell; a photograph needs one of them.

The worker, which builds the scheduler, has the last word: `engine.diffusion.inversion.supported`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.models.samplers import draws_noise
from engine.rendering.settings import SchedulerSettings

INVERTIBLE: Mapping[str, str] = MappingProxyType(
    {
        "DDIMScheduler": "ddim",
        "EulerDiscreteScheduler": "euler",
        "FlowMatchEulerDiscreteScheduler": "euler",
        "DPMSolverMultistepScheduler": "dpm++ 2m",
    }
)
"""The classes that can be inverted, with the names that `--scheduler` takes.

They are deterministic, and a step of theirs depends on the latents and on outputs of the model alone.
"""
SPOILERS: Mapping[str, str] = MappingProxyType(
    {
        "clip_sample": "clips its estimates",
        "thresholding": "clips its estimates",
        "stochastic_sampling": "draws noise at every step",
    }
)
"""Options with which a step loses what the inversion needs, and why."""


def may_be_inverted(settings: SchedulerSettings) -> bool:
    """Return whether a scheduler can be inverted; True for the model's own, whose class is not known here.

    Args:
        settings: The scheduler.
    """
    is_known = not settings.name or settings.name in INVERTIBLE
    is_spoiled = any(settings.options.get(option) for option in SPOILERS)
    return is_known and not (is_spoiled or draws_noise(settings) or settings.options.get("predicted_slopes", 1) != 1)
