"""Seam: the timesteps of a scheduler: those that a pipeline sets, and those of a schedule of another tool.

The pipelines of flow models compute their sigmas themselves and pass them to `scheduler.set_timesteps` (with `mu`, the
dynamic shift).  Solvers that were made for models that predict noise take neither, and their pipelines refuse them.  So
`set_timesteps` is replaced on the scheduler: it takes all of it, and uses the number of steps and the shift alone.

Assumptions, checked by tests/engine/diffusion/seams/test_timesteps.py:
- Pipelines read the signature of `set_timesteps` to find out whether it takes `sigmas`, `timesteps` and `mu`.
- `set_timesteps(n, device=...)` of the solvers makes n steps that end at 0, for flow models from sigmas in 0..1.
- A shift that is changed by `register_to_config` is used by the next `set_timesteps`.

Few schedulers take sigmas.  All others that know `use_karras_sigmas` ask their method `_convert_to_karras` for n sigmas
and derive everything else from its answer, so this method is replaced; Euler a has no such method, and Heun and the
solvers of flow models make their sigmas in one place, so these are overwritten.

- `_convert_to_karras` is called once by `set_timesteps(n)` and returns n sigmas as an array, from high to low.
- The last of `scheduler.sigmas` is the level at the end, and may be overwritten after `set_timesteps`.
- Schedulers of `INTERLEAVED` repeat each sigma but the first and the last, and each timestep but the first.
- DDPM, LCM and TCD take a list of whole `timesteps`.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOOKED = (
    "DEISMultistepScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSDEScheduler",
    "DPMSolverSinglestepScheduler",
    "EulerDiscreteScheduler",
    "HeunDiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "LMSDiscreteScheduler",
    "SASolverScheduler",
    "UniPCMultistepScheduler",
)
"""Ask `_convert_to_karras` for their sigmas."""
INTERLEAVED = (
    "DPMSolverSDEScheduler",
    "FlowMatchHeunDiscreteScheduler",
    "HeunDiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
)
"""Take two steps for each sigma but the last."""
TAKES_TIMESTEPS = ("DDPMParallelScheduler", "DDPMScheduler", "LCMScheduler", "TCDScheduler")
"""Have no sigmas, and take whole timesteps."""


def accept_pipeline_timesteps(scheduler: Any, *, shift_option: str, dynamic: bool, time_shift_type: str) -> None:
    """Let a pipeline set its timesteps on a scheduler that makes its own.

    A scheduler that takes `sigmas`, `timesteps` and `mu` by itself stays as it is.

    Args:
        scheduler: A scheduler of a flow model.
        shift_option: What this scheduler calls the shift of its times: "shift" or "flow_shift".
        dynamic: Whether the shift follows the size of the picture, so that the pipeline's `mu` sets it.
        time_shift_type: How the model's own scheduler reads `mu`: "linear" (as the shift), else as its logarithm.
    """
    original = scheduler.set_timesteps
    if not hasattr(scheduler, "scale_model_input"):
        scheduler.scale_model_input = lambda sample, *_, **__: sample  # a flow scales nothing (Bria 3.2 asks anyway)
    if {"sigmas", "timesteps", "mu"} <= set(inspect.signature(original).parameters):
        _allow_no_mu(scheduler)
        return

    def set_timesteps(
        num_inference_steps: int = 0, device: Any = None, sigmas: Any = None, timesteps: Any = None, mu: float = 0.0
    ) -> None:
        if dynamic and mu:
            scheduler.register_to_config(**{shift_option: mu if time_shift_type == "linear" else math.exp(mu)})
        original(num_inference_steps if sigmas is None else len(sigmas), device=device)
        if timesteps is not None:
            scheduler.timesteps = _before_shift(scheduler, float(scheduler.config[shift_option]))

    scheduler.set_timesteps = set_timesteps


def _allow_no_mu(scheduler: Any) -> None:
    """Let a pipeline that gives `mu` to one class of schedulers alone (Bria 3.2) use others, with the fixed shift."""
    original = scheduler.set_timesteps

    @functools.wraps(original)  # pipelines read its signature
    def set_timesteps(*args: Any, **kwargs: Any) -> None:
        if kwargs.get("mu") is None and scheduler.config.get("use_dynamic_shifting"):
            scheduler.register_to_config(use_dynamic_shifting=False)
        original(*args, **kwargs)

    scheduler.set_timesteps = set_timesteps


def _before_shift(scheduler: Any, shift: float) -> Any:
    """Return the scheduler's times without their shift: a pipeline that sets `timesteps` (CogView 4) expects those.

    The shift s turns a time x in 0..1 into s * x / (1 + (s - 1) * x), as in Stable Diffusion 3 (Esser et al. 2024);
    this is its inverse.
    """
    train_timesteps = float(scheduler.config["num_train_timesteps"])
    sigma = scheduler.timesteps / train_timesteps
    return train_timesteps * sigma / (shift - (shift - 1.0) * sigma)


def impose_sigmas(scheduler: Any, sigmas_of: Callable[[int], Floats], times_of: Callable[[Floats], Floats]) -> None:
    """Let a scheduler of a model that predicts noise or v take its steps at given noise levels.

    Args:
        scheduler: One of `HOOKED`, with `use_karras_sigmas`; one of `TAKES_TIMESTEPS`; or Euler a.
        sigmas_of: Takes the number of steps; returns the levels from high to low, the level at the end last.
        times_of: Takes levels above zero; returns their training timesteps.
    """
    original, name = scheduler.set_timesteps, type(scheduler).__name__

    def set_timesteps(num_inference_steps: int = 0, device: Any = None, **_: Any) -> None:
        sigmas = sigmas_of(num_inference_steps)
        if name in TAKES_TIMESTEPS:
            whole = np.rint(times_of(sigmas[:-1])).astype(int).tolist()
            original(timesteps=list(dict.fromkeys(whole)), device=device)
            return
        if name in HOOKED:
            scheduler._convert_to_karras = lambda *_, **__: sigmas[:-1].copy()
        original(len(sigmas) - 1, device=device)
        if name in HOOKED:
            scheduler.sigmas[-1] = float(sigmas[-1])
        else:
            scheduler.sigmas = torch.from_numpy(sigmas.astype(np.float32))
            scheduler.timesteps = torch.from_numpy(times_of(sigmas[:-1]).astype(np.float32)).to(device)

    scheduler.set_timesteps = set_timesteps


def impose_flow_sigmas(
    scheduler: Any,
    sigmas_of: Callable[[int, float], Floats],
    before_shift: Callable[[Floats, float], Floats],
    *,
    shift_option: str,
) -> None:
    """Let a scheduler of a flow model take its steps at given noise levels.

    Args:
        scheduler: A scheduler of a flow model; `accept_pipeline_timesteps` has seen it, where it is needed.
        sigmas_of: Takes the number of steps and the shift; returns the levels from high to low, the end last.
        before_shift: Takes levels and the shift; returns the times that the shift turns into these levels.
        shift_option: What this scheduler calls the shift of its times: "shift" or "flow_shift".
    """
    original = scheduler.set_timesteps
    parameters = set(inspect.signature(original).parameters)
    train = float(scheduler.config["num_train_timesteps"])

    def set_timesteps(
        num_inference_steps: int = 0, device: Any = None, sigmas: Any = None, timesteps: Any = None, mu: Any = None
    ) -> None:
        given = sigmas if sigmas is not None else timesteps
        steps = num_inference_steps if given is None else len(given)
        more: dict[str, Any] = {"mu": mu} if mu is not None and "mu" in parameters else {}
        if type(scheduler).__name__.startswith(("FlowMatchEuler", "FlowMatchLCM")):
            shift = _flow_shift(scheduler, mu)
            times = before_shift(sigmas_of(steps, shift)[:-1], shift)
            more |= {"timesteps": times * train} if timesteps is not None else {}
            original(sigmas=times, device=device, **more)
            return
        original(len(sigmas_of(steps, 1.0)) - 1, device=device, **more)
        shift = float(scheduler.config[shift_option])
        _overwrite(scheduler, sigmas_of(steps, shift), train, device)
        if timesteps is not None:
            scheduler.timesteps = _before_shift(scheduler, shift)

    scheduler.set_timesteps = set_timesteps


def _flow_shift(scheduler: Any, mu: float | None) -> float:
    if scheduler.config.get("use_dynamic_shifting") and mu is not None:
        return float(mu if scheduler.config.get("time_shift_type") == "linear" else math.exp(mu))
    return float(scheduler.shift)


def _overwrite(scheduler: Any, sigmas: Floats, train: float, device: Any) -> None:
    levels = torch.from_numpy(sigmas.astype(np.float32))
    timesteps = levels[:-1] * train
    if type(scheduler).__name__ in INTERLEAVED:
        levels = torch.cat([levels[:1], levels[1:-1].repeat_interleave(2), levels[-1:]])
        timesteps = torch.cat([timesteps[:1], timesteps[1:].repeat_interleave(2)])
    scheduler.sigmas, scheduler.timesteps = levels, timesteps.to(device)
