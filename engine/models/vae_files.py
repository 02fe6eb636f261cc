"""Which family the VAE in a single file belongs to.  No torch.

The VAEs of Stable Diffusion 1 and of SDXL have the same tensors in the same shapes, and differ in nothing but values:
latents are scaled by 0.18215 in one, by 0.13025 in the other.  So the file's digest tells it for the published files,
and its name for most of the others.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.models.fingerprints import file_digest

_STABLE_DIFFUSION, _SDXL = "Stable Diffusion", "SDXL"
_PUBLISHED = {
    (334_641_164, "63aeecb90ff7bc1c115395962d3e803571385b61938377bc7089b36e81e92e2e"): _SDXL,
    (334_641_190, "735e4c3a447a3255760d7f86845f09f937809baa529c17370d83e4c3758f3c75"): _STABLE_DIFFUSION,
}
"""By size and SHA-256: sdxl_vae.safetensors, and vae-ft-mse-840000-ema-pruned.safetensors."""
_NEEDED = {
    "StableDiffusionPipeline": _STABLE_DIFFUSION,
    "StableDiffusionXLPipeline": _SDXL,
    "PixArtAlphaPipeline": _STABLE_DIFFUSION,
    "PixArtSigmaPipeline": _SDXL,
}
_SIXTEEN = {
    "StableDiffusion3Pipeline": "Stable Diffusion 3",
    "FluxPipeline": "Flux.1",
    "ChromaPipeline": "Flux.1",
    "ZImagePipeline": "Flux.1",
}
"""Whose VAE with 16 channels these pipelines use: two families have the same tensors in the same shapes."""
_SIXTEEN_IN_NAMES = (
    (re.compile(r"sd[-_ ]?3|stable[-_ ]?diffusion[-_ ]?3"), "Stable Diffusion 3"),
    (re.compile(r"^ae$|flux|z[-_ ]?image"), "Flux.1"),
)
_IN_NAMES = (
    (re.compile(r"sdxl|(?<![a-z])xl(?![a-z])|xl[-_ .]?vae|vae[-_ .]?xl"), _SDXL),
    (
        re.compile(r"vae-ft-(mse|ema)|840000|560000|kl-?f8|sd[-_ ]?v?1|sd15|orangemix|clearvae|blessed"),
        _STABLE_DIFFUSION,
    ),
)


def vae_family(path: Path) -> str:
    """Return the family of a VAE's file: "SDXL", "Stable Diffusion" (1 and 2), or "" if nothing tells it.

    Args:
        path: The file of a VAE with 4 latent channels.
    """
    size = path.stat().st_size
    for (known, digest), family in _PUBLISHED.items():
        if size == known and file_digest(path) == digest:
            return family
    name = path.stem.casefold()
    return next((family for pattern, family in _IN_NAMES if pattern.search(name)), "")


def may_be_vae_of(pipeline: str, path: Path) -> bool:
    """Return whether the file of a VAE may belong to a pipeline whose VAE has the same tensors in the same shapes.

    Only a digest or a name that speaks for another family says no.

    Args:
        pipeline: The class of the pipeline.
        path: The file.
    """
    if pipeline in _SIXTEEN:
        found = next((family for pattern, family in _SIXTEEN_IN_NAMES if pattern.search(path.stem.casefold())), "")
        return found in ("", _SIXTEEN[pipeline])
    needed = _NEEDED.get(pipeline, "")
    return not needed or vae_family(path) in ("", needed)


def vae_notice(vae: str, model: str, pipeline: str) -> str:
    """Return a sentence if a VAE's file seems to belong to another family than the model, "" otherwise.

    Args:
        vae: The path of the VAE; a folder says by its configuration what it is, so it needs no guess.
        model: The model's name.
        pipeline: The class of the model's pipeline.
    """
    needed = _NEEDED.get(pipeline, "")
    path = Path(vae)
    if not needed or path.suffix != ".safetensors" or not path.is_file():
        return ""
    found = vae_family(path)
    if not found or found == needed:
        return ""
    return (
        f"the VAE {path.name} seems to be one of {found}, but {model!r} is a model of {needed}: "
        "the pictures will have wrong colours, unless only its name is misleading"
    )
