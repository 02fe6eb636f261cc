"""Whether a LoRA fits a pipeline, told by the shapes of its layers, before torch complains."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import torch

from engine.diffusion.adapter_layers import LayerIndex
from engine.errors import ModelError
from engine.models.contents import contents_of
from engine.models.weights import WeightFile

_DOWN = re.compile(r"\.(lora_down|lora_A|lora\.down)\.weight$|\.(hada_w1_b|lokr_w1|lokr_w1_a|diff)$")
_CROSS_ATTENTION = re.compile(r"attn2[._]to_[kv]")
_BY_TEXT_WIDTH = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "SDXL"}
"""The width of the text that cross-attention takes, and the family that has it."""
_PIPELINES = {
    "StableDiffusionXL": "SDXL",
    "StableDiffusion3": "Stable Diffusion 3",
    "Flux2": "Flux.2",
    "Flux": "Flux.1",
    "QwenImage": "Qwen-Image",
    "ZImage": "Z-Image",
}

_ALIKE = {"Flux.1", "Flux.2"}
"""Families with the same names of layers, so that only sizes tell them apart."""


def check_finite(tensor: torch.Tensor, name: str, lora: str) -> None:
    """Refuse values with which every picture would be black.

    Args:
        tensor: A tensor of a LoRA.
        name: Its name.
        lora: The LoRA's name.

    Raises:
        ModelError: It holds NaN or infinity.
    """
    if not bool(tensor.float().isfinite().all()):
        raise ModelError(
            f"the LoRA {lora!r} cannot be used: {name} holds NaN or infinity, so that every picture would be black; "
            "download it again or leave it out"
        )


def check_fit(file: WeightFile, lora: str, index: LayerIndex, pipe: Any, model: str) -> None:
    """Refuse a LoRA whose layers have other sizes than the model's.

    Args:
        file: The LoRA.
        lora: Its name.
        index: The layers of the pipeline.
        pipe: The pipeline.
        model: The name of the model.

    Raises:
        ModelError: A layer has another size, or no layer is the model's and the file belongs to another family.
    """
    theirs, ours = contents_of(file).family or _family_of_width(file), family_of(pipe)
    families = f"it is made for {theirs}, the model is {ours}" if theirs and ours and theirs != ours else ""
    known = 0
    for name, found, needed in _widths(file, index):
        known += 1
        if found != needed:
            sizes = f"the layer {name} takes {found:,} values, the model's {needed:,}"
            raise ModelError(
                f"the LoRA {lora!r} does not fit {model!r}: {families} ({sizes})"
                if families
                else f"the LoRA {lora!r} does not fit {model!r}: {sizes}"
            )
    if not known and families and not {theirs, ours} <= _ALIKE:
        raise ModelError(f"the LoRA {lora!r} does not fit {model!r}: {families}")


def family_of(pipe: Any) -> str:
    """Return the family of a pipeline, as LoRA files have one; "" if it is none that they are known for."""
    name = type(pipe).__name__
    for start, family in _PIPELINES.items():
        if name.startswith(start):
            return family
    width = getattr(getattr(getattr(pipe, "unet", None), "config", None), "cross_attention_dim", 0)
    return _BY_TEXT_WIDTH.get(width, "") if isinstance(width, int) else ""


def stored_layers(file: WeightFile) -> int:
    """Return how many layers a LoRA has."""
    return len({_DOWN.sub("", name) for name in file.tensors if _DOWN.search(name)})


def _family_of_width(file: WeightFile) -> str:
    for name, shape in file.tensors.items():
        if _CROSS_ATTENTION.search(name) and _DOWN.search(name) and len(shape) == 2:
            return _BY_TEXT_WIDTH.get(shape[1], "")
    return ""


def _widths(file: WeightFile, index: LayerIndex) -> Iterator[tuple[str, int, int]]:
    """Yield the layers that take values in the file and in the model, with both numbers; cross-attention first."""
    names = [name for name in file.tensors if _DOWN.search(name)]
    for name in sorted(names, key=lambda name: (not _CROSS_ATTENTION.search(name), name)):
        layer, shape = index.find(_DOWN.sub("", name)), file.tensors[name]
        if layer is None or len(layer.shape) < 2:
            continue
        needed = layer.shape[1]
        if name.endswith((".lokr_w1", ".lokr_w1_a", ".diff")):  # their sizes are checked when they are added
            yield name, needed, needed
        elif ".hada_w1_b" in name and f"{_DOWN.sub('', name)}.hada_t1" not in file.tensors:
            yield _DOWN.sub("", name), shape[1], math.prod(layer.shape[1:])
        else:
            yield _DOWN.sub("", name), shape[1], needed
