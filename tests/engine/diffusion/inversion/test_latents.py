"""The map from initial noise to decoded latents, measured on functions that do what pipelines do."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.inversion.latents import measure_map
from engine.errors import ModelError

SHAPE = (1, 8, 6, 10)
NOISE = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
MEANS = torch.linspace(-1.0, 2.0, 8).reshape(1, 8, 1, 1)


def scaled(noise: torch.Tensor) -> torch.Tensor:
    return noise * 14.6 / 0.18215 + 0.1159


def by_channel(noise: torch.Tensor) -> torch.Tensor:
    return (noise * (MEANS + 3.0) + MEANS).unsqueeze(2)


def patches(noise: torch.Tensor) -> torch.Tensor:
    """Unpack 8 channels into patches of 2 x 2 pixels with 2 channels, as Flux.2 does."""
    return noise.reshape(1, 2, 2, 2, 6, 10).permute(0, 1, 4, 2, 5, 3).reshape(1, 2, 12, 20) * 1.7 - 0.3


def in_bfloat16(noise: torch.Tensor) -> torch.Tensor:
    return patches(noise.bfloat16())


@pytest.mark.parametrize("decoded", [scaled, by_channel, patches])
def test_latents_go_back_to_the_noise_that_gives_them(decoded: object) -> None:
    found = measure_map(decoded, SHAPE, "Pipe")  # type: ignore[arg-type]
    assert torch.allclose(found.to_noise(decoded(NOISE)), NOISE, atol=1e-5)  # type: ignore[operator]


def test_a_coarse_precision_keeps_every_value_apart() -> None:
    found = measure_map(in_bfloat16, SHAPE, "Pipe")
    assert torch.allclose(found.to_noise(patches(NOISE)), NOISE, atol=0.05)


def test_noise_that_is_mixed_is_refused() -> None:
    sentence = "^Pipe cannot be inverted: it mixes the values of its noise before the first step$"
    with pytest.raises(ModelError, match=sentence):
        measure_map(lambda noise: noise + noise.roll(1, dims=-1), SHAPE, "Pipe")


@pytest.mark.parametrize("decoded", [lambda noise: noise[:, :4], torch.zeros_like])
def test_latents_of_another_number_are_refused(decoded: object) -> None:
    sentence = "^Pipe cannot be inverted: its latents have another number of values than its noise$"
    with pytest.raises(ModelError, match=sentence):
        measure_map(decoded, SHAPE, "Pipe")  # type: ignore[arg-type]
