"""Schedulers, always built anew from the model's own configuration, never from the one used last.

A flow's sigmas run from 1 to 0.  Its pipelines set their times themselves (`sigmas`, `mu`); solvers that were made for
models that predict noise make their own times, and need only the shift (`seams/timesteps.py`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import diffusers

from engine.diffusion.following import (
    SIGMA_SPACINGS,
    check_schedule,
    follow_flow_schedule,
    follow_schedule,
    options_to_follow,
)
from engine.diffusion.messages import first_line
from engine.diffusion.seams.multistep import predict_slopes
from engine.diffusion.seams.third_order import correct_third_order
from engine.diffusion.seams.timesteps import INTERLEAVED, accept_pipeline_timesteps
from engine.diffusion.zero_snr import OPTION as ZERO_SNR
from engine.diffusion.zero_snr import zero_snr_betas
from engine.errors import InvalidRequestError, ModelError
from engine.rendering.settings import SchedulerSettings
from latentpng.record import JsonObject

FLOW_SCHEDULERS = (
    "FlowMatchEulerDiscreteScheduler",
    "FlowMatchHeunDiscreteScheduler",
    "FlowMatchLCMScheduler",
)
"""Made for flow models."""

FLOW_SOLVERS = ("DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "UniPCMultistepScheduler")
"""Run flow models too, with `use_flow_sigmas`.  DEIS and SASolver take the same option, but in diffusers 0.42 they
repeat the last sigma of a flow instead of going to 0, so that noise stays in the picture."""

_FLOW_CLASSES = (*FLOW_SCHEDULERS, *FLOW_SOLVERS)
_UNLISTED = ("LCMScheduler", "TCDScheduler", "SASolverScheduler", "DDIMParallelScheduler", "DDPMParallelScheduler")
"""Run on the same models as those that diffusers lists as compatible, though it does not list them."""

_EXCLUDED = ("EDMEulerScheduler",)
"""Listed by diffusers, but made for models that scale their input differently."""

_EULER = ("EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler")
_FLOW_NAMES = {
    "EulerDiscreteScheduler": "FlowMatchEulerDiscreteScheduler",
    "HeunDiscreteScheduler": "FlowMatchHeunDiscreteScheduler",
    "LCMScheduler": "FlowMatchLCMScheduler",
}
"""The class that a common name stands for if the model is a flow model."""

_FAMILIES = {"StableDiffusionXL": "SDXL", "StableDiffusion3": "", "StableDiffusion": "SD"}
_SHIFT_OPTIONS = ("shift", "flow_shift")


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnScheduler:
    """The scheduler that a model came with.

    Attributes:
        kind: Its class.
        config: Its configuration, as it was loaded.
        compatible: Names of the classes that diffusers lists as compatible with it.
        family: "SDXL", "SD" for Stable Diffusion 1 and 2, or "" for other models.
        has_single_steps: The pipeline has a value for each step (a guidance schedule), so that no scheduler fits that
            takes two steps for one.
    """

    kind: type
    config: Mapping[str, Any]
    compatible: tuple[str, ...] = ()
    family: str = ""
    has_single_steps: bool = False

    @staticmethod
    def of(pipe: Any) -> OwnScheduler:
        """Return the scheduler of a pipeline that was just loaded.

        Raises:
            ModelError: It has no `step`, so that it can be neither reported nor controlled.
        """
        scheduler = pipe.scheduler
        name = type(scheduler).__name__.removesuffix("Scheduler")
        if not hasattr(scheduler, "step"):
            raise ModelError(f"the model's scheduler {name} has no step method, so its steps cannot be controlled")
        compatible = tuple(kind.__name__ for kind in getattr(scheduler, "compatibles", ()))
        pipeline = type(pipe).__name__
        family = next((name for start, name in _FAMILIES.items() if pipeline.startswith(start)), "")
        return OwnScheduler(
            kind=type(scheduler),
            config=dict(scheduler.config),
            compatible=compatible,
            family=family,
            has_single_steps="guidance_schedule" in inspect.signature(type(pipe).__call__).parameters,
        )

    @property
    def is_flow(self) -> bool:
        """Whether the model follows a flow from noise to picture instead of predicting noise."""
        return self.kind.__name__.startswith("FlowMatch") or self.config.get("prediction_type") == "flow_prediction"

    @property
    def usable(self) -> tuple[str, ...]:
        """Class names of the schedulers that this model can use, sorted."""
        names = {self.kind.__name__}
        if self.kind.__name__ in _FLOW_CLASSES and self.is_flow:
            names |= set(_FLOW_CLASSES)
        elif not self.is_flow:
            names |= set(self.compatible) - set(_EXCLUDED)
            names |= set(_UNLISTED) if "DDIMScheduler" in names else set()
        names -= set(INTERLEAVED) if self.has_single_steps else set()
        return tuple(sorted(name for name in names if hasattr(diffusers, name)))

    def build(self, settings: SchedulerSettings) -> Any:
        """Return a fresh scheduler.

        Raises:
            InvalidRequestError: The model cannot use this scheduler, or the scheduler refuses an option.
        """
        kind: Any = self._class(settings.name) if settings.name else self.kind
        chosen = dict(settings.options)
        schedule, discard = str(chosen.pop("schedule", "")), bool(chosen.pop("discard_next_to_last_sigma", False))
        corrected, slopes = bool(chosen.pop("correct_third_order", False)), chosen.pop("predicted_slopes", 1)
        if schedule:
            check_schedule(kind.__name__, schedule, chosen, _FLOW_CLASSES if self.is_flow else ())
            chosen = options_to_follow(kind.__name__, chosen, is_flow=self.is_flow)
        elif discard:
            raise InvalidRequestError("the scheduler option 'discard_next_to_last_sigma' needs a schedule")
        scheduler = self._scheduler(kind, chosen)
        if schedule:
            self._follow(scheduler, schedule, discard=discard)
        if corrected:
            _correct(scheduler)
        if isinstance(slopes, int) and slopes > 1:
            _predict(scheduler, slopes)
        return scheduler

    def _scheduler(self, kind: Any, chosen: JsonObject) -> Any:
        """Return a scheduler of a class with options of this class."""
        requested = _in_flow_terms(kind.__name__, chosen) if self.is_flow else chosen
        unknown = sorted(set(requested) - set(inspect.signature(kind.__init__).parameters))
        if unknown:
            raise InvalidRequestError(f"the scheduler {_short(kind)} has no option {unknown[0]!r}")
        # diffusers drops every entry of a configuration that the model's file does not spell out, so options are
        # passed as arguments, which it keeps.
        options = {**self._translated(kind.__name__), **self._levels(kind), **requested}
        try:
            scheduler = kind.from_config(dict(self.config), **options)
        except Exception as error:  # each class refuses values by errors of its own
            message = f"the scheduler {_short(kind)} refuses these options: {first_line(error)}"
            raise InvalidRequestError(message) from error
        if str(self.config.get("variance_type")).startswith("learned") and not _splits_variance(kind):
            scheduler.register_to_config(variance_type="fixed_small")  # DeepFloyd IF: the pipeline drops the variance
        if self.is_flow:
            self._prepare_flow(scheduler, shift_is_fixed=bool(set(_SHIFT_OPTIONS) & set(requested)))
        return scheduler

    def _levels(self, kind: type) -> dict[str, Any]:
        own: Any = self.kind
        return zero_snr_betas(own.from_config(dict(self.config)), kind) if self.config.get(ZERO_SNR) else {}

    def _follow(self, scheduler: Any, schedule: str, *, discard: bool) -> None:
        name = type(scheduler).__name__
        if not self.is_flow:
            follow_schedule(scheduler, schedule, self.family, discard_next_to_last=discard)
            return
        follow_flow_schedule(
            scheduler,
            schedule,
            shift_option=_shift_option(name),
            is_solver=name in FLOW_SOLVERS,
            discard_next_to_last=discard,
        )

    def _prepare_flow(self, scheduler: Any, *, shift_is_fixed: bool) -> None:
        _check_sigmas(scheduler)
        if type(scheduler) is not self.kind:
            accept_pipeline_timesteps(
                scheduler,
                shift_option=_shift_option(type(scheduler).__name__),
                dynamic=bool(self.config.get("use_dynamic_shifting")) and not shift_is_fixed,
                time_shift_type=str(self.config.get("time_shift_type")),
            )

    def _translated(self, name: str) -> dict[str, Any]:
        """Return the options by which a scheduler of another class runs this model."""
        if name == self.kind.__name__:
            return {}
        if not self.is_flow:
            # the one class whose `algorithm_type` no other shares, so that it refuses theirs
            return {"algorithm_type": "data_prediction"} if name == "SASolverScheduler" else {}
        shift = self.config.get("shift", self.config.get("flow_shift", 1.0))
        if name not in FLOW_SOLVERS:
            return {"shift": shift}
        flow = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
        return {**flow, "flow_shift": shift, "use_dynamic_shifting": False}

    def _class(self, name: str) -> type:
        usable = self.usable
        resolved = name if name in usable else _FLOW_NAMES.get(name, name)
        if resolved not in usable:
            known = ", ".join(sorted(kind.removesuffix("Scheduler") for kind in usable))
            requested = name.removesuffix("Scheduler")
            raise InvalidRequestError(f"this model cannot use the scheduler {requested}; it can use {known}")
        found: type = getattr(diffusers, resolved)
        return found


def _correct(scheduler: Any) -> None:
    is_sde = scheduler.config.get("algorithm_type") == "sde-dpmsolver++"
    if type(scheduler).__name__ != "DPMSolverMultistepScheduler" or not is_sde:
        raise InvalidRequestError("the scheduler option 'correct_third_order' belongs to DPM++ 3M SDE")
    correct_third_order(scheduler)


def _predict(scheduler: Any, slopes: int) -> None:
    if type(scheduler).__name__ not in _EULER:
        raise InvalidRequestError("the scheduler option 'predicted_slopes' belongs to Euler")
    predict_slopes(scheduler, slopes)


def _splits_variance(kind: type) -> bool:
    """Return whether a class splits the variance that a model predicts from its noise; SASolver has only the option."""
    return "variance_type" in inspect.signature(kind).parameters and kind.__name__ != "SASolverScheduler"


def _in_flow_terms(name: str, options: JsonObject) -> dict[str, Any]:
    """Return the options as this class names them; a shift that is given is no longer dynamic."""
    shift = options.get("shift", options.get("flow_shift"))
    others = {option: value for option, value in options.items() if option not in _SHIFT_OPTIONS}
    if shift is None:
        return others
    if name != "FlowMatchHeunDiscreteScheduler":  # it has no dynamic shift
        others.setdefault("use_dynamic_shifting", False)
    return {_shift_option(name): shift, **others}


def _shift_option(name: str) -> str:
    return "shift" if name in FLOW_SCHEDULERS else "flow_shift"


# The solvers accept a spacing of the sigmas on flow models as well, but some compute it on the scale of noise
# prediction, where sigmas are far above 1.  A few sigmas, computed once, show it.
def _check_sigmas(scheduler: Any) -> None:
    """Raise InvalidRequestError if this solver computes the requested spacing of the sigmas for other models only."""
    requested = [spacing for spacing in SIGMA_SPACINGS if scheduler.config.get(spacing)]
    if type(scheduler).__name__ not in FLOW_SOLVERS or not requested:
        return
    scheduler.set_timesteps(8, **({"mu": 1.0} if scheduler.config.get("use_dynamic_shifting") else {}))
    if float(scheduler.sigmas.max()) > 1.0:
        raise InvalidRequestError(
            f"the scheduler {_short(type(scheduler))} cannot use {requested[0]} with a flow model: write + instead, as "
            f"in 'dpmpp_2m + {_word_of(requested[0])}', or take FlowMatchEulerDiscrete"
        )


def _word_of(option: str) -> str:
    return option.removeprefix("use_").removesuffix("_sigmas")


def _short(kind: type) -> str:
    return kind.__name__.removesuffix("Scheduler")
