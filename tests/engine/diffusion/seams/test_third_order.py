"""Canary: the third-order step of DPMSolverMultistepScheduler with fresh noise, and what the seam makes of it."""

from __future__ import annotations

import math
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.diffusion.seams.third_order import correct_third_order
from tests.support.engine.canary import broken

SIGMAS = [8.0, 3.0, 1.5, 0.6]
ESTIMATES = [0.3, -0.2, 0.9]


def step_of(*, corrected: bool) -> float:
    """Return one third-order step of one value from the third of four sigmas, without fresh noise."""
    scheduler: Any = diffusers.DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++", solver_order=3)
    scheduler.sigmas = torch.tensor(SIGMAS, dtype=torch.float64)
    scheduler._step_index = 2
    if corrected:
        correct_third_order(scheduler)
    sample = torch.tensor([0.7 / math.sqrt(1 + SIGMAS[2] ** 2)], dtype=torch.float64)
    outputs = [torch.tensor([estimate], dtype=torch.float64) for estimate in ESTIMATES]
    noise = torch.zeros(1, dtype=torch.float64)
    made = scheduler.multistep_dpm_solver_third_order_update(outputs, sample=sample, noise=noise)
    return float(made) * math.sqrt(1 + SIGMAS[3] ** 2)


def exact_step() -> float:
    """Integrate the same step numerically: the estimate is a parabola through the last three in -log(sigma).

    dx = 2 (x - D) dlog(sigma) is the mean of the process with fresh noise, so x at the end is the old x times
    exp(-2h), and the estimates weighted by 2 exp(-2 (h - s)).
    """
    times = [-math.log(sigma) for sigma in SIGMAS]
    step = times[3] - times[2]
    first = (ESTIMATES[2] - ESTIMATES[1]) / (times[2] - times[1])
    before = (ESTIMATES[1] - ESTIMATES[0]) / (times[1] - times[0])
    second = (first - before) / (times[2] - times[0])
    slope = first + second * (times[2] - times[1])
    inside = (np.arange(200_000) + 0.5) * step / 200_000
    weights = 2.0 * np.exp(-2.0 * (step - inside)) * step / 200_000
    estimates = ESTIMATES[2] + slope * inside + second * inside**2
    return float(0.7 * math.exp(-2.0 * step) + (weights * estimates).sum())


def test_the_step_of_diffusers_has_a_wrong_weight() -> None:
    assert abs(step_of(corrected=False) - step_of(corrected=True)) > 0.1, broken(
        "third_order", "the weight of D2 in the third-order step of sde-dpmsolver++ is too small by alpha"
    )


def test_the_corrected_step_is_nearer_to_the_integral() -> None:
    """It does not meet it, since k-diffusion gives the second difference half of its weight in the integral."""
    assert abs(step_of(corrected=True) - exact_step()) < 0.25
    assert abs(step_of(corrected=False) - exact_step()) > 1.0


def test_the_corrected_step_is_that_of_k_diffusion() -> None:
    """phi_2 and phi_3 are the weights of Hochbruck and Ostermann for twice the step, as in sample_dpmpp_3m_sde."""
    times = [-math.log(sigma) for sigma in SIGMAS]
    h, last, earlier = times[3] - times[2], times[2] - times[1], times[1] - times[0]
    phi_2 = math.expm1(-2 * h) / (2 * h) + 1
    phi_3 = phi_2 / (2 * h) - 0.5
    one = (ESTIMATES[2] - ESTIMATES[1]) * h / last
    two = (ESTIMATES[1] - ESTIMATES[0]) * h / earlier
    wanted = math.exp(-2 * h) * 0.7 - math.expm1(-2 * h) * ESTIMATES[2]
    wanted += phi_2 * (one + (one - two) * last / (last + earlier)) - phi_3 * (one - two) * h / (last + earlier)
    assert step_of(corrected=True) == pytest.approx(wanted, rel=1e-9), broken(
        "third_order", "the third-order update reads sigmas, step_index and the last three estimates"
    )
