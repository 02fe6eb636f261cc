"""Canary: how the pipelines of flow models set timesteps, and how solvers make their own."""

from __future__ import annotations

import importlib
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.diffusion.schedulers import FLOW_SOLVERS
from tests.support.engine.canary import broken

SIGMAS = [1.0, 0.75, 0.5, 0.25]
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
