"""Seam: the timesteps that a pipeline sets on a scheduler that makes its own.

The pipelines of flow models compute their sigmas themselves and pass them to `scheduler.set_timesteps` (with `mu`, the
dynamic shift).  Solvers that were made for models that predict noise take neither, and their pipelines refuse them.  So
`set_timesteps` is replaced on the scheduler: it takes all of it, and uses the number of steps and the shift alone.

Assumptions, checked by tests/engine/diffusion/seams/test_timesteps.py:
- Pipelines read the signature of `set_timesteps` to find out whether it takes `sigmas`, `timesteps` and `mu`.
- `set_timesteps(n, device=...)` of the solvers makes n steps that end at 0, for flow models from sigmas in 0..1.
- A shift that is changed by `register_to_config` is used by the next `set_timesteps`.
"""

from __future__ import annotations

import inspect
import math
from typing import Any


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
    if {"sigmas", "timesteps", "mu"} <= set(inspect.signature(original).parameters):
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


def _before_shift(scheduler: Any, shift: float) -> Any:
    """Return the scheduler's times without their shift: a pipeline that sets `timesteps` (CogView 4) expects those.

    The shift s turns a time x in 0..1 into s * x / (1 + (s - 1) * x), as in Stable Diffusion 3 (Esser et al. 2024);
    this is its inverse.
    """
    train_timesteps = float(scheduler.config["num_train_timesteps"])
    sigma = scheduler.timesteps / train_timesteps
    return train_timesteps * sigma / (shift - (shift - 1.0) * sigma)
