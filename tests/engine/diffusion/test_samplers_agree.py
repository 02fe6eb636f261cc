"""The schedulers of diffusers take the steps of the samplers that their names stand for, as k-diffusion has them.

Both denoise the same values with the same made-up model, which knows the clean value of each noisy one.  The fresh
noise of each step is left out on both sides, since no file records it.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from engine.models.sampler_names import with_schedule
from tests.engine.diffusion.test_schedules import SD

Tensor = torch.Tensor
Sampler = Callable[[Tensor, list[float]], Tensor]
NOISE = torch.linspace(-2.5, 2.5, 41, dtype=torch.float64)


def denoised(x: Tensor, sigma: float) -> Tensor:
    return torch.tanh(x / (1 + sigma)) * (1 + 0.1 * sigma / (1 + sigma))


def slope(x: Tensor, sigma: float) -> Tensor:
    return (x - denoised(x, sigma)) / sigma


def down(sigma: float, after: float) -> float:
    """Return where an ancestral step goes before it adds noise."""
    return math.sqrt(after**2 - after**2 * (sigma**2 - after**2) / sigma**2)


def pairs(sigmas: list[float]) -> list[tuple[float, float]]:
    return list(itertools.pairwise(sigmas))


def euler(x: Tensor, sigmas: list[float]) -> Tensor:
    for sigma, after in pairs(sigmas):
        x = x + slope(x, sigma) * (after - sigma)
    return x


def euler_a(x: Tensor, sigmas: list[float]) -> Tensor:
    for sigma, after in pairs(sigmas):
        x = x + slope(x, sigma) * (down(sigma, after) - sigma)
    return x


def heun(x: Tensor, sigmas: list[float]) -> Tensor:
    for sigma, after in pairs(sigmas):
        first, step = slope(x, sigma), after - sigma
        second = slope(x + first * step, after) if after else first
        x = x + (first + second) / 2 * step
    return x


def dpm2(x: Tensor, sigmas: list[float], *, ancestral: bool = False) -> Tensor:
    for sigma, after in pairs(sigmas):
        to = down(sigma, after) if ancestral else after
        middle = math.sqrt(sigma * to)
        inside = slope(x + slope(x, sigma) * (middle - sigma), middle) if to else slope(x, sigma)
        x = x + inside * (to - sigma)
    return x


def dpmpp_sde(x: Tensor, sigmas: list[float]) -> Tensor:
    for sigma, after in pairs(sigmas):
        if not after:
            return denoised(x, sigma)
        middle = math.sqrt(sigma * after)
        share = down(sigma, middle) / sigma
        inside = share * x + (1 - share) * denoised(x, sigma)
        share = down(sigma, after) / sigma
        x = share * x + (1 - share) * denoised(inside, middle)
    return x


def multistep(x: Tensor, sigmas: list[float], order: int, noise: float, *, heun: bool = False) -> Tensor:
    """DPM++ 2M (noise 0), 2M SDE and 3M SDE (noise 1)."""
    estimates: list[Tensor] = []
    steps: list[float] = []
    for sigma, after in pairs(sigmas):
        estimates.append(denoised(x, sigma))
        if not after:
            return estimates[-1]
        steps.append(math.log(sigma / after))
        h = steps[-1] * (1 + noise)
        x = math.exp(-h) * x - math.expm1(-h) * estimates[-1]
        if len(steps) > 1:
            last = steps[-2] / steps[-1]
            first = (estimates[-1] - estimates[-2]) / last
            phi_2 = math.expm1(-h) / h + 1
            if order == 3 and len(steps) > 2:
                earlier = steps[-3] / steps[-1]
                change = (first - (estimates[-2] - estimates[-3]) / earlier) / (last + earlier)
                x = x + phi_2 * (first + change * last) - (phi_2 / h - 0.5) * change
            elif order == 3 or heun:
                x = x + phi_2 * first
            else:
                x = x - 0.5 * math.expm1(-h) * first
    return x


def ipndm(x: Tensor, sigmas: list[float]) -> Tensor:
    """Adams-Bashforth: the integral of the polynomial through the last slopes, as if all steps were of one length."""
    slopes: list[Tensor] = []
    for sigma, after in pairs(sigmas):
        slopes.append(slope(x, sigma))
        used = slopes[-4:] if after else slopes[-1:]
        places = torch.arange(-len(used) + 1, 1, dtype=torch.float64)
        powers = torch.arange(len(used), dtype=torch.float64)
        weights = torch.linalg.solve(places[None, :] ** powers[:, None], 1 / (powers + 1))
        x = x + (after - sigma) * sum(weight * each for weight, each in zip(weights, used, strict=True))
    return x


def lms(x: Tensor, sigmas: list[float]) -> Tensor:
    """The integral of the polynomial through the last four slopes, over the true lengths of the steps."""
    slopes: list[Tensor] = []
    for index, (sigma, after) in enumerate(pairs(sigmas)):
        slopes.append(slope(x, sigma))
        count = min(index + 1, 4)
        places = torch.tensor(sigmas[index + 1 - count : index + 1], dtype=torch.float64) - sigma
        powers = torch.arange(count, dtype=torch.float64)
        integrals = (after - sigma) ** (powers + 1) / (powers + 1)
        weights = torch.linalg.solve(places[None, :] ** powers[:, None], integrals)
        for weight, each in zip(weights, slopes[-count:], strict=True):
            x = x + weight * each
    return x


SAMPLERS: dict[str, Sampler] = {
    "Euler": euler,
    "Euler a": euler_a,
    "Heun": heun,
    "IPNDM": ipndm,
    "LMS": lms,
    "DPM2": dpm2,
    "DPM2 a": lambda x, sigmas: dpm2(x, sigmas, ancestral=True),
    "DPM++ SDE": dpmpp_sde,
    "DPM++ 2M": lambda x, sigmas: multistep(x, sigmas, 2, 0.0),
    "DPM++ 2M SDE": lambda x, sigmas: multistep(x, sigmas, 2, 1.0),
    "DPM++ 2M SDE Heun": lambda x, sigmas: multistep(x, sigmas, 2, 1.0, heun=True),
    "DPM++ 3M SDE": lambda x, sigmas: multistep(x, sigmas, 3, 1.0),
}


def sigma_now(scheduler: Any) -> float:
    """Return the sigma at which the scheduler asks the model next."""
    index, name = scheduler.step_index, type(scheduler).__name__
    if getattr(scheduler, "state_in_first_order", True):
        return float(scheduler.sigmas[index])
    if name == "KDPM2DiscreteScheduler":
        return float(scheduler.sigmas_interpol[index])
    if name == "KDPM2AncestralDiscreteScheduler":
        return float(scheduler.sigmas_interpol[index - 1])
    return float(scheduler.mid_point_sigma if name == "DPMSolverSDEScheduler" else scheduler.sigmas[index])


def by_diffusers(scheduler: Any) -> Tensor:
    sample = NOISE * float(scheduler.init_noise_sigma)
    if hasattr(scheduler, "noise_sampler"):
        scheduler.noise_sampler = lambda *_: 0.0
    for timestep in scheduler.timesteps:
        if scheduler.step_index is None:
            scheduler._init_step_index(timestep)
        model_input, sigma = scheduler.scale_model_input(sample, timestep), sigma_now(scheduler)
        # the model sees the noisy value times 1 / sqrt(1 + sigma ** 2), and predicts the noise
        predicted = slope(model_input * math.sqrt(1 + sigma**2), sigma)
        stepped: Tensor = scheduler.step(predicted, timestep, sample)[0]
        sample = stepped
    return sample


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [7, 20])
def test_a_scheduler_takes_the_steps_of_the_sampler(monkeypatch: pytest.MonkeyPatch, name: str, steps: int) -> None:
    scheduler = SD.build(with_schedule(name, "karras"))
    scheduler.set_timesteps(steps, device="cpu")
    module = importlib.import_module(type(scheduler).__module__)
    if hasattr(module, "randn_tensor"):
        monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: torch.zeros(shape, dtype=torch.float64))
    sigmas = list(dict.fromkeys(scheduler.sigmas.double().tolist()))
    wanted = SAMPLERS[name](NOISE * math.sqrt(1 + sigmas[0] ** 2), sigmas)
    assert float((by_diffusers(scheduler) - wanted).abs().max()) < 1e-6
