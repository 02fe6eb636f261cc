"""Whether a weights file is a model that makes pictures from text, and which configuration describes it.  No torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from engine.errors import ModelError
from engine.models.contents import VAE_PREFIXES, Contents, Kind, contents_of
from engine.models.denoisers import VIDEO
from engine.models.index_file import pipeline_of
from engine.models.json_files import read_config
from engine.models.members import check_members
from engine.models.model_root import INDEX
from engine.models.shipped import CONFIGS, config_folder
from engine.models.weights import WeightFile, typed_path

_REFINER = "SDXL refiner"

_ADDED: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.LORA: "a LoRA, a change to a model: name a model with --model, and this file with --lora",
        Kind.VAE: "a VAE, a part of a model: name a model with --model, and this file with --vae",
        Kind.TINY_VAE: (
            "a tiny autoencoder, which draws previews: name a model with --model, and this file with --preview-vae"
        ),
        Kind.TEXT_ENCODER: (
            "a text encoder, a part of a model: name a model with --model, and this file with --text-encoder"
        ),
        Kind.EMBEDDING: (
            "a textual inversion, a word for prompts: name a model with --model, and write the file's name in the "
            "prompt"
        ),
        Kind.CONTROLNET: "a ControlNet, which steers a model by a picture: it is no model, and cannot be used here",
        Kind.UPSCALER: "an upscaler, which enlarges finished pictures: it is no model, and cannot be used here",
        Kind.IP_ADAPTER: "an IP-Adapter, which steers a model by a picture: it is no model, and cannot be used here",
        Kind.MOTION: "a motion module, which makes a model draw videos: it is no model, and cannot be used here",
        Kind.CLIP_VISION: "an image encoder (CLIP vision), which reads pictures: it is no model of pictures",
    }
)
_OWN_TERMS: Mapping[str, str] = MappingProxyType({"Sana": "Gemma", "Lumina 2": "Gemma", "HiDream": "Llama"})
"""Families whose text encoder has a vocabulary under its own licence."""
_PIPELINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "StableDiffusionPipeline": ("Stable Diffusion 1", "Stable Diffusion 2"),
        "StableDiffusionXLPipeline": ("SDXL",),
        "StableDiffusion3Pipeline": (
            "Stable Diffusion 3 medium",
            "Stable Diffusion 3.5 medium",
            "Stable Diffusion 3.5 large",
        ),
        "FluxPipeline": ("Flux.1 dev", "Flux.1 schnell"),
        "Flux2Pipeline": ("Flux.2 dev", "Flux.2"),
        "Flux2KleinPipeline": ("Flux.2 klein 4B", "Flux.2 klein 9B", "Flux.2"),
        "ChromaPipeline": ("Chroma",),
        "PixArtAlphaPipeline": ("PixArt-alpha",),
        "PixArtSigmaPipeline": ("PixArt-sigma",),
        "ZImagePipeline": ("Z-Image",),
        "QwenImagePipeline": ("Qwen-Image",),
        "SanaPipeline": ("Sana",),
        "Lumina2Pipeline": ("Lumina 2",),
        "HiDreamImagePipeline": ("HiDream",),
        "AuraFlowPipeline": ("AuraFlow",),
        "KolorsPipeline": ("Kolors",),
        "HunyuanDiTPipeline": ("Hunyuan-DiT",),
    }
)
"""The families that a pipeline of diffusers renders, as far as `engine.models.denoisers` tells them."""
_PIECE = re.compile(r"-\d{5}-of-\d{5}\.safetensors$")
_TEXT_WIDTHS = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2"}


def check_is_whole(path: Path) -> None:
    """Refuse a weights file that is a part of a diffusers folder, or one of several pieces.

    Raises:
        ModelError: The message names the folder.
    """
    part = path.parent
    if (part / "config.json").is_file() and (part.parent / INDEX).is_file():
        raise ModelError(
            f"{path.name} is a part ({part.name}) of the model in the folder {part.parent.name!r}: name that folder"
        )
    if _PIECE.search(path.name):
        raise ModelError(
            f"{path.name} is one of several pieces: name the diffusers folder that they belong to, or get the model as "
            "one file"
        )


def check_is_model(path: Path, contents: Contents) -> None:
    """Refuse a weights file that makes no pictures from text.

    Args:
        path: The file.
        contents: What it holds.

    Raises:
        ModelError: It is something else; the message says what, and what to do with it.
    """
    if contents.kind in _ADDED:
        raise ModelError(f"{path.name} is {_ADDED[contents.kind]}")
    family = contents.family
    if family == _REFINER:
        raise ModelError(
            f"{path.name} is the refiner of SDXL, which finishes the pictures of another model: name an SDXL model"
        )
    if family in VIDEO:
        raise ModelError(f"{path.name} is {_a(family)} model, which makes videos: a text-to-image model is needed")
    if family == "Stable Cascade":
        raise ModelError(f"{path.name} is one stage of {family}: models in two stages cannot be used")
    if contents.purpose:
        raise ModelError(
            f"{path.name} is {_a(family or 'diffusion')} model for {contents.purpose}, which needs more than a text: "
            "a text-to-image model is needed"
        )


def check_is_vae(path: Path, file: WeightFile) -> None:
    """Refuse a weights file that is known to hold no VAE, alone or as a part of a checkpoint.

    Raises:
        ModelError: The message says what it holds.
    """
    kind = contents_of(file).kind
    holds_model = kind in (Kind.CHECKPOINT, Kind.DENOISER)
    if kind in (Kind.VAE, Kind.OTHER) or (holds_model and any(name.startswith(VAE_PREFIXES) for name in file.tensors)):
        return
    if holds_model:
        raise ModelError(f"--vae needs a VAE: {path.name} is a {kind} that holds none")
    remedy = ": name it with --preview-vae" if kind is Kind.TINY_VAE else ""
    raise ModelError(f"--vae needs a VAE: {path.name} is {_a(kind)}{remedy}")


def shipped_folder(path: Path, contents: Contents) -> Path:
    """Return the folder of the configuration that ships for a weights file.

    Raises:
        ModelError: None ships for it; the message says why, and what to do.
    """
    family = contents.family
    if family in CONFIGS:
        return config_folder(family)
    remedy = "add --config FOLDER, a local diffusers folder of the same family (only its small files are read)"
    if family in _OWN_TERMS:
        raise ModelError(
            f"{path.name} is {_a(family)} model, whose text encoder ({_OWN_TERMS[family]}) has a vocabulary under a "
            f"licence of its own, so it does not ship with warmer: {remedy}"
        )
    if family:
        raise ModelError(f"{path.name} is {_a(family)} model, whose configuration does not ship with warmer: {remedy}")
    raise ModelError(f"{path.name} holds no model that is known here; if it is one, {remedy}")


def named_folder(config: str) -> Path:
    """Return the folder that `--config` means; the model_index.json inside it means the same.

    Raises:
        ModelError: It is no diffusers folder.
    """
    path = typed_path(config)
    folder = path.parent if path.name == INDEX and path.is_file() else path
    if folder.is_file():
        raise ModelError(f"--config needs a diffusers folder: {config!r} is a file")
    if not (folder / INDEX).is_file():
        raise ModelError(f"--config needs a diffusers folder: {config!r} has no {INDEX}")
    check_members(folder, folder)
    return folder


def check_same_family(path: Path, contents: Contents, folder: Path) -> None:
    """Refuse the configuration of another family.

    Args:
        path: The weights file.
        contents: What it holds.
        folder: A diffusers folder.

    Raises:
        ModelError: The message names both families.
    """
    families = _families_of(folder)
    if contents.family and families and contents.family not in families:
        raise ModelError(
            f"{path.name} is {_a(contents.family)} model, but the folder of --config, {folder.name!r}, describes "
            f"{_a(' or '.join(families))} model: leave --config out, or name a folder of the same family"
        )


def _families_of(folder: Path) -> tuple[str, ...]:
    """Return the families that a configuration describes, () if that is not known."""
    pipeline = pipeline_of(folder)
    families = _PIPELINES.get(pipeline, ())
    if pipeline == "StableDiffusionPipeline":
        width = _entry(folder / "unet", "cross_attention_dim")
        return (_TEXT_WIDTHS[width],) if isinstance(width, int) and width in _TEXT_WIDTHS else families
    if pipeline == "FluxPipeline":
        guidance = _entry(folder / "transformer", "guidance_embeds")
        return ("Flux.1 dev" if guidance else "Flux.1 schnell",) if isinstance(guidance, bool) else families
    return families


def _entry(component: Path, name: str) -> object:
    file = component / "config.json"
    return read_config(file).get(name) if file.is_file() else None


def _a(name: str) -> str:
    """Return a name after its indefinite article; "SDXL" is read letter by letter."""
    return f"{'an' if name[0] in 'AEIOUaeiou' or name.startswith('SD') else 'a'} {name}"
