"""What a folder of model files holds, told from the folder's name as A1111, Forge, ComfyUI and their kin choose it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Shelf(StrEnum):
    """What a folder of the library holds; the values are the keys of the configuration file."""

    MODELS = "models"
    LORAS = "loras"
    VAES = "vaes"
    TEXT_ENCODERS = "text_encoders"
    EMBEDDINGS = "embeddings"
    PREVIEWS = "preview_vaes"

    @property
    def noun(self) -> str:
        """One thing on this shelf, in the words of messages."""
        return _NOUNS[self]

    @property
    def use(self) -> str:
        """What to do with one thing on this shelf, in the words of messages."""
        return _USES[self]


_NOUNS: Mapping[Shelf, str] = MappingProxyType(
    {
        Shelf.MODELS: "model",
        Shelf.LORAS: "LoRA",
        Shelf.VAES: "VAE",
        Shelf.TEXT_ENCODERS: "text encoder",
        Shelf.EMBEDDINGS: "textual inversion",
        Shelf.PREVIEWS: "preview VAE",
    }
)
_USES: Mapping[Shelf, str] = MappingProxyType(
    {
        Shelf.MODELS: "name it with --model",
        Shelf.LORAS: "name it with --lora",
        Shelf.VAES: "name it with --vae",
        Shelf.TEXT_ENCODERS: "name it with --text-encoder",
        Shelf.EMBEDDINGS: "write its name in the prompt",
        Shelf.PREVIEWS: "name it with --preview-vae",
    }
)
_FOLDERS: Mapping[str, Shelf] = MappingProxyType(
    {
        "checkpoint": Shelf.MODELS,
        "checkpoints": Shelf.MODELS,
        "diffusers": Shelf.MODELS,
        "diffusionmodel": Shelf.MODELS,
        "diffusionmodels": Shelf.MODELS,
        "stablediffusion": Shelf.MODELS,
        "unet": Shelf.MODELS,
        "lora": Shelf.LORAS,
        "loras": Shelf.LORAS,
        "lycoris": Shelf.LORAS,
        "vae": Shelf.VAES,
        "vaes": Shelf.VAES,
        "clip": Shelf.TEXT_ENCODERS,
        "textencoder": Shelf.TEXT_ENCODERS,
        "textencoders": Shelf.TEXT_ENCODERS,
        "embedding": Shelf.EMBEDDINGS,
        "embeddings": Shelf.EMBEDDINGS,
        "textualinversion": Shelf.EMBEDDINGS,
        "approxvae": Shelf.PREVIEWS,
        "previewvaes": Shelf.PREVIEWS,
        "vaeapprox": Shelf.PREVIEWS,
    }
)
"""Names of folders in lower case, without hyphens, underscores and spaces."""
_NOT_FOR_US = frozenset(
    {
        "adetailer",
        "animatediffmodels",
        "audioencoders",
        "blip",
        "classifiers",
        "clipvision",
        "codeformer",
        "configs",
        "controlnet",
        "controlnets",
        "deepbooru",
        "esrgan",
        "gfpgan",
        "gligen",
        "hypernetwork",
        "hypernetworks",
        "insightface",
        "ipadapter",
        "ipadapters",
        "karlo",
        "ldsr",
        "latentupscalemodels",
        "modelpatches",
        "onnx",
        "photomaker",
        "realesrgan",
        "scunet",
        "stylemodels",
        "swinir",
        "t2iadapter",
        "t2iadapters",
        "upscalemodels",
        "upscalers",
    }
)
"""Folders of those programs whose files this one cannot use, written in the same way."""


def shelf_of(name: str) -> Shelf | None:
    """Return what a folder of this name holds in A1111, Forge, ComfyUI and programs like them; None for any other."""
    return _FOLDERS.get(_canonical(name))


def is_not_for_us(name: str) -> bool:
    """Return whether a folder of this name holds files that this program cannot use, ControlNets for example."""
    return _canonical(name) in _NOT_FOR_US


def _canonical(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()
