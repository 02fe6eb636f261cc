"""The scheduler of a model whose files, or whose user, say what it predicts: epsilon, v, or as EDM does.

`OwnScheduler` takes the result for the model's own, so that every scheduler that replaces it predicts the same.
"""

from __future__ import annotations

import inspect
from typing import Any

from diffusers import DDIMScheduler, EDMDPMSolverMultistepScheduler, EDMEulerScheduler
from safetensors import safe_open

from engine.errors import ModelError
from engine.models.prediction import Prediction, Schedule
from engine.rendering.requests import ModelChoice

_PLAYGROUND = {"sigma_min": 0.002, "sigma_max": 80.0, "sigma_data": 0.5, "rho": 7.0, "solver_order": 2}
_COSXL = {
    "sigma_min": 0.002,
    "sigma_max": 120.0,
    "sigma_data": 1.0,
    "prediction_type": "v_prediction",
    "sigma_schedule": "exponential",
}
_PLAYGROUND_SCALING = 0.5


def set_prediction(pipe: Any, choice: ModelChoice, prediction: Prediction) -> None:
    """Set what a pipeline's scheduler takes the model's output for.

    Args:
        pipe: A pipeline that was just loaded.
        choice: The model.
        prediction: What it predicts.

    Raises:
        ModelError: The model follows a flow, so that it predicts neither.
    """
    said: dict[str, Any] = {"prediction_type": prediction.kind} if prediction.kind else {}
    if prediction.schedule is Schedule.EDM:
        pipe.scheduler = EDMDPMSolverMultistepScheduler(**{**_PLAYGROUND, **said})
        _set_latents(pipe, choice.path)
    elif prediction.schedule is Schedule.EDM_V:
        pipe.scheduler = EDMEulerScheduler(**{**_COSXL, **said})
    elif prediction.kind or prediction.schedule is Schedule.ZERO_SNR:
        _change_scheduler(pipe, choice, prediction)


# A noise schedule that ends in pure noise needs its last step, which only the spacing "trailing" includes: "Common
# Diffusion Noise Schedules and Sample Steps are Flawed" (Lin et al., 2023).
def _change_scheduler(pipe: Any, choice: ModelChoice, prediction: Prediction) -> None:
    kind: Any = type(pipe.scheduler)
    options: dict[str, Any] = {"prediction_type": prediction.kind} if prediction.kind else {}
    known = inspect.signature(kind.__init__).parameters
    if "prediction_type" not in known or "beta_schedule" not in known:
        raise ModelError(f"{choice.name!r} follows a flow from noise to picture: leave out --prediction")
    if prediction.schedule is Schedule.ZERO_SNR:
        options |= {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
        kind = kind if "rescale_betas_zero_snr" in known else DDIMScheduler
    pipe.scheduler = kind.from_config(pipe.scheduler.config, **options)


def _set_latents(pipe: Any, path: str) -> None:
    """Set the mean and the standard deviation of each channel of the latents, which the file of the model holds."""
    with safe_open(path, framework="pt") as file:
        mean, deviation = (file.get_tensor(name).float().flatten().tolist() for name in ("edm_mean", "edm_std"))
    pipe.vae.register_to_config(latents_mean=mean, latents_std=deviation, scaling_factor=_PLAYGROUND_SCALING)
