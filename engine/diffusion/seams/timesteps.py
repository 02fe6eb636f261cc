"""What schedulers need to be told on models that follow a flow: names of options, times, and which sigmas cannot be.

A flow's sigmas run from 1 to 0.  Its pipelines give their times themselves (`sigmas`, `mu`); solvers that were made
for models that predict noise make their own, and only need to hear of the shift.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidRequestError
from latentpng.record import JsonObject

FLOW = ("FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler", "FlowMatchLCMScheduler")
"""Made for flows."""

SOLVERS = ("DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "UniPCMultistepScheduler")
"""Run flow models when they are told so.  DEIS and SASolver take the same words, but in diffusers 0.42 they repeat the
last sigma of a flow instead of going to 0, so that noise stays in the picture."""

_SPACINGS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")


def in_flow_terms(kind: str, options: JsonObject) -> dict[str, Any]:
    """The options as this class names them: the shift has two names, and one that is given is no longer dynamic."""
    shift = options.get("shift", options.get("flow_shift"))
    others = {name: value for name, value in options.items() if name not in ("shift", "flow_shift")}
    if shift is None:
        return others
    if kind != "FlowMatchHeunDiscreteScheduler":  # it knows no other shift
        others.setdefault("use_dynamic_shifting", False)
    return {_shift_name(kind): shift, **others}


def check_sigmas(scheduler: Any) -> None:
    """InvalidRequestError when a spacing of the sigmas is asked for that this solver computes for other models only."""
    name = type(scheduler).__name__
    asked = [spacing for spacing in _SPACINGS if scheduler.config.get(spacing)]
    if name not in SOLVERS or not asked:
        return
    scheduler.set_timesteps(8, **({"mu": 1.0} if scheduler.config.get("use_dynamic_shifting") else {}))
    if float(scheduler.sigmas.max()) > 1.0:
        raise InvalidRequestError(
            f"the scheduler {name.removesuffix('Scheduler')} cannot do {asked[0]} for a model that follows a flow; "
            "FlowMatchEulerDiscrete can"
        )


def take_all_times(scheduler: Any, own: Mapping[str, Any], *, dynamic: bool) -> None:
    """Lets the pipeline give its times to a scheduler that makes its own: only their number and the shift are used.

    own: the configuration of the model's scheduler.  dynamic: the shift follows the size of the picture.
    A pipeline that gives `timesteps` beside `sigmas` (CogView 4) tells its model the time before the shift.
    """
    original = scheduler.set_timesteps
    if {"sigmas", "timesteps", "mu"} <= set(inspect.signature(original).parameters):
        return
    name = _shift_name(type(scheduler).__name__)

    def set_timesteps(
        num_inference_steps: int = 0, device: Any = None, sigmas: Any = None, timesteps: Any = None, mu: float = 0.0
    ) -> None:
        if dynamic and mu:
            scheduler.register_to_config(**{name: mu if own.get("time_shift_type") == "linear" else math.exp(mu)})
        original(num_inference_steps if sigmas is None else len(sigmas), device=device)
        if timesteps is not None:
            whole, shift = float(scheduler.config["num_train_timesteps"]), scheduler.config[name]
            sigma = scheduler.timesteps / whole
            scheduler.timesteps = whole * sigma / (shift - (shift - 1.0) * sigma)

    scheduler.set_timesteps = set_timesteps


def _shift_name(kind: str) -> str:
    return "shift" if kind in FLOW else "flow_shift"
