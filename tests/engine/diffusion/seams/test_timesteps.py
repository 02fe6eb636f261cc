"""Canary: how the pipelines of flow models set timesteps, and how solvers make their own."""

from __future__ import annotations

import importlib
import math
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.diffusion.schedulers import FLOW_SOLVERS
from engine.diffusion.seams.timesteps import HOOKED, INTERLEAVED, TAKES_TIMESTEPS
from tests.support.engine.canary import broken

SIGMAS = [1.0, 0.75, 0.5, 0.25]
LEVELS = [9.0, 5.0, 2.0, 0.5]
FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
MODULES = ("flux.pipeline_flux", "qwenimage.pipeline_qwenimage", "stable_diffusion_3.pipeline_stable_diffusion_3")


class TakesNothing:
    """A scheduler that makes its own timesteps."""

    timesteps = torch.arange(4)

    def set_timesteps(self, num_inference_steps: int = 0, device: Any = None) -> None: ...


class TakesSigmas(TakesNothing):
    """A scheduler that takes those of the pipeline."""

    def set_timesteps(self, num_inference_steps: int = 0, device: Any = None, sigmas: Any = None) -> None: ...


@pytest.mark.parametrize("module", MODULES)
def test_a_pipeline_reads_the_signature_of_set_timesteps(module: str) -> None:
    retrieve = importlib.import_module(f"diffusers.pipelines.{module}").retrieve_timesteps
    timesteps, steps = retrieve(TakesSigmas(), 4, "cpu", sigmas=SIGMAS)
    assert (timesteps.tolist(), steps) == ([0, 1, 2, 3], 4)
    with pytest.raises(ValueError, match="custom") as caught:
        retrieve(TakesNothing(), 4, "cpu", sigmas=SIGMAS)
    assert "sigmas" in str(caught.value), broken(
        "timesteps", f"retrieve_timesteps of {module} refuses schedulers whose set_timesteps takes no sigmas"
    )


@pytest.mark.parametrize("name", FLOW_SOLVERS)
def test_a_solver_makes_the_sigmas_of_a_flow(name: str) -> None:
    scheduler = getattr(diffusers, name)(**FLOW)
    scheduler.set_timesteps(4, device="cpu")
    sigmas = scheduler.sigmas.double().numpy()
    assert sigmas.max() <= 1.0, broken("timesteps", f"{name} makes sigmas from 1 to 0 with use_flow_sigmas")
    assert (len(sigmas), sigmas[-1]) == (5, 0.0), broken("timesteps", f"n steps of {name} end at sigma 0")


@pytest.mark.parametrize("name", FLOW_SOLVERS)
def test_a_shift_in_the_configuration_counts_at_once(name: str) -> None:
    scheduler = getattr(diffusers, name)(**FLOW)
    scheduler.set_timesteps(4)
    plain = scheduler.sigmas.double().numpy()[:-1]
    scheduler.register_to_config(flow_shift=3.0)
    scheduler.set_timesteps(4)
    shifted = scheduler.sigmas.double().numpy()[:-1]
    np.testing.assert_allclose(
        shifted,
        3.0 * plain / (1.0 + 2.0 * plain),
        rtol=2e-3,
        err_msg=broken("timesteps", f"flow_shift of {name} is read by every set_timesteps, and shifts as in SD 3"),
    )


def test_heun_of_flows_reads_its_shift_anew() -> None:
    scheduler = diffusers.FlowMatchHeunDiscreteScheduler()
    scheduler.set_timesteps(4)
    plain = scheduler.sigmas.clone()
    scheduler.register_to_config(shift=3.0)
    scheduler.set_timesteps(4)
    assert not torch.equal(plain, scheduler.sigmas), broken(
        "timesteps", "shift of FlowMatchHeunDiscreteScheduler is read by every set_timesteps"
    )


@pytest.mark.parametrize("name", HOOKED)
def test_a_scheduler_takes_its_sigmas_from_one_method(name: str) -> None:
    scheduler = getattr(diffusers, name)(use_karras_sigmas=True)
    calls = []

    def answer(*_: Any, **__: Any) -> Any:
        calls.append(1)
        return np.array(LEVELS)

    scheduler._convert_to_karras = answer
    scheduler.set_timesteps(4)
    sigmas = scheduler.sigmas.double().tolist()
    assert len(calls) == 1, broken("timesteps", f"{name} asks _convert_to_karras once for its sigmas")
    twice = [LEVELS[0], *(level for level in LEVELS[1:] for _ in range(2))]
    assert sigmas[: len(scheduler.timesteps)] == pytest.approx(twice if name in INTERLEAVED else LEVELS), broken(
        "timesteps", f"{name} steps at the sigmas of _convert_to_karras"
    )
    if name not in INTERLEAVED:
        assert len(sigmas) == len(LEVELS) + 1, broken("timesteps", f"the last sigma of {name} is the end")


def test_heun_of_flows_repeats_sigmas_and_timesteps() -> None:
    scheduler = diffusers.FlowMatchHeunDiscreteScheduler()
    scheduler.set_timesteps(4)
    sigmas, times = scheduler.sigmas.tolist(), scheduler.timesteps.tolist()
    assert (len(sigmas), len(times)) == (8, 7)
    assert sigmas[1::2][:3] == sigmas[2::2][:3], broken("timesteps", "Heun of flows repeats each sigma but two")
    assert times[1::2] == times[2::2], broken("timesteps", "Heun of flows repeats each timestep but the first")


@pytest.mark.parametrize("name", TAKES_TIMESTEPS)
def test_a_scheduler_without_sigmas_takes_timesteps(name: str) -> None:
    scheduler = getattr(diffusers, name)()
    scheduler.set_timesteps(timesteps=[999, 600, 30], device="cpu")
    assert scheduler.timesteps.tolist() == [999, 600, 30], broken("timesteps", f"{name} takes whole timesteps")


def test_euler_a_reads_sigmas_and_timesteps_at_each_step() -> None:
    scheduler = diffusers.EulerAncestralDiscreteScheduler()
    scheduler.set_timesteps(2)
    scheduler.sigmas, scheduler.timesteps = torch.tensor([9.0, 2.0, 0.0]), torch.tensor([900.0, 300.0])
    assert float(scheduler.init_noise_sigma) == 9.0
    sample = scheduler.scale_model_input(torch.ones(1), scheduler.timesteps[0])
    assert float(sample) == pytest.approx(1 / math.sqrt(82)), broken("timesteps", "Euler a reads its sigmas anew")
