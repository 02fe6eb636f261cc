"""What an adapter file adds to the weight of a layer: LoRA, LoHa, LoKr and full differences, as matrix products.

The formulas are those of LyCORIS (Yeh et al. 2023, "Navigating Text-To-Image Customization").  This module knows no
models: it gets the tensors of one layer and the shape of its weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from engine.diffusion.adapter_sizes import check_change
from engine.models.adapter_headers import check_alpha

Parts = Mapping[str, torch.Tensor]
"""The tensors of one layer by the last part of their names: "hada_w1_a", "lokr_w2", "lora_up.weight", "alpha"."""

PARTS = frozenset(
    {
        "alpha",
        "b_norm",
        "diff",
        "diff_b",
        "hada_t1",
        "hada_t2",
        "hada_w1_a",
        "hada_w1_b",
        "hada_w2_a",
        "hada_w2_b",
        "lokr_t2",
        "lokr_w1",
        "lokr_w1_a",
        "lokr_w1_b",
        "lokr_w2",
        "lokr_w2_a",
        "lokr_w2_b",
        "lora_A.weight",
        "lora_B.weight",
        "lora_down.weight",
        "lora_mid.weight",
        "lora_up.weight",
        "w_norm",
    }
)
"""All parts that this module reads."""


def weight_change(parts: Parts, shape: tuple[int, ...]) -> torch.Tensor | None:
    """Return what is added to the weight of a layer, at full strength.

    Args:
        parts: The tensors of the layer.
        shape: The shape of its weight.

    Returns:
        float32, of that shape; None if the parts change the bias alone.

    Raises:
        ValueError: The parts have other sizes than the weight, or one of them is missing.
    """
    try:
        check_change(parts, shape)
        change = _change({name: tensor.float() for name, tensor in parts.items()}, shape)
    except (KeyError, RuntimeError, IndexError) as error:
        raise ValueError("its parts do not belong together") from error
    return None if change is None else change.reshape(shape)


def bias_change(parts: Parts) -> torch.Tensor | None:
    """Return what is added to the bias of a layer, float32; None if nothing is."""
    bias = parts.get("diff_b", parts.get("b_norm"))
    return None if bias is None else bias.float()


def _change(parts: Parts, shape: tuple[int, ...]) -> torch.Tensor | None:
    if any(name.startswith("hada_") for name in parts):
        return _loha(parts)
    if any(name.startswith("lokr_") for name in parts):
        return _lokr(parts)
    if "lora_up.weight" in parts or "lora_B.weight" in parts:
        return _lora(parts)
    full = parts.get("diff", parts.get("w_norm"))
    if full is not None and full.ndim and full.shape[0] != shape[0]:
        raise ValueError(f"it has {full.shape[0]:,} rows, the model's layer {shape[0]:,}")
    if full is not None and full.numel() != math.prod(shape):
        raise ValueError(f"it has {full.numel():,} values, the model's layer {math.prod(shape):,}")
    return full


def _scale(parts: Parts, rank: int) -> float:
    return check_alpha(float(parts["alpha"])) / rank if "alpha" in parts else 1.0


def _lora(parts: Parts) -> torch.Tensor:
    """Up times down; a convolution with a core (`lora_mid`) is a Tucker product."""
    up = parts.get("lora_up.weight", parts.get("lora_B.weight"))
    down = parts.get("lora_down.weight", parts.get("lora_A.weight"))
    if up is None or down is None:
        raise KeyError("lora_up or lora_down")
    rank = down.shape[0]
    if "lora_mid.weight" in parts:
        return _scale(parts, rank) * _tucker(parts["lora_mid.weight"], up.flatten(1).T, down.flatten(1))
    return _scale(parts, rank) * (up.flatten(1) @ down.flatten(1))


def _loha(parts: Parts) -> torch.Tensor:
    """The elementwise product of two low-rank matrices, or of two Tucker products."""
    rank = parts["hada_w1_b"].shape[0]
    if "hada_t1" in parts:
        halves = [
            _tucker(parts[f"hada_t{number}"], parts[f"hada_w{number}_a"], parts[f"hada_w{number}_b"])
            for number in (1, 2)
        ]
    else:
        halves = [parts[f"hada_w{number}_a"] @ parts[f"hada_w{number}_b"].flatten(1) for number in (1, 2)]
    if halves[0].shape != halves[1].shape:  # a row and a column would broadcast to something huge
        raise ValueError("its parts do not belong together")
    return _scale(parts, rank) * halves[0] * halves[1]


def _lokr(parts: Parts) -> torch.Tensor:
    """The Kronecker product of two matrices, each whole or of low rank; two whole ones are not scaled."""
    left, left_rank = _factor(parts, "lokr_w1")
    right, right_rank = _factor(parts, "lokr_w2")
    scale = _scale(parts, left_rank or right_rank) if left_rank or right_rank else 1.0
    return scale * torch.kron(left.reshape(*left.shape, *(1,) * (right.ndim - 2)), right.contiguous())


def _factor(parts: Parts, name: str) -> tuple[torch.Tensor, int]:
    """Return a factor, and its rank if it is stored as a product; else 0."""
    if name in parts:
        return parts[name], 0
    first, second = parts[f"{name}_a"], parts[f"{name}_b"]
    if "lokr_t2" in parts and name == "lokr_w2":
        return _tucker(parts["lokr_t2"], first, second), second.shape[0]
    return first @ second, second.shape[0]


def _tucker(core: torch.Tensor, outputs: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Return (out, in, height, width) from a core (r, s, height, width), (r, out) and (s, in)."""
    return torch.einsum("rshw,ro,si->oihw", core, outputs, inputs)
