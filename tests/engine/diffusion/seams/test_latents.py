"""Canary: how pipelines pack their latents into tokens (for previews alone)."""

from __future__ import annotations

import inspect

import pytest
import torch

from tests.support.engine.canary import PIPELINES, broken, pipeline_class

PACKED = (
    "ChromaPipeline",
    "FluxPipeline",
    "LongCatImagePipeline",
    "OvisImagePipeline",
    "QwenImagePipeline",
)
OTHERWISE = {
    "BriaPipeline": {"latents", "height", "width", "vae_scale_factor"},
    "BriaFiboPipeline": {"latents", "height", "width", "vae_scale_factor"},
    "Krea2Pipeline": {"latents", "height", "width"},
    "QwenImage21Pipeline": {"latents", "height", "width", "vae_scale_factor"},
}
"""Classes with such a method that does not undo the packing of Flux.1, and what it takes."""


@pytest.mark.parametrize("name", PIPELINES)
def test_which_pipelines_unpack_and_how(name: str) -> None:
    unpack = getattr(pipeline_class(name), "_unpack_latents", None)
    assert (unpack is not None) == (name in (*PACKED, *OTHERWISE)), broken(
        "latents", f"_unpack_latents is a method of {', '.join((*PACKED, *OTHERWISE))}, and of no other family"
    )
    if unpack is not None:
        parameters = set(inspect.signature(unpack).parameters) - {"self"}
        expected = OTHERWISE.get(name, {"latents", "height", "width", "vae_scale_factor"})
        assert parameters == expected, broken("latents", f"{name}._unpack_latents takes {', '.join(sorted(expected))}")


@pytest.mark.parametrize("name", PACKED)
def test_unpacking_undoes_packing(name: str) -> None:
    kind = pipeline_class(name)
    latents = torch.arange(2 * 4 * 8 * 6.0).reshape(2, 4, 8, 6)
    packed = kind._pack_latents(latents, 2, 4, 8, 6)
    unpacked = kind._unpack_latents(packed, height=64, width=48, vae_scale_factor=8)
    assert torch.equal(unpacked.reshape(latents.shape), latents), broken(
        "latents", f"{name}._unpack_latents undoes _pack_latents for a size in pixels"
    )
