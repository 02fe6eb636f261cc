"""How many values the product of an adapter's parts has, told from their shapes before anything is multiplied.

A few megabytes in a file can stand for a product of terabytes, and one that broadcasts gives no error at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from engine.models.adapter_headers import MAX_RANK


def check_change(parts: Mapping[str, torch.Tensor], shape: tuple[int, ...]) -> None:
    """Refuse parts whose product has another number of values than the weight of the layer.

    Args:
        parts: The tensors of the layer, as for `weight_change`.
        shape: The shape of its weight.

    Raises:
        KeyError: A part is missing.
        ValueError: The parts have other sizes than the weight, a rank is too large, or one holds no real numbers.
    """
    for name, tensor in parts.items():
        if not tensor.is_floating_point() and name != "alpha":
            raise ValueError(f"{name} holds values of the kind {tensor.dtype}")
    sizes = {name: tuple(tensor.shape) for name, tensor in parts.items()}
    needed = math.prod(shape)
    for count in _counts(sizes):
        if count != needed:
            raise ValueError(f"it has {count:,} values, the model's layer {needed:,}")


def _counts(sizes: Mapping[str, tuple[int, ...]]) -> list[int]:
    """Return the number of values of each factor that is as large as the weight itself."""
    if any(name.startswith("hada_") for name in sizes):
        return [_half_of_loha(sizes, number) for number in (1, 2)]
    if any(name.startswith("lokr_") for name in sizes):
        return [_factor(sizes, "lokr_w1") * _factor(sizes, "lokr_w2")]
    up = sizes.get("lora_up.weight", sizes.get("lora_B.weight"))
    if up is not None:
        down = sizes.get("lora_down.weight", sizes.get("lora_A.weight"))
        if down is None:
            raise KeyError("lora_down")
        core = sizes.get("lora_mid.weight")
        if core is not None:
            return [_tucker(core, up[0], math.prod(down[1:]))]
        return [_product(up, down)]
    return []


def _half_of_loha(sizes: Mapping[str, tuple[int, ...]], number: int) -> int:
    left, right = sizes[f"hada_w{number}_a"], sizes[f"hada_w{number}_b"]
    core = sizes.get(f"hada_t{number}")
    return _product(left, right) if core is None else _tucker(core, left[1], right[1])


def _factor(sizes: Mapping[str, tuple[int, ...]], name: str) -> int:
    if name in sizes:
        return math.prod(sizes[name])
    left, right = sizes[f"{name}_a"], sizes[f"{name}_b"]
    if name == "lokr_w2" and "lokr_t2" in sizes:
        return _tucker(sizes["lokr_t2"], left[1], right[1])
    return _product(left, right)


def _product(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    _check_ranks(right[0])
    return left[0] * math.prod(right[1:])


def _tucker(core: tuple[int, ...], outputs: int, inputs: int) -> int:
    _check_ranks(*core[:2])
    return outputs * inputs * math.prod(core[2:])


def _check_ranks(*ranks: int) -> None:
    if not all(0 < rank <= MAX_RANK for rank in ranks):
        raise ValueError(f"its rank is {max(ranks):,}, where at most {MAX_RANK:,} is read")
