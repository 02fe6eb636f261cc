"""Schedulers that take their steps at the noise levels of another tool's schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.diffusion.schedules import Floats, NoiseLevels, before_shift, flow_levels, sigmas_of
from engine.diffusion.seams.timesteps import (
    HOOKED,
    INTERLEAVED,
    TAKES_TIMESTEPS,
    impose_flow_sigmas,
    impose_sigmas,
)
from engine.errors import InvalidRequestError
from latentpng.record import JsonObject

SIGMA_SPACINGS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")
"""Options by which schedulers of diffusers space their sigmas."""

_FOLLOWING = (*HOOKED, *TAKES_TIMESTEPS, "EulerAncestralDiscreteScheduler")
_ENDS_ABOVE_ZERO = ("DEISMultistepScheduler", "SASolverScheduler", "UniPCMultistepScheduler")
"""Divide by zero, or leave noise in the picture, where the last noise level is 0."""
_NO_SIGNAL = 1e-7
_ZERO_SNR_SIGNAL = 4.8973451890853435e-08
"""What of a picture's variance both tools leave at the last level where a model has none, a sigma of 4519; diffusers
leaves 2^-24 or nothing, by class."""
_FEW_STEPS = 8
_NEARLY_ZERO = 0.001
"""The last noise level of these; ComfyUI's UniPC ends there too."""


def check_schedule(name: str, schedule: str, options: JsonObject, flow_schedulers: tuple[str, ...]) -> None:
    """Refuse a schedule that a scheduler cannot follow.

    Args:
        name: The class of the scheduler.
        schedule: One of `engine.rendering.settings.SCHEDULES`.
        options: All other options.
        flow_schedulers: The classes that can follow one on this model if it is a flow model; else empty.

    Raises:
        InvalidRequestError: The scheduler cannot follow it, or an option spaces the sigmas as well.
    """
    spacing = next((name for name in SIGMA_SPACINGS if options.get(name)), "")
    if spacing:
        raise InvalidRequestError(
            f"the scheduler options {spacing!r} and 'schedule' both space the sigmas: choose one of them"
        )
    if name not in (flow_schedulers or _FOLLOWING):
        raise InvalidRequestError(
            f"the scheduler {_short(name)} chooses its timesteps itself, so it cannot follow the schedule "
            f"{schedule!r}: {'FlowMatchEulerDiscrete' if flow_schedulers else 'EulerDiscrete'} can"
        )


# ComfyUI starts from the noise times sqrt(1 + sigma ** 2), A1111 from the noise times sigma.  Those are the scales of
# "leading" and "linspace", which is all that is left of the spacing where a schedule sets the sigmas.
def options_to_follow(name: str, options: JsonObject, *, is_flow: bool) -> dict[str, Any]:
    """Return the options of the class that let a scheduler follow a schedule.

    Args:
        name: The class of the scheduler.
        options: Those that were asked for, without the schedule.
        is_flow: Whether the model follows a flow.
    """
    others = {option: value for option, value in options.items() if option != "timestep_spacing"}
    if is_flow or name in TAKES_TIMESTEPS:
        return others
    if name in HOOKED:
        others["use_karras_sigmas"] = True
    if name != "DPMSolverSinglestepScheduler":  # it has no spacing
        others["timestep_spacing"] = options.get("timestep_spacing", "leading")
    return others


def follow_schedule(scheduler: Any, schedule: str, family: str, *, discard_next_to_last: bool) -> None:
    """Let a scheduler of a model that predicts noise or v take its steps at the noise levels of a schedule.

    Args:
        scheduler: Built with `options_to_follow`.
        schedule: One of `engine.rendering.settings.SCHEDULES`.
        family: "SDXL", "SD" for Stable Diffusion 1 and 2, or "" for other models.
        discard_next_to_last: Leave out the lowest level above the end.

    Raises:
        InvalidRequestError: The schedule is not known for this model, or the scheduler cannot reach its end.
    """
    cumulative = scheduler.alphas_cumprod.double().numpy()
    cumulative = np.where(cumulative < _NO_SIGNAL, _ZERO_SNR_SIGNAL, cumulative)
    levels = NoiseLevels(table=np.sqrt((1.0 - cumulative) / cumulative), family=family)

    def levels_of(steps: int) -> Floats:
        return _ended(sigmas_of(schedule, steps, levels, discard_next_to_last=discard_next_to_last), levels, scheduler)

    levels_of(_FEW_STEPS)  # refuses what this model or scheduler cannot do, before anything is rendered
    impose_sigmas(scheduler, levels_of, levels.times_of)


def follow_flow_schedule(
    scheduler: Any, schedule: str, *, shift_option: str, is_solver: bool, discard_next_to_last: bool
) -> None:
    """Let a scheduler of a flow model take its steps at the noise levels of a schedule.

    Args:
        scheduler: A scheduler of a flow model.
        schedule: One of `engine.rendering.settings.SCHEDULES`.
        shift_option: What this scheduler calls the shift of its times: "shift" or "flow_shift".
        is_solver: Whether it computes the logarithm of 1 - sigma, so that its first sigma is below 1.
        discard_next_to_last: Leave out the lowest level above the end.

    Raises:
        InvalidRequestError: The schedule is not known for this model, or the scheduler cannot reach its end.
    """
    train = int(scheduler.config["num_train_timesteps"])

    def levels_of(steps: int, shift: float) -> Floats:
        levels = flow_levels(shift, train)
        found = _ended(sigmas_of(schedule, steps, levels, discard_next_to_last=discard_next_to_last), levels, scheduler)
        return np.minimum(found, 1.0 - 1.0 / train) if is_solver else found

    levels_of(_FEW_STEPS, 1.0)
    impose_flow_sigmas(scheduler, levels_of, before_shift, shift_option=shift_option)


def _ended(sigmas: Floats, levels: NoiseLevels, scheduler: Any) -> Floats:
    """Return the levels with the end that this scheduler can reach.

    Raises:
        InvalidRequestError: The schedule ends above zero, and the scheduler does not.
    """
    name, config = type(scheduler).__name__, scheduler.config
    end = levels.low if _ends_at_lowest(config) else float(sigmas[-1])
    if end == 0.0 and name in _ENDS_ABOVE_ZERO:
        end = _NEARLY_ZERO
    if end > 0.0 and name in (
        *INTERLEAVED,
        *TAKES_TIMESTEPS,
        "FlowMatchEulerDiscreteScheduler",
        "FlowMatchLCMScheduler",
    ):
        raise InvalidRequestError(f"the scheduler {_short(name)} ends at 0, and this schedule at {end:.3g}")
    return np.concatenate([sigmas[:-1], [end]])


def _ends_at_lowest(config: Mapping[str, Any]) -> bool:
    return config.get("final_sigmas_type") == "sigma_min"


def _short(name: str) -> str:
    return name.removesuffix("Scheduler")
