"""Pipelines that are made of the parts of another family, and render them in another way."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import diffusers

from engine.diffusion.load import LoadedModel
from tests.support.engine.families.catalogue import FAMILIES, as_built, build_family

VARIANTS: Mapping[str, str] = MappingProxyType(
    {
        "AltDiffusionPipeline": "SD 1.x",
        "Flux2KleinKVPipeline": "Flux.2 klein",
        "HunyuanDiTPAGPipeline": "Hunyuan-DiT",
        "KolorsPAGPipeline": "Kolors",
        "PixArtSigmaPAGPipeline": "PixArt-Σ",
        "SanaPAGPipeline": "Sana",
        "SemanticStableDiffusionPipeline": "SD 1.x",
        "StableDiffusion3PAGPipeline": "SD 3",
        "StableDiffusionPAGPipeline": "SD 1.x",
        "StableDiffusionPanoramaPipeline": "SD 1.x",
        "StableDiffusionPipelineSafe": "SD 1.x",
        "StableDiffusionSAGPipeline": "SD 1.x",
    }
)
"""The class, and the family whose parts it takes."""
_PERTURBED = {
    "HunyuanDiTPAGPipeline": "blocks.1",
    "PixArtSigmaPAGPipeline": "blocks.0",
    "SanaPAGPipeline": "transformer_blocks.0",
    "StableDiffusion3PAGPipeline": "blocks.0",
}
"""The layer whose attention is perturbed; the default is a layer that tiny models lack."""
_ABSENT = ("feature_extractor", "image_encoder", "safety_checker")


def build_variant(name: str) -> LoadedModel:
    """Return a variant, ready to render at the size of its family."""
    family = VARIANTS[name]
    parts, kind = build_family(family).components, getattr(diffusers, name)
    parameters = inspect.signature(kind.__init__).parameters
    arguments: dict[str, Any] = {**dict.fromkeys(_ABSENT), **parts, "requires_safety_checker": False}
    if name in _PERTURBED:
        arguments["pag_applied_layers"] = _PERTURBED[name]
    loaded = as_built(name, kind(**{key: value for key, value in arguments.items() if key in parameters}))
    FAMILIES[family].shrink(loaded.pipe)
    return loaded
