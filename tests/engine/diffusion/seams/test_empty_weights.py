"""Canary: tensors without values are the same with the mode as without it."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.seams.empty_weights import EmptyWeights
from tests.engine.diffusion.seams.test_later import run


def facts(tensor: torch.Tensor) -> tuple[object, ...]:
    """Return all that an empty tensor has."""
    return tensor.shape, tensor.stride(), tensor.dtype, tensor.device


@pytest.mark.parametrize("arguments", [(77,), (3, 9), (0.0, 1.0, 0.3)])
def test_ranges_are_the_same(arguments: tuple[float, ...]) -> None:
    with torch.device("meta"):
        plain = torch.arange(*arguments)
    with EmptyWeights(), torch.device("meta"):
        assert facts(torch.arange(*arguments)) == facts(plain)
    with EmptyWeights():
        assert torch.arange(*arguments).equal(torch.arange(*arguments, device="cpu"))


def test_tensors_like_empty_ones_are_the_same() -> None:
    for like in (torch.empty(3, 4, device="meta"), torch.empty(3, 4, device="meta").T, torch.ones(2)):
        for named in ({}, {"device": "cpu"}, {"dtype": torch.float16}, {"device": None}):
            with EmptyWeights():
                made = torch.empty_like(like, **named)
            assert facts(made) == facts(torch.empty_like(like, **named))


def test_weights_without_values_draw_nothing_and_others_as_ever() -> None:
    torch.manual_seed(1)
    plain = torch.nn.Embedding(3, 4).weight
    torch.manual_seed(1)
    with EmptyWeights():
        empty = torch.nn.Embedding(3, 4, device="meta").weight
        assert torch.nn.init.normal_(tensor=empty) is empty
        assert torch.nn.Embedding(3, 4).weight.equal(plain)
    assert facts(empty) == facts(torch.nn.Embedding(3, 4, device="meta").weight)


def test_nothing_of_this_imports_sympy() -> None:
    assert (
        run("""
        from engine.diffusion.seams.empty_weights import EmptyWeights
        with EmptyWeights(), torch.device("meta"):
            torch.nn.Embedding(3, 4)
            torch.empty_like(torch.arange(4), device="cpu")
        print("sympy" in sys.modules)
        """)
        == "False"
    )
