"""Canary: the dummies of diffusers for classes whose dependencies are not installed."""

from __future__ import annotations

import diffusers
from diffusers.utils import dummy_torch_and_transformers_and_sentencepiece_objects as dummies

from engine.diffusion.seams.dummies import needed_packages
from tests.support.engine.canary import broken


def test_a_dummy_names_the_packages_that_it_needs() -> None:
    assert needed_packages(dummies.KolorsPipeline) == ("torch", "transformers", "sentencepiece"), broken(
        "dummies", "a dummy is a DummyObject and names what it needs in _backends"
    )
    assert needed_packages(diffusers.StableDiffusionPipeline) == ()
