"""Canary: the steps of Euler schedulers, which the seam for IPNDM builds on."""

from __future__ import annotations

import inspect
import math
from typing import Any

import diffusers
import pytest
import torch

from engine.diffusion.seams.multistep import predict_slopes
from tests.support.engine.canary import broken

SAMPLE, OUTPUT = torch.tensor([1.5, -0.5]), torch.tensor([0.25, 2.0])


def started(kind: str, **config: Any) -> Any:
    scheduler = getattr(diffusers, kind)(**config)
    scheduler.set_timesteps(4, device="cpu")
    return scheduler


def slope_of(kind: str, prediction: str, sigma: float) -> torch.Tensor:
    if kind.startswith("Flow") or prediction == "epsilon":
        return OUTPUT
    root = math.sqrt(sigma**2 + 1)
    return OUTPUT / root + SAMPLE * sigma / root**2


CASES = [
    ("EulerDiscreteScheduler", "epsilon"),
    ("EulerDiscreteScheduler", "v_prediction"),
    ("FlowMatchEulerDiscreteScheduler", "flow"),
]


@pytest.mark.parametrize(("kind", "prediction"), CASES)
def test_euler_goes_along_the_slope_of_the_output(kind: str, prediction: str) -> None:
    scheduler = started(kind, **({} if prediction == "flow" else {"prediction_type": prediction}))
    sigma, after = scheduler.sigmas[:2].tolist()
    scheduler.scale_model_input(SAMPLE, scheduler.timesteps[0]) if prediction != "flow" else None
    stepped = scheduler.step(OUTPUT, scheduler.timesteps[0], SAMPLE)[0]
    wanted = SAMPLE + (after - sigma) * slope_of(kind, prediction, sigma)
    assert torch.allclose(stepped, wanted, rtol=1e-4), broken(
        "multistep", f"a step of {kind} goes along the slope of its output ({prediction})"
    )


@pytest.mark.parametrize(("kind", "prediction"), CASES)
def test_the_second_step_goes_along_both_slopes(kind: str, prediction: str) -> None:
    scheduler = started(kind, **({} if prediction == "flow" else {"prediction_type": prediction}))
    names = list(inspect.signature(scheduler.step).parameters)
    predict_slopes(scheduler, 4)
    assert list(inspect.signature(scheduler.step).parameters) == names, "pipelines read them"
    sigmas, times = scheduler.sigmas.tolist(), scheduler.timesteps
    slopes, sample = [], SAMPLE
    for index in (0, 1):
        if prediction != "flow":
            scheduler.scale_model_input(sample, times[index])
        root = math.sqrt(sigmas[index] ** 2 + 1)
        is_v = prediction == "v_prediction"
        slopes.append(OUTPUT / root + sample * sigmas[index] / root**2 if is_v else OUTPUT)
        along = slopes[0] if index == 0 else 1.5 * slopes[1] - 0.5 * slopes[0]
        wanted = sample + (sigmas[index + 1] - sigmas[index]) * along
        sample = scheduler.step(OUTPUT, times[index], sample)[0]
        assert torch.allclose(sample, wanted, rtol=1e-3, atol=1e-3)
