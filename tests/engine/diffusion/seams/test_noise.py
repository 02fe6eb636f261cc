"""Canary: where pipelines ask for their initial noise."""

from __future__ import annotations

import inspect

import pytest
from diffusers.utils.torch_utils import randn_tensor

from engine.diffusion.seams.noise import NOISE_METHODS, noise_globals
from tests.support.engine.canary import PIPELINES, argument, broken, calls_in, pipeline_class


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_asks_randn_tensor_once_for_its_initial_noise(name: str) -> None:
    methods = [method for each in NOISE_METHODS if (method := getattr(pipeline_class(name), each, None))]
    calls = [call for method in methods for call in calls_in(method, "randn_tensor")]
    assert calls, broken("noise", f"{name} calls randn_tensor in one of {', '.join(NOISE_METHODS)}")
    shape = argument(calls[0], "shape", 0)
    assert shape == "shape" or shape.startswith("(total_batch_size, "), broken(
        "noise", f"the first call of randn_tensor in {name} asks for the shape of the initial noise"
    )


@pytest.mark.parametrize("name", PIPELINES)
def test_randn_tensor_is_a_global_of_the_pipeline(name: str) -> None:
    namespaces = noise_globals(pipeline_class(name))
    assert len(namespaces) == 1, broken("noise", f"{name} has randn_tensor among the globals of its module")
    assert namespaces[0]["randn_tensor"] is randn_tensor, broken(
        "noise", f"randn_tensor in the module of {name} is that of diffusers.utils.torch_utils"
    )


def test_the_parameters_of_randn_tensor() -> None:
    parameters = list(inspect.signature(randn_tensor).parameters)
    assert parameters == ["shape", "generator", "device", "dtype", "layout"], broken(
        "noise", "randn_tensor takes shape, generator, device, dtype and layout"
    )
