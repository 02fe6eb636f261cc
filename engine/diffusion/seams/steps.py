"""Seam: the steps of a scheduler.

Stable Diffusion 3, Flux and most transformers call `scheduler.step` without a generator, so that their stochastic
schedulers draw from the global one; and `callback_on_step_end` differs from family to family.  So `step` is replaced on
the scheduler of one call: one place that passes generators, reports progress, and can cancel.

Assumptions, checked by tests/engine/diffusion/seams/test_steps.py:
- A pipeline calls `scheduler.step` by that name, once a step, and reads its signature to choose its arguments.
- `step` takes `generator` where the scheduler draws noise, and `eta` where it has one; a list of generators is allowed.
- It returns a tuple whose first value, or an object whose `prev_sample`, is the latents after the step.
- `len(scheduler.timesteps)` is the number of steps, and counts the second-order ones; SCM has one time more.
- DPMSolverSDEScheduler takes its seeds from `noise_sampler_seed`; other schedulers have no such attribute.
- For previews alone: `pred_original_sample`, `model_outputs`, `step_index`, `sigmas` and `alphas_cumprod` mean what
  `_denoised` reads.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

_ONE_TIME_MORE = ("SCMScheduler",)
"""Schedulers whose last time is the end, and no step of its own."""


_SAYS_NO_ESTIMATE = ("DEISMultistepScheduler", "PNDMScheduler", "TCDScheduler")
"""Schedulers that keep their estimate of the final latents to themselves; it follows from the model's output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A denoising step that was just done.

    Attributes:
        step: The number of this step, from 1.
        steps: The number of all steps.
        latents: (n, ...), the state after the step.
        denoised: (n, ...), the scheduler's estimate of the final latents; equal to `latents` if it gives none.
    """

    step: int
    steps: int
    latents: torch.Tensor
    denoised: torch.Tensor


@contextlib.contextmanager
def controlled_steps(
    scheduler: Any, *, seed: int, count: int, eta: float, on_step: Callable[[Step], None]
) -> Iterator[list[torch.Generator]]:
    """Control and report the steps of a scheduler while the context is open.

    Args:
        scheduler: A scheduler that is used for one call only.
        seed: The seed of the step noise.
        count: The number of pictures in the batch.
        eta: The share of fresh noise, 0 to 1; ignored by schedulers that have none.
        on_step: Called after every step; it may raise an exception to cancel the call.

    Yields:
        The generators that the steps draw from, one for each picture, on the CPU.
    """
    # One generator for a whole batch would make a picture depend on its slot and on the size of the batch.  With one
    # generator per picture, all with the same seed, a picture depends on its own noise alone, and siblings share the
    # noise of their steps, so that they differ only by what was varied.
    step_generators = [torch.Generator("cpu").manual_seed(seed) for _ in range(count)]
    original = scheduler.step
    signature = inspect.signature(original)
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.parameters.values())
    done = 0

    @functools.wraps(original)  # pipelines read its signature
    def step(*args: Any, **kwargs: Any) -> Any:
        nonlocal done
        if "generator" in signature.parameters:
            kwargs["generator"] = step_generators
        if eta and "eta" in signature.parameters:
            kwargs["eta"] = eta
        if not takes_any:  # Kandinsky 3 hands a generator to every scheduler
            kwargs = {name: value for name, value in kwargs.items() if name in signature.parameters}
        result = original(*args, **kwargs)
        done += 1
        latents = result[0] if isinstance(result, tuple) else result.prev_sample
        on_step(
            Step(
                step=done,
                steps=max(done, len(scheduler.timesteps) - (type(scheduler).__name__ in _ONE_TIME_MORE)),
                latents=latents,
                denoised=_denoised(scheduler, signature.bind(*args, **kwargs), result, latents),
            )
        )
        return result

    if hasattr(scheduler, "noise_sampler_seed"):  # DPMSolverSDEScheduler takes seeds instead of generators
        scheduler.noise_sampler_seed = [seed] * count
    scheduler.step = step
    try:
        yield step_generators
    finally:
        scheduler.__dict__.pop("step", None)


def _denoised(scheduler: Any, call: inspect.BoundArguments, result: Any, latents: torch.Tensor) -> torch.Tensor:
    """Return the final latents as this scheduler estimates them, for previews; else the latents as they are."""
    estimate = result[1] if isinstance(result, tuple) and len(result) > 1 else None
    if type(scheduler).__name__ in _SAYS_NO_ESTIMATE:
        estimate = _without_noise(scheduler, call)
    elif estimate is None:
        estimate = getattr(result, "pred_original_sample", None)
    if estimate is None and type(scheduler).__name__.startswith("FlowMatchEuler"):
        velocity = call.arguments["model_output"]
        estimate = call.arguments["sample"] - scheduler.sigmas[scheduler.step_index - 1] * velocity
    # `config` may carry settings of the class before, so `model_outputs` has to be there as well
    kind = str(scheduler.config.get("algorithm_type", ""))
    predicts_x0 = kind.endswith("++") or kind == "data_prediction" or scheduler.config.get("predict_x0")
    if estimate is None and predicts_x0 and hasattr(scheduler, "model_outputs"):
        estimate = scheduler.model_outputs[-1]
    return estimate if isinstance(estimate, torch.Tensor) and estimate.shape == latents.shape else latents


# A sample of a variance preserving process is sqrt(a) * latents + sqrt(1 - a) * noise, where a is `alphas_cumprod` at
# its timestep; the model predicts the noise, or v = sqrt(a) * noise - sqrt(1 - a) * latents (Salimans & Ho, 2022).
def _without_noise(scheduler: Any, call: inspect.BoundArguments) -> torch.Tensor | None:
    """Return the final latents that follow from the model's output; None where it predicts something else."""
    output: torch.Tensor = call.arguments["model_output"]
    sample: torch.Tensor = call.arguments["sample"]
    kind = scheduler.config.get("prediction_type")
    if kind not in ("epsilon", "v_prediction") or output.shape != sample.shape:
        return None
    variance = float(scheduler.alphas_cumprod[int(call.arguments["timestep"])])
    signal, noise = math.sqrt(variance), math.sqrt(1.0 - variance)
    if kind == "v_prediction":
        return signal * sample - noise * output
    return (sample - noise * output) / signal if signal else None
