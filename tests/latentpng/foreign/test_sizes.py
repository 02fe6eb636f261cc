"""Which latent an import assumes, and the shape of its noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.latents import Latent
from latentpng.foreign.rebuild import rebuild
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.sizes import latent_of, likely_latent

RECORD = ForeignRecord(tool="a1111", seed=41, width=256, height=192)
FOUR, SIXTEEN, PACKED = (Latent(channels=c, factor=f) for c, f in ((4, 8), (16, 8), (128, 16)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, FOUR),
        ({"model": "flux1-dev"}, SIXTEEN),
        ({"extra": (("Module 1", "models/VAE/ae.safetensors"), ("Module 2", "clip_l"))}, SIXTEEN),
        ({"extra": (("Module 1", "clip_l"), ("Module 2", "t5xxl_fp16"))}, SIXTEEN),
        ({"extra": (("VAE", "C:\\models\\ae.sft"),)}, SIXTEEN),
        ({"extra": (("vae", {"name": "flux-vae"}),)}, SIXTEEN),
        ({"extra": (("VAE", "vae-ft-mse-840000"),)}, FOUR),
        ({"model": "sdxl_base", "extra": (("VAE", "ae"),)}, FOUR),
        ({"extra": (("loras", ["ink", "sub/glow_flux"]),)}, SIXTEEN),
        ({"extra": (("loras", [{"model": {"name": "glow_flux"}}]),)}, SIXTEEN),
        ({"tool": "sdnext", "extra": (("Pipeline", "QwenImagePipeline"),)}, SIXTEEN),
        ({"model": "flux2-klein"}, PACKED),
        ({"tool": "invokeai", "model": "FLUX.2 klein 4B"}, Latent(channels=32, factor=8)),
        ({"model": "Sana_1600M"}, Latent(channels=32, factor=32)),
    ],
)
def test_names_suggest_a_latent(changes: dict[str, Any], expected: Latent) -> None:
    record = replace(RECORD, **changes)
    assert likely_latent(record) == expected
    assert latent_of(record, Choices()) == expected
    assert "channels" in rebuild(record).assumed


@pytest.mark.parametrize(
    ("channels", "model", "chosen", "expected", "is_assumed"),
    [
        (16, "plainmix", 0, SIXTEEN, False),
        (128, "plainmix", 0, PACKED, False),
        (4, "plainmix", 0, FOUR, False),
        (4, "flux1-dev", 0, SIXTEEN, True),
        (4, "flux2-klein", 0, PACKED, True),
        (16, "plainmix", 4, FOUR, False),
        (16, "flux-2-klein", 0, PACKED, True),
        (0, "sana", 32, Latent(channels=32, factor=32), False),
        (0, "plainmix", 32, Latent(channels=32, factor=8), False),
    ],
)
def test_the_kind_of_the_latent_and_the_person_know_better(
    channels: int, model: str, chosen: int, expected: Latent, is_assumed: bool
) -> None:
    """ComfyUI widens an empty latent of 4 channels for a model that needs more."""
    record, choices = replace(RECORD, tool="comfyui", channels=channels, model=model), Choices(channels=chosen)
    assert latent_of(record, choices) == expected
    found = rebuild(record, choices)
    assert found.noise.shape == (expected.channels, 192 // expected.factor, 256 // expected.factor)
    assert ("channels" in found.assumed) == is_assumed
