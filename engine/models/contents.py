"""What a weights file holds, told from the names and shapes of its tensors alone.  No torch.

Libraries take whatever they do not recognise for a Stable Diffusion 1 checkpoint, and fail later with errors that name
neither the file nor the mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.models.weights import WeightFile


class Kind(StrEnum):
    """What a weights file is used for, in the words of messages."""

    CHECKPOINT = "checkpoint"
    DENOISER = "diffusion model without text encoders"
    VAE = "VAE"
    TINY_VAE = "tiny autoencoder for previews"
    TEXT_ENCODER = "text encoder"
    LORA = "LoRA"
    EMBEDDING = "textual inversion"
    CONTROLNET = "ControlNet"
    UPSCALER = "upscaler"
    OTHER = "file of an unknown kind"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a weights file holds.

    Attributes:
        kind: What it is used for.
        family: The family of models that it belongs to, for example "SDXL"; "" if that cannot be told.
    """

    kind: Kind
    family: str = ""


def contents_of(file: WeightFile) -> Contents:
    """Return what a weights file holds.

    Args:
        file: The file, whose header was read.
    """
    names = file.tensors
    if names and all("lora" in name.casefold() or name.endswith(".alpha") for name in names):
        return Contents(kind=Kind.LORA)
    return Contents(kind=Kind.CHECKPOINT)
