"""Which family the VAE in a single file belongs to.  No torch.

The VAEs of Stable Diffusion 1 and of SDXL have the same tensors in the same shapes, and differ in nothing but values:
latents are scaled by 0.18215 in one, by 0.13025 in the other.  So do those of Flux.1 and Stable Diffusion 3.  The
family is known of a VAE inside a checkpoint, and of published files by their digests; names tell most others.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.models.contents import Kind, contents_of
from engine.models.fingerprints import file_digest
from engine.models.weights import read_weights

_SD, _SDXL, _SD3, _FLUX = "Stable Diffusion", "SDXL", "Stable Diffusion 3", "Flux.1"
_PUBLISHED = {
    (334_641_164, "63aeecb90ff7bc1c115395962d3e803571385b61938377bc7089b36e81e92e2e"): _SDXL,
    (334_641_190, "735e4c3a447a3255760d7f86845f09f937809baa529c17370d83e4c3758f3c75"): _SD,
}
"""By size and SHA-256: sdxl_vae.safetensors, and vae-ft-mse-840000-ema-pruned.safetensors."""
_IN_NAMES = (
    (re.compile(r"sdxl|(?<![a-z])xl(?![a-z])|xl[-_ .]?vae|vae[-_ .]?xl"), _SDXL),
    (re.compile(r"sd[-_ ]?3|stable[-_ ]?diffusion[-_ ]?3"), _SD3),
    (re.compile(r"flux|z[-_ ]?image|^ae$"), _FLUX),
    (re.compile(r"vae-ft-(mse|ema)|840000|560000|kl-?f8|sd[-_ ]?v?1|orangemix|clearvae|blessed"), _SD),
)
_OF_PIPELINES = {
    "StableDiffusionPipeline": _SD,
    "PixArtAlphaPipeline": _SD,
    "StableDiffusionXLPipeline": _SDXL,
    "PixArtSigmaPipeline": _SDXL,
    "StableDiffusion3Pipeline": _SD3,
    "FluxPipeline": _FLUX,
    "ChromaPipeline": _FLUX,
    "ZImagePipeline": _FLUX,
}
"""Whose VAE a pipeline uses."""


def vae_family(path: Path) -> str:
    """Return the family of a VAE's file, as `_OF_PIPELINES` names families, or "" if nothing tells it.

    Args:
        path: A weights file that holds a VAE.
    """
    contents = contents_of(read_weights(path))
    if contents.kind in (Kind.CHECKPOINT, Kind.DENOISER):
        families = (family for family in (_SDXL, _SD3, _FLUX, _SD) if contents.family.startswith(family))
        return next(families, "")
    size = path.stat().st_size
    for (known, digest), family in _PUBLISHED.items():
        if size == known and file_digest(path) == digest:
            return family
    name = path.stem.casefold()
    return next((family for pattern, family in _IN_NAMES if pattern.search(name)), "")


def may_be_vae_of(pipeline: str, path: Path) -> bool:
    """Return whether nothing speaks against the file of a VAE as that of a pipeline.

    Args:
        pipeline: The class of the pipeline.
        path: The file, whose tensors fit.
    """
    needed = _OF_PIPELINES.get(pipeline, "")
    return not needed or vae_family(path) in ("", needed)


def vae_notice(vae: str, model: str, pipeline: str) -> str:
    """Return a sentence if a VAE's file seems to belong to another family than the model, "" otherwise.

    Args:
        vae: The path of the VAE; a folder says by its configuration what it is, so it needs no guess.
        model: The model's name.
        pipeline: The class of the model's pipeline.
    """
    needed, path = _OF_PIPELINES.get(pipeline, ""), Path(vae)
    if path.suffix != ".safetensors" or not path.is_file() or may_be_vae_of(pipeline, path):
        return ""
    return (
        f"the VAE {path.name} seems to be one of {vae_family(path)}, but {model!r} needs one of {needed}: "
        "the pictures will have wrong colours, unless only its name is misleading"
    )
