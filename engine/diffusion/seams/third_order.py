"""Seam: the third-order step of DPM++ with fresh noise (DPM++ 3M SDE).

With a = exp(-2h), the weight of the second difference D2 in this step is alpha * ((1 - a - 2h) / (2h)**2 + 1/2), which
goes to 0 with the step size h, as in k-diffusion's sample_dpmpp_3m_sde.  DPMSolverMultistepScheduler of diffusers 0.42
subtracts the 1/2 instead, so that the weight goes to -alpha and the result moves away by up to a fifth of its range.
The update is called as it is, and alpha * D2 is added.

Assumptions, checked by tests/engine/diffusion/seams/test_third_order.py:
- `multistep_dpm_solver_third_order_update(model_outputs, sample=..., noise=...)` makes the step from `step_index`.
- Its weight of D2 is too small by alpha.
- `_sigma_to_alpha_sigma_t(sigma)` returns alpha and sigma of the variance-preserving process.
"""

from __future__ import annotations

from typing import Any

import torch


def correct_third_order(scheduler: Any) -> None:
    """Let a DPMSolverMultistepScheduler with the algorithm "sde-dpmsolver++" make third-order steps without the error.

    Args:
        scheduler: A scheduler that is used for one call only.
    """
    original = scheduler.multistep_dpm_solver_third_order_update

    def update(model_outputs: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        made: torch.Tensor = original(model_outputs, *args, **kwargs)
        alpha, difference = _second_difference(scheduler, model_outputs)
        return made + alpha * difference

    scheduler.multistep_dpm_solver_third_order_update = update


def _second_difference(scheduler: Any, model_outputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return alpha after the step, and the second divided difference of the last three estimates."""
    index = scheduler.step_index
    pairs = [scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index + offset]) for offset in (1, 0, -1, -2)]
    after, now, before, earlier = (torch.log(alpha / sigma) for alpha, sigma in pairs)
    newest, middle, oldest = model_outputs[-1], model_outputs[-2], model_outputs[-3]
    step = after - now
    first = (newest - middle) * step / (now - before) - (middle - oldest) * step / (before - earlier)
    return pairs[0][0], first * step / (now - earlier)
