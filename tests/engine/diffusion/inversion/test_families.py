"""Inversion of all kinds of families: packed and patched latents, films, other guidance; and those that are refused."""

from __future__ import annotations

import pytest

from engine.diffusion.load import LoadedModel
from engine.errors import InvalidRequestError, ModelError
from engine.rendering.requests import InversionWay
from tests.support.engine.families.catalogue import FAMILIES, as_built, build_family
from tests.support.engine.inversions import calibrate, invert_job, inverted, source_in

pytestmark = pytest.mark.slow

FLOWS = (
    "AuraFlow",
    "Bria 3.2",
    "Bria FIBO",
    "Chroma",
    "CogView 4",
    "ERNIE-Image",
    "Flux.1",
    "Flux.2",
    "HunyuanImage 2.1",
    "Kandinsky 5",
    "Krea 2",
    "LongCat-Image",
    "Ovis-Image",
    "PRX",
    "Qwen-Image",
    "Qwen-Image 2.1",
    "SD 3",
    "Sana",
    "Z-Image",
)
WITHOUT_GUIDANCE = {"Krea 2": 0.0, "Z-Image": 0.0}
"""What turns guidance off where it is not 1."""
OTHERS = (
    ("CogView 3+", "ddim"),
    ("HiDream", "euler"),
    ("Hunyuan-DiT", "euler"),
    ("Kandinsky 3", "ddim, clip_sample=false"),
    ("Kolors", "dpm++ 2m"),
    ("Lumina 2", "dpm++ 2m"),
    ("PixArt-α", "euler"),
    ("SD 2 v", "ddim"),
    ("SDXL", "euler"),
)
"""Families whose predictions are no flows, and flows with another solver."""
FOUR_RENDERINGS = 4 * 2 * 4
"""Evaluations of four renderings with guidance in four steps."""


def built(name: str) -> LoadedModel:
    """Return a tiny model."""
    loaded = as_built(name, build_family(name))
    FAMILIES[name].shrink(loaded.pipe)
    return loaded


@pytest.mark.parametrize(("name", "scheduler"), [*((name, "") for name in FLOWS), *OTHERS])
def test_a_family_repeats_a_photograph(name: str, scheduler: str) -> None:
    loaded, job = built(name), invert_job(FAMILIES[name].settings, scheduler)
    calibrate(loaded, job.settings)
    source = source_in(inverted(loaded, job))
    assert source["vae_psnr"] > 40.0  # type: ignore[operator]
    assert source["evaluations"] <= FOUR_RENDERINGS  # type: ignore[operator]
    assert source["guidance"] == WITHOUT_GUIDANCE.get(name, 1.0)


@pytest.mark.parametrize("name", ["Flux.1", "Qwen-Image"])
def test_the_free_way_works_with_packed_latents(name: str) -> None:
    loaded, job = built(name), invert_job(FAMILIES[name].settings, way=InversionWay.FREE, seed=5)
    calibrate(loaded, job.settings)
    result = inverted(loaded, job)
    assert result.record.tensor.shape == FAMILIES[name].shape
    assert source_in(result)["seed"] == "5"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("DeepFloyd IF", "IFPipeline cannot be inverted: it has no autoencoder"),
        ("PRX pixel", "PRXPixelPipeline cannot be inverted: it has no autoencoder"),
        ("Ideogram 4", "Ideogram4Pipeline cannot be inverted: it has a guidance for each step"),
        (
            "HiDream",
            "the model's own scheduler UniPCMultistep cannot be inverted: choose dpm++ 2m or euler with --scheduler",
        ),
        (
            "LCM",
            "the model's own scheduler LCM cannot be inverted: this model can use no scheduler that can be inverted",
        ),
    ],
)
def test_a_family_that_cannot_be_inverted_says_why(name: str, sentence: str) -> None:
    loaded, job = built(name), invert_job(FAMILIES[name].settings)
    with pytest.raises((InvalidRequestError, ModelError)) as caught:
        inverted(loaded, job)
    assert str(caught.value) == sentence
