"""Seam: IPNDM, by Euler steps along a slope that the last four slopes predict.

IPNDMScheduler of diffusers belongs to one audio model, with a noise schedule of its own, so no picture model can use
it.  Its method is that of Adams and Bashforth with fixed coefficients, the first steps with fewer slopes (Zhang and
Chen 2022, "Fast Sampling of Diffusion Models with Exponential Integrator"; ComfyUI's `ipndm`).  So `step` is replaced
on an Euler scheduler: it gets the output that a model would give whose slope is the predicted one.

Assumptions, checked by tests/engine/diffusion/seams/test_multistep.py:
- `step(model_output, timestep, sample, ...)` of EulerDiscreteScheduler and FlowMatchEulerDiscreteScheduler goes from
  `sigmas[step_index]` to the next along the slope of the model's output; `_init_step_index(timestep)` sets the index.
- The slope is the output for "epsilon" and for flows; for "v_prediction" it is v / r + sample * sigma / r**2 with
  r = sqrt(sigma**2 + 1).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import torch

_COEFFICIENTS = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)
"""For the newest slope first, by the number of slopes that are known."""


def predict_slopes(scheduler: Any, order: int) -> None:
    """Let an Euler scheduler follow a slope that is predicted from several.

    Args:
        scheduler: An EulerDiscreteScheduler or FlowMatchEulerDiscreteScheduler that is used for one call only.
        order: The largest number of slopes, 1 to 4.
    """
    original = scheduler.step
    slopes: list[torch.Tensor] = []

    @functools.wraps(original)
    def step(model_output: Any, timestep: Any, sample: Any, *args: Any, **kwargs: Any) -> Any:
        if scheduler.step_index is None:
            scheduler._init_step_index(timestep)
        sigma, after = (float(scheduler.sigmas[scheduler.step_index + offset]) for offset in (0, 1))
        factor, share = _to_slope(scheduler, sigma)
        slopes.insert(0, factor * model_output.float() + share * sample.float())
        del slopes[order:]
        weights = _COEFFICIENTS[0 if after == 0.0 else len(slopes) - 1]  # the last step goes to the clean picture
        slope = sum(weight * each for weight, each in zip(weights, slopes, strict=False))
        predicted = ((slope - share * sample.float()) / factor).to(model_output.dtype)
        return original(predicted, timestep, sample, *args, **kwargs)

    scheduler.step = step


def _to_slope(scheduler: Any, sigma: float) -> tuple[float, float]:
    """Return the factors of the model's output and of the sample in the slope."""
    if scheduler.config.get("prediction_type") != "v_prediction":
        return 1.0, 0.0
    root = math.sqrt(sigma**2 + 1)
    return 1 / root, sigma / root**2
