"""Canary: the global generators of torch, NumPy and Python."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.support.engine.canary import broken

DRAWS: dict[str, tuple[Callable[[], object], Callable[[], str]]] = {
    "torch": (lambda: torch.rand(1), lambda: repr(torch.get_rng_state().tolist())),
    "numpy": (lambda: np.random.rand(), lambda: repr(np.random.get_state())),
    "python": (random.random, lambda: repr(random.getstate())),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_state_changes_with_every_draw(name: str) -> None:
    draw, state = DRAWS[name]
    states = [state()]
    for _ in range(3):
        draw()
        states.append(state())
    assert len(set(states)) == 4, broken("randomness", f"the state of {name} changes with every draw", library="torch")


def test_fork_rng_restores_the_generators_of_torch() -> None:
    before = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        torch.rand(1)
    assert torch.equal(torch.get_rng_state(), before), broken(
        "randomness", "torch.random.fork_rng restores the state", library="torch"
    )


def test_a_generator_of_its_own_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    torch.randn(3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.get_rng_state(), before), broken(
        "randomness", "a draw from another generator does not change the global one", library="torch"
    )
