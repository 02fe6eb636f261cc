"""Anderson's method: it solves what it has to, and from fewer evaluations than the plain fixed point."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.diffusion.inversion.fixed_point import AndersonIteration, relative_size

SIZE = 40
BASIS = np.linalg.qr(np.random.default_rng(1).standard_normal((SIZE, SIZE)))[0]
MATRIX = torch.from_numpy(BASIS @ np.diag(np.linspace(-0.9, 0.9, SIZE)) @ BASIS.T).float()
CONSTANT = torch.from_numpy(np.random.default_rng(2).standard_normal(SIZE)).float()


def evaluations(memory: int, most: int = 200) -> tuple[int, torch.Tensor]:
    """Return how many evaluations x = M x + c takes to a relative residual of 1e-4, and the x that was found."""
    iteration, latents = AndersonIteration(memory=memory), torch.zeros(SIZE)
    for count in range(1, most):
        residual = MATRIX @ latents + CONSTANT - latents
        if relative_size(residual, latents) < 1e-4:
            return count, latents
        latents = iteration.following(latents, residual)
    return most, latents


@pytest.mark.parametrize("memory", [0, 3])
def test_it_finds_the_solution_of_a_linear_equation(memory: int) -> None:
    solution = torch.linalg.solve(torch.eye(SIZE) - MATRIX, CONSTANT)
    _, found = evaluations(memory)
    assert torch.allclose(found, solution, atol=5e-2)


def test_a_memory_takes_fewer_evaluations() -> None:
    assert evaluations(3)[0] < evaluations(0)[0] * 0.7


def test_without_a_memory_it_is_the_damped_fixed_point() -> None:
    iteration, latents = AndersonIteration(memory=0, damping=0.5), torch.ones(3)
    for value in (1.0, 2.0, 3.0):
        assert torch.equal(iteration.following(latents, torch.full((3,), value)), latents + 0.5 * value)


def test_residuals_that_do_not_change_give_a_finite_iterate() -> None:
    iteration, residual = AndersonIteration(), torch.ones(3)
    latents = torch.zeros(3)
    for _ in range(4):
        latents = iteration.following(latents, residual)
    assert torch.isfinite(latents).all()
