"""Adapters that are added to the weights of a model: LoHa, LoKr, whole differences, which diffusers does not read.

The weights stay changed.  To take an adapter out again, the model is loaded again (`engine.diffusion.load`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from safetensors import safe_open

from engine.diffusion.adapter_changes import PARTS, bias_change, weight_change
from engine.diffusion.adapter_layers import Layer, LayerIndex
from engine.diffusion.lora_fit import check_finite
from engine.errors import ModelError
from engine.rendering.requests import LoraChoice


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedLayers:
    """How many layers of an adapter file changed the model.

    Attributes:
        used: Those that the model has.
        stored: Those in the file.
    """

    used: int
    stored: int


def merge_adapter(lora: LoraChoice, index: LayerIndex, model: str) -> UsedLayers:
    """Add an adapter to the weights of a pipeline.

    Args:
        lora: The file, and how strongly it changes the weights.
        index: The layers of the pipeline.
        model: The model's name, for messages.

    Raises:
        ModelError: The adapter has other layers or other sizes than the model, or the weights are quantised.
    """
    with safe_open(lora.path, framework="pt") as file:
        names = list(file.keys())
        grouped = parts_by_layer(names)
        found = {name: layer for name in grouped if (layer := index.find(name)) is not None}
        if not found:
            raise ModelError(
                f"the LoRA {lora.name!r} changes nothing in {model!r}: none of its {len(grouped)} layers is one of the "
                "model's"
            )
        for name, layer in found.items():
            _check_plain(layer, lora, model)
            parts = {part: file.get_tensor(whole) for part, whole in grouped[name].items()}
            for part, tensor in parts.items():
                check_finite(tensor, grouped[name][part], lora.name)
            try:
                _add(layer, parts, lora.weight)
            except ValueError as error:
                raise ModelError(
                    f"the LoRA {lora.name!r} does not fit {model!r}: in the layer {name}, {error}"
                ) from error
    return UsedLayers(used=len(found), stored=len(grouped))


def parts_by_layer(names: list[str]) -> dict[str, dict[str, str]]:
    """Return the full names of the tensors of each layer, by the part that they are; other tensors are left out."""
    grouped: dict[str, dict[str, str]] = {}
    for whole in names:
        layer, part = _split(whole)
        if part in PARTS:
            grouped.setdefault(layer, {})[part] = whole
    return grouped


def _split(name: str) -> tuple[str, str]:
    layer, _, part = name.rpartition(".")
    if part == "weight":
        layer, _, part = layer.rpartition(".")
        part = f"{part}.weight"
    return layer, part


@torch.no_grad()
def _add(layer: Layer, parts: dict[str, torch.Tensor], strength: float) -> None:
    change, bias = weight_change(parts, layer.shape), bias_change(parts)
    if change is not None:
        for module, rows in zip(
            layer.modules, torch.split(change, [len(each.weight) for each in layer.modules]), strict=True
        ):
            _add_to(module.weight, rows, strength)
    if bias is not None:
        if len(layer.modules) > 1 or layer.modules[0].bias is None or layer.modules[0].bias.shape != bias.shape:
            raise ValueError("its bias is not that of the model's layer")
        _add_to(layer.modules[0].bias, bias, strength)


def _add_to(parameter: torch.Tensor, change: torch.Tensor, strength: float) -> None:
    """Compute in float32 and round once, as if the merged weights had been stored."""
    parameter.copy_((parameter.float() + strength * change.to(parameter.device)).to(parameter.dtype))


def _check_plain(layer: Layer, lora: LoraChoice, model: str) -> None:
    for module in layer.modules:
        weight: Any = module.weight
        if not weight.is_floating_point() or type(weight) is not torch.nn.Parameter:
            raise ModelError(
                f"the LoRA {lora.name!r} is added to the weights of {model!r}, which is impossible while these are "
                "quantised: choose another --memory, or a file that is not quantised"
            )
