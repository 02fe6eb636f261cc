"""Canary: how pipelines step, and what the schedulers' `step` takes and returns."""

from __future__ import annotations

import inspect
from typing import Any

import diffusers
import pytest
import torch

from engine.diffusion.schedulers import FLOW_SOLVERS
from engine.models.schedulers import CLASSES
from tests.support.engine.canary import PIPELINES, broken, calls_in, pipeline_class

SAMPLE = torch.linspace(-1.0, 1.0, 2 * 4 * 8 * 8).reshape(2, 4, 8, 8)
STOCHASTIC = (
    "DDIMScheduler",
    "DDIMParallelScheduler",
    "DDPMScheduler",
    "DDPMParallelScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "EulerAncestralDiscreteScheduler",
    "EulerDiscreteScheduler",
    "FlowMatchEulerDiscreteScheduler",
    "FlowMatchHeunDiscreteScheduler",
    "FlowMatchLCMScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "LCMScheduler",
    "SASolverScheduler",
    "TCDScheduler",
)
"""These draw noise in their steps, some of them with options only."""
SECOND_ORDER = {"HeunDiscreteScheduler": 2, "KDPM2DiscreteScheduler": 2, "FlowMatchHeunDiscreteScheduler": 2}


def started(name: str, **options: Any) -> Any:
    """A scheduler of four steps."""
    scheduler = getattr(diffusers, name)(**options)
    scheduler.set_timesteps(4)
    return scheduler


def stepped(scheduler: Any, *, count: int = 1, **arguments: Any) -> Any:
    """The result of the last of `count` steps."""
    result = None
    for timestep in scheduler.timesteps[:count]:
        result = scheduler.step(SAMPLE / 3, timestep, SAMPLE, **arguments)
    return result


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_steps_by_its_scheduler(name: str) -> None:
    calls = calls_in(pipeline_class(name).__call__, "self.scheduler.step")
    assert calls, broken("steps", f"{name}.__call__ calls self.scheduler.step")


@pytest.mark.parametrize("name", ["StableDiffusionPipeline", "PixArtAlphaPipeline", "Lumina2Pipeline"])
def test_a_pipeline_reads_the_signature_of_step(name: str) -> None:
    calls = calls_in(pipeline_class(name).prepare_extra_step_kwargs, "inspect.signature")
    assert calls, broken("steps", f"{name} reads the signature of scheduler.step to choose its arguments")


@pytest.mark.parametrize("name", CLASSES)
def test_step_takes_the_output_of_the_model_and_the_sample(name: str) -> None:
    parameters = list(inspect.signature(getattr(diffusers, name).step).parameters)
    assert parameters[:4] == ["self", "model_output", "timestep", "sample"], broken(
        "steps", f"{name}.step takes model_output, timestep and sample"
    )


@pytest.mark.parametrize("name", STOCHASTIC)
def test_a_scheduler_that_draws_noise_takes_a_generator(name: str) -> None:
    parameters = inspect.signature(getattr(diffusers, name).step).parameters
    assert "generator" in parameters, broken("steps", f"{name}.step takes a generator")


@pytest.mark.parametrize("name", ["DDIMScheduler", "DDIMParallelScheduler", "TCDScheduler"])
def test_a_scheduler_with_eta_takes_it_by_name(name: str) -> None:
    parameters = inspect.signature(getattr(diffusers, name).step).parameters
    assert "eta" in parameters, broken("steps", f"{name}.step takes eta")


@pytest.mark.parametrize("name", ["DDPMScheduler", "EulerAncestralDiscreteScheduler", "LCMScheduler"])
def test_a_list_of_generators_draws_for_each_picture_alone(name: str) -> None:
    generators = [torch.Generator().manual_seed(1) for _ in range(2)]
    noisy = stepped(started(name), generator=generators).prev_sample
    quiet = stepped(started(name), generator=[torch.Generator().manual_seed(2) for _ in range(2)]).prev_sample
    difference = noisy - quiet
    assert difference.abs().max() > 0.01, broken("steps", f"{name} draws noise from the given generators")
    assert torch.allclose(difference[0], difference[1], atol=1e-5), broken(
        "steps", f"generators with one seed give each picture of a batch the same noise ({name})"
    )


@pytest.mark.parametrize("name", ["DDIMScheduler", "EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler"])
def test_the_latents_come_first_in_the_result(name: str) -> None:
    as_tuple = stepped(started(name), return_dict=False)
    as_object = stepped(started(name))
    assert isinstance(as_tuple, tuple), broken("steps", f"{name}.step returns a tuple with return_dict=False")
    assert torch.equal(as_tuple[0], as_object.prev_sample), broken(
        "steps", f"the latents are the first value of a tuple, and prev_sample of an object ({name})"
    )


@pytest.mark.parametrize("name", SECOND_ORDER)
def test_the_number_of_timesteps_counts_second_order_steps(name: str) -> None:
    scheduler = started(name)
    assert len(scheduler.timesteps) == 4 * SECOND_ORDER[name] - 1, broken(
        "steps", f"len(timesteps) of {name} is the number of calls of step"
    )


@pytest.mark.parametrize("name", CLASSES)
def test_one_scheduler_alone_takes_seeds(name: str) -> None:
    scheduler = getattr(diffusers, name)()
    takes_seeds = hasattr(scheduler, "noise_sampler_seed")
    assert takes_seeds == (name == "DPMSolverSDEScheduler"), broken(
        "steps", "noise_sampler_seed is an attribute of DPMSolverSDEScheduler alone"
    )


@pytest.mark.parametrize("name", ["DDIMScheduler", "DDPMScheduler", "EulerDiscreteScheduler", "LCMScheduler"])
def test_an_estimate_of_the_final_latents_is_in_the_result(name: str) -> None:
    result = stepped(started(name))
    estimate = getattr(result, "pred_original_sample", None)
    estimate = result[1] if estimate is None and len(result) > 1 else estimate
    assert isinstance(estimate, torch.Tensor), broken("steps", f"{name} returns pred_original_sample (previews alone)")
    assert estimate.shape == SAMPLE.shape


@pytest.mark.parametrize("name", FLOW_SOLVERS)
def test_a_solver_keeps_its_estimates_of_the_final_latents(name: str) -> None:
    scheduler = started(name)
    stepped(scheduler, count=2)
    assert scheduler.config.get("algorithm_type") == "dpmsolver++" or scheduler.config.get("predict_x0"), broken(
        "steps", f"the configuration of {name} says that it predicts x0 (previews alone)"
    )
    assert scheduler.model_outputs[-1].shape == SAMPLE.shape, broken(
        "steps", f"{name}.model_outputs holds the estimates, the last one at its end (previews alone)"
    )


def test_a_flow_step_goes_along_its_velocity() -> None:
    scheduler = started("FlowMatchEulerDiscreteScheduler")
    before = scheduler.sigmas[0]
    after = stepped(scheduler).prev_sample
    assert scheduler.step_index == 1, broken("steps", "step_index of FlowMatchEuler is the number of steps done")
    expected = SAMPLE + (scheduler.sigmas[1] - before) * SAMPLE / 3
    assert torch.allclose(after, expected), broken(
        "steps", "FlowMatchEuler follows its velocity from one sigma to the next (previews alone)"
    )
