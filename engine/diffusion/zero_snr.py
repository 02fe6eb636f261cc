"""Noise levels that end at zero signal, for schedulers that have no option for them.

A model that was trained until nothing of the picture is left (`rescale_betas_zero_snr`, as NoobAI-XL with v-prediction)
needs the same noise levels from every scheduler.  Half of the classes of diffusers lack that option and would drop it
without a word, but all take the betas themselves.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

OPTION = "rescale_betas_zero_snr"
_LEAST_SIGNAL = 2.0**-24
"""Of a picture's variance, at the last level; none at all would be an infinite noise.  EulerDiscrete has the same."""


def zero_snr_betas(own: Any, kind: type) -> dict[str, list[float]]:
    """Return the option by which a scheduler class gets the noise levels of the model's own one.

    Args:
        own: A scheduler of the model's own class and configuration.
        kind: The class that is built.

    Returns:
        Empty if the levels do not end at zero signal, or if the class has the option itself.
    """
    parameters = inspect.signature(kind).parameters
    if not own.config.get(OPTION) or OPTION in parameters or "trained_betas" not in parameters:
        return {}
    signal = own.alphas_cumprod.to(torch.float64).clamp(min=_LEAST_SIGNAL)
    before = torch.cat([signal.new_ones(1), signal[:-1]])
    return {"trained_betas": (1.0 - signal / before).tolist()}
