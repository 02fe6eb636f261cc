"""Schedulers, always built anew from the model's own configuration, never from the last one used."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import diffusers

from engine.diffusion.seams.timesteps import FLOW, SOLVERS, check_sigmas, in_flow_terms, take_all_times
from engine.errors import InvalidRequestError, ModelError
from engine.rendering.settings import SchedulerSettings

_UNLISTED = ("LCMScheduler", "TCDScheduler", "SASolverScheduler", "DDIMParallelScheduler", "DDPMParallelScheduler")
"""Run on the same models as those that diffusers lists as compatible, though it does not list them."""

_NOT = ("EDMEulerScheduler",)
"""Listed by diffusers, but made for models with another scaling of their input."""

_FLOW_NAMES = {
    "EulerDiscreteScheduler": "FlowMatchEulerDiscreteScheduler",
    "HeunDiscreteScheduler": "FlowMatchHeunDiscreteScheduler",
    "LCMScheduler": "FlowMatchLCMScheduler",
}
"""What a name that people know means for a flow model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnScheduler:
    """The scheduler that the model came with: its class, and its configuration as it was loaded."""

    kind: type
    config: Mapping[str, Any]

    @staticmethod
    def of(pipe: Any) -> OwnScheduler:
        """As it stands in `pipe` now.  ModelError when it is of a kind that cannot be controlled."""
        kind = type(pipe.scheduler).__name__.removesuffix("Scheduler")
        if not hasattr(pipe.scheduler, "step"):
            raise ModelError(f"the model's scheduler {kind} has no steps of its own, so it cannot be controlled")
        return OwnScheduler(kind=type(pipe.scheduler), config=dict(pipe.scheduler.config))

    @property
    def is_flow(self) -> bool:
        """Does the model follow a flow from noise to picture, instead of predicting noise?"""
        return self.kind.__name__.startswith("FlowMatch") or self.config.get("prediction_type") == "flow_prediction"

    @property
    def usable(self) -> tuple[str, ...]:
        """Class names of the schedulers that this model can use, sorted."""
        names = {self.kind.__name__}
        if self.kind.__name__ in (*FLOW, *SOLVERS) and self.is_flow:
            names |= {*FLOW, *SOLVERS}
        elif not self.is_flow:
            names |= set(getattr(self.kind, "_compatibles", ())) - set(_NOT)
            names |= set(_UNLISTED) if "DDIMScheduler" in names else set()
        return tuple(sorted(name for name in names if hasattr(diffusers, name)))

    def build(self, settings: SchedulerSettings) -> Any:
        """A fresh scheduler.  InvalidRequestError when the model cannot use it, or when it refuses the options."""
        kind: Any = self._class(settings.name) if settings.name else self.kind
        wanted = in_flow_terms(kind.__name__, settings.options) if self.is_flow else settings.options
        unknown = sorted(set(wanted) - set(inspect.signature(kind.__init__).parameters))
        if unknown:
            raise InvalidRequestError(f"{kind.__name__} has no option {unknown[0]!r}")
        # As arguments: of the configuration, diffusers drops every entry that the model's file does not spell out.
        options = {**self._translated(kind.__name__), **wanted}
        try:
            scheduler = kind.from_config(dict(self.config), **options)
        except Exception as error:  # a class refuses a value in whatever way it likes
            raise InvalidRequestError(_refusal(kind.__name__, error)) from error
        if self.is_flow:
            check_sigmas(scheduler)
        if self.is_flow and kind is not self.kind:
            dynamic = bool(self.config.get("use_dynamic_shifting")) and not {"shift", "flow_shift"} & set(wanted)
            take_all_times(scheduler, self.config, dynamic=dynamic)
        return scheduler

    def _translated(self, name: str) -> dict[str, Any]:
        """What a scheduler of another class has to be told: that this is a flow, and how far its times are shifted."""
        if name == self.kind.__name__:
            return {}
        if not self.is_flow:
            # the one class whose `algorithm_type` no other shares, so that it refuses theirs
            return {"algorithm_type": "data_prediction"} if name == "SASolverScheduler" else {}
        shift = self.config.get("shift", self.config.get("flow_shift", 1.0))
        if name not in SOLVERS:
            return {"shift": shift}
        flow = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
        return {**flow, "flow_shift": shift, "use_dynamic_shifting": False}

    def _class(self, name: str) -> type:
        usable = self.usable
        meant = name if name in usable else _FLOW_NAMES.get(name, name)
        if meant not in usable:
            known = ", ".join(sorted(kind.removesuffix("Scheduler") for kind in usable))
            asked = name.removesuffix("Scheduler")
            raise InvalidRequestError(f"this model cannot use the scheduler {asked}; it can use {known}")
        found: type = getattr(diffusers, meant)
        return found


def _refusal(name: str, error: Exception) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    return f"the scheduler {name.removesuffix('Scheduler')} refuses these options: {line}"
