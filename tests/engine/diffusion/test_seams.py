"""The seams with minimal pipelines and schedulers; their assumptions are tested in tests/engine/diffusion/seams."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.diffusion.seams.latents import unpack_latents
from engine.diffusion.seams.noise import initial_noise, noise_globals, requested_noise_shape
from engine.diffusion.seams.randomness import isolated_randomness
from engine.diffusion.seams.steps import Step, controlled_steps
from engine.errors import ModelError, RenderError


def randn_tensor(shape: Any, **_: Any) -> Any:
    """The function that the module of a pipeline has."""
    return ("original", shape)


class Pipe:
    """The parts of a pipeline that the seams use."""

    freed = 0

    def prepare_latents(self) -> Any:
        return randn_tensor((2, 4, 1, 1), device="cpu", dtype=torch.float32), randn_tensor((9,))

    def silent(self) -> None: ...

    def maybe_free_model_hooks(self) -> None:
        self.freed += 1


def test_only_the_first_request_for_noise_is_answered() -> None:
    noise = torch.ones(2, 4, 1, 1)
    pipe = Pipe()
    with initial_noise(pipe, noise):
        first, second = pipe.prepare_latents()
    assert torch.equal(first, noise)
    assert second == ("original", (9,))
    assert pipe.prepare_latents()[0] == ("original", (2, 4, 1, 1)), "the original is restored"


def test_the_shape_of_the_noise_is_found_without_rendering() -> None:
    pipe = Pipe()
    assert requested_noise_shape(pipe, pipe.prepare_latents) == (2, 4, 1, 1)
    assert pipe.freed == 1
    assert pipe.prepare_latents()[0] == ("original", (2, 4, 1, 1))
    with pytest.raises(ModelError, match=r"^Pipe never asked for initial noise, so it cannot be used$"):
        requested_noise_shape(pipe, pipe.silent)
    with (
        pytest.raises(RenderError, match=r"^Pipe never asked for initial noise$"),
        initial_noise(pipe, torch.ones(1)),
    ):
        pipe.silent()


def test_the_original_is_restored_after_an_error() -> None:
    pipe = Pipe()
    with pytest.raises(RenderError), initial_noise(pipe, torch.ones(1, 4, 1, 1)):
        pipe.prepare_latents()
    assert pipe.prepare_latents()[1] == ("original", (9,))


def test_a_class_that_never_asks_for_noise_is_refused() -> None:
    assert noise_globals(SimpleNamespace) == []
    with pytest.raises(ModelError), initial_noise(SimpleNamespace(), torch.ones(1)):
        pass


class Scheduler:
    """The parts of a scheduler that the seams use."""

    timesteps = (3, 2, 1)
    config: dict[str, Any] = {}  # noqa: RUF012 (never changed)

    def step(self, model_output: Any, sample: Any, generator: Any = None, eta: float = 0.0) -> Any:  # noqa: ARG002
        return (sample + eta, [one.initial_seed() for one in generator])


def test_steps_get_one_generator_for_each_picture_and_are_counted() -> None:
    scheduler = Scheduler()
    steps: list[Step] = []
    with controlled_steps(scheduler, seed=7, count=2, eta=1.0, on_step=steps.append):
        _, seeds = scheduler.step(torch.zeros(2), torch.zeros(2), generator="the pipeline's")
        scheduler.step(torch.zeros(2), sample=torch.zeros(2))
    assert seeds == [7, 7]
    assert [(step.step, step.steps, step.latents.tolist()) for step in steps] == [
        (1, 3, [1.0, 1.0]),
        (2, 3, [1.0, 1.0]),
    ]
    assert "step" not in scheduler.__dict__


def test_draws_from_the_global_generators_are_reported() -> None:
    before = torch.get_rng_state()
    with isolated_randomness(3) as watch:
        first = torch.rand(1), np.random.rand()
    assert watch.drawn_from == ("torch", "numpy")
    with isolated_randomness(3) as watch:
        assert (torch.rand(1), np.random.rand()) == first
    with isolated_randomness(3) as watch:
        torch.rand(1, generator=torch.Generator().manual_seed(1))
    assert watch.drawn_from == ()
    assert torch.equal(torch.get_rng_state(), before)


def test_latents_in_an_unknown_packing_stay_as_they_are() -> None:
    assert unpack_latents(SimpleNamespace(), torch.zeros(2, 16, 5), (4, 4, 4), 32, 32).shape == (2, 16, 5)
