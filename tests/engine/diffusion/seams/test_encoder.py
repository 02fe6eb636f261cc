"""Canary: the autoencoders of pipelines, and how a pipeline decodes."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import diffusers
import pytest
import torch

from engine.diffusion.seams.encoder import autoencoder_of, encoded, latents_to_decode
from tests.support.engine.canary import PIPELINES, broken, calls_in, pipeline_class

PIXELS = {"IFPipeline", "PRXPixelPipeline"}
AUTOENCODERS = (
    "AutoencoderDC",
    "AutoencoderKL",
    "AutoencoderKLFlux2",
    "AutoencoderKLQwenImage",
    "AutoencoderKLWan",
    "AutoencoderTiny",
    "VQModel",
)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_decodes_by_its_autoencoder(name: str) -> None:
    call = pipeline_class(name).__call__
    calls = [*calls_in(call, "self.vae.decode"), *calls_in(call, "self.movq.decode")]
    assert bool(calls) != (name in PIXELS), broken("encoder", f"{name}.__call__ decodes by vae.decode or movq.decode")
    assert all(each.args for each in calls), broken("encoder", f"{name} hands the latents over as the first argument")


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_an_autoencoder_says_how_many_channels_a_picture_has(name: str) -> None:
    parameters = inspect.signature(getattr(diffusers, name).__init__).parameters
    assert {"in_channels", "input_channels"} & set(parameters), broken(
        "encoder", f"the configuration of {name} has in_channels or input_channels"
    )


class Part(torch.nn.Module):
    """The parts of an autoencoder that the seam uses."""

    dtype = torch.float32

    def __init__(self, **config: Any) -> None:
        super().__init__()
        self.config = _Config(config)

    def encode(self, pixels: torch.Tensor) -> Any:
        return SimpleNamespace(latent=pixels * 2)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return latents


class _Config(dict[str, Any]):
    """A configuration whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


def test_a_pipeline_is_left_before_it_decodes() -> None:
    pipe = SimpleNamespace(vae=Part())
    seen = latents_to_decode(pipe, lambda: pipe.vae.decode(torch.ones(2)).add(1))
    assert torch.equal(seen, torch.ones(2))
    assert torch.equal(pipe.vae.decode(torch.zeros(2)), torch.zeros(2)), "the original is restored"


def test_a_pipeline_that_decodes_nothing_is_reported() -> None:
    with pytest.raises(LookupError, match=r"^nothing was decoded$"):
        latents_to_decode(SimpleNamespace(vae=Part()), lambda: None)


def test_the_autoencoder_may_have_another_name() -> None:
    part = Part()
    assert autoencoder_of(SimpleNamespace(movq=part)) is part
    assert autoencoder_of(SimpleNamespace(vae=None)) is None


@pytest.mark.parametrize(
    ("config", "has_frames", "shape"),
    [({}, False, (1, 3, 2, 2)), ({"in_channels": 4}, False, (1, 4, 2, 2)), ({}, True, (1, 3, 1, 2, 2))],
)
def test_a_picture_gets_the_channels_and_frames_of_the_autoencoder(
    config: dict[str, Any], has_frames: bool, shape: tuple[int, ...]
) -> None:
    latents = encoded(Part(**config), torch.zeros(1, 3, 2, 2), has_frames=has_frames)
    assert tuple(latents.shape) == shape
    assert float(latents.max()) == (2.0 if config else 0.0), "a fourth channel is opaque alpha"
