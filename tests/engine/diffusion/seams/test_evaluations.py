"""Canary: how pipelines iterate over timesteps, and what a copy of a scheduler and its private state do."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import diffusers
import pytest
import torch

from engine.diffusion.seams.evaluations import Steps, driven_steps
from tests.support.engine.canary import PIPELINES, broken, pipeline_class

SCHEDULERS = (
    "DDIMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerDiscreteScheduler",
    "FlowMatchEulerDiscreteScheduler",
)
LATENTS = torch.linspace(-1.0, 1.0, 24).reshape(1, 4, 2, 3)


def started(name: str) -> Any:
    """A scheduler of five steps."""
    options = {"clip_sample": False} if name == "DDIMScheduler" else {}
    scheduler = getattr(diffusers, name)(**options)
    scheduler.set_timesteps(5)
    return scheduler


def output_at(latents: torch.Tensor) -> torch.Tensor:
    """Return what a model might answer."""
    return torch.sin(latents) / 2


def stepped(name: str) -> list[torch.Tensor]:
    """The latents before each step and after the last one, by the scheduler itself."""
    scheduler, latents = started(name), [LATENTS]
    for timestep in scheduler.timesteps:
        latents.append(scheduler.step(output_at(latents[-1]), timestep, latents[-1], return_dict=False)[0])
    return latents


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_iterates_over_its_timesteps(name: str) -> None:
    source = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(pipeline_class(name).__call__))))
    loops = [ast.unparse(node.iter) for node in ast.walk(source) if isinstance(node, ast.For)]
    known = {"enumerate(timesteps)", "enumerate(self.scheduler.timesteps)"}
    assert known & set(loops), broken("evaluations", f"{name}.__call__ loops over its timesteps")


@pytest.mark.parametrize("name", SCHEDULERS)
def test_latents_are_weighted_sums_of_the_noise_and_of_outputs(name: str) -> None:
    expected, weights = stepped(name), Steps(started(name)).weights().float()
    parts = torch.stack([LATENTS, *(output_at(each) for each in expected[:-1])])
    for row, latents in zip(weights, expected, strict=True):
        assert torch.allclose(torch.tensordot(row, parts, dims=1), latents, atol=1e-4), broken(
            "evaluations", f"the latents of {name} are sums of the noise and of outputs, with fixed weights"
        )


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_factors_of_noising_belong_to_the_level_before_a_step(name: str) -> None:
    scheduler = started(name)
    clean, noisy = Steps(scheduler).noising(4)
    times, noise = scheduler.timesteps[4:], torch.full_like(LATENTS, 2.0)
    if hasattr(scheduler, "scale_noise"):
        mixed = scheduler.scale_noise(LATENTS, times, noise)
    else:
        mixed = scheduler.add_noise(LATENTS, noise, times)
    assert torch.allclose(mixed, clean * LATENTS + noisy * noise, atol=1e-5), broken(
        "evaluations", f"{name} mixes samples and noise with factors of the timestep alone"
    )


class Chosen:
    """A driver that evaluates at steps that were chosen before."""

    def __init__(self, *order: int) -> None:
        self.order, self.seen = list(order), list[float]()

    def begin(self, steps: Steps) -> None:
        self.count = steps.count

    def next_step(self) -> int:
        return self.order.pop(0) if self.order else -1

    def receive(self, output: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        self.seen.append(float(output))
        return latents + 1


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_loop_over_the_timesteps_is_driven(name: str) -> None:
    scheduler, driver = started(name), Chosen(4, 4, 0, 2)
    times, latents = [float(each) for each in scheduler.timesteps], torch.zeros(1)
    with driven_steps(scheduler, driver):
        scheduler.set_timesteps(5)
        for _, timestep in enumerate(scheduler.timesteps[:5].to("cpu")):
            if hasattr(scheduler, "scale_model_input"):
                scheduler.scale_model_input(latents, timestep)
            latents = scheduler.step(timestep, timestep, latents, return_dict=False)[0]
    assert driver.seen == [times[4], times[4], times[0], times[2]]
    assert (driver.count, float(latents)) == (5, 4.0)
    assert "step" not in scheduler.__dict__
