"""Adapter files as LyCORIS writes them, and the change of a layer's weight that each stands for.

The products are computed with NumPy, element by element where that is short, and not with the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

Floats = NDArray[np.floating]
Made = tuple[dict[str, torch.Tensor], Floats]
"""The tensors of one layer without the layer's name, and the change."""

RANK, ALPHA = 3, 1.5
ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0"


def _random(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 0.3, shape).astype(np.float32)


def _tensors(**arrays: Floats | float) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value, dtype=torch.float32) for name, value in arrays.items()}


def loha(shape: tuple[int, ...]) -> Made:
    """Two low-rank products, multiplied element by element."""
    out, inputs = shape[0], int(np.prod(shape[1:]))
    a, b, c, d = _random(1, out, RANK), _random(2, RANK, inputs), _random(3, out, RANK), _random(4, RANK, inputs)
    parts = _tensors(hada_w1_a=a, hada_w1_b=b, hada_w2_a=c, hada_w2_b=d, alpha=ALPHA)
    return parts, ((a @ b) * (c @ d) * (ALPHA / RANK)).reshape(shape)


def loha_tucker(shape: tuple[int, ...]) -> Made:
    """The same for a convolution with two cores."""
    out, inputs, *size = shape
    halves, parts = [], {"alpha": torch.tensor(ALPHA)}
    for number in (1, 2):
        core, left, right = (
            _random(number, RANK, RANK, *size),
            _random(number + 2, RANK, out),
            _random(number + 4, RANK, inputs),
        )
        half = np.zeros(shape, np.float32)
        for r in range(RANK):
            for s in range(RANK):
                half += left[r][:, None, None, None] * right[s][None, :, None, None] * core[r, s]
        halves.append(half)
        parts |= {
            f"hada_t{number}": torch.tensor(core),
            f"hada_w{number}_a": torch.tensor(left),
            f"hada_w{number}_b": torch.tensor(right),
        }
    return parts, halves[0] * halves[1] * (ALPHA / RANK)


def lokr(shape: tuple[int, ...]) -> Made:
    """A Kronecker product of two whole matrices, which no alpha scales."""
    out, inputs = shape[0] // 2, shape[1] // 2
    left, right = _random(1, 2, 2), _random(2, out, inputs, *shape[2:])
    change = np.kron(left.reshape(2, 2, *[1] * (len(shape) - 2)), right)
    return _tensors(lokr_w1=left, lokr_w2=right, alpha=ALPHA), change


def lokr_low_rank(shape: tuple[int, ...]) -> Made:
    """The same with the second matrix as a low-rank product, over all values of a convolution."""
    out, inputs = shape[0] // 2, int(np.prod(shape[1:])) // 2
    left, a, b = _random(1, 2, 2), _random(2, out, RANK), _random(3, RANK, inputs)
    change = np.kron(left, a @ b).reshape(shape) * (ALPHA / RANK)
    return _tensors(lokr_w1=left, lokr_w2_a=a, lokr_w2_b=b, alpha=ALPHA), change


def lokr_tucker(shape: tuple[int, ...]) -> Made:
    """Both matrices of low rank, the second with the core of a convolution."""
    out, inputs, *size = shape
    a, b = _random(1, 2, RANK), _random(2, RANK, 2)
    core, left, right = _random(3, RANK, RANK, *size), _random(4, RANK, out // 2), _random(5, RANK, inputs // 2)
    second = np.zeros((out // 2, inputs // 2, *size), np.float32)
    for r in range(RANK):
        for s in range(RANK):
            second += left[r][:, None, None, None] * right[s][None, :, None, None] * core[r, s]
    change = np.kron((a @ b).reshape(2, 2, 1, 1), second) * (ALPHA / RANK)
    parts = _tensors(lokr_w1_a=a, lokr_w1_b=b, lokr_t2=core, lokr_w2_a=left, lokr_w2_b=right, alpha=ALPHA)
    return parts, change


def locon_tucker(shape: tuple[int, ...]) -> Made:
    """A LoRA of a convolution with a core in the middle."""
    out, inputs, *size = shape
    up, core, down = _random(1, out, RANK), _random(2, RANK, RANK, *size), _random(3, RANK, inputs)
    change = np.zeros(shape, np.float32)
    for r in range(RANK):
        for s in range(RANK):
            change += up[:, r][:, None, None, None] * down[s][None, :, None, None] * core[r, s]
    parts = {
        "lora_up.weight": torch.tensor(up[:, :, None, None]),
        "lora_mid.weight": torch.tensor(core),
        "lora_down.weight": torch.tensor(down[:, :, None, None]),
        "alpha": torch.tensor(ALPHA),
    }
    return parts, change * (ALPHA / RANK)


def full(shape: tuple[int, ...]) -> Made:
    """The whole difference."""
    change = _random(1, *shape)
    return {"diff": torch.tensor(change)}, change


FOR_ANY_LAYER: Mapping[str, Callable[[tuple[int, ...]], Made]] = MappingProxyType(
    {"loha": loha, "lokr": lokr, "lokr of low rank": lokr_low_rank, "difference": full}
)
FOR_CONVOLUTIONS: Mapping[str, Callable[[tuple[int, ...]], Made]] = MappingProxyType(
    {"loha with cores": loha_tucker, "lokr with a core": lokr_tucker, "locon with a core": locon_tucker}
)


def named(layer: str, parts: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of a layer with its name."""
    return {f"{layer}.{part}": tensor.contiguous() for part, tensor in parts.items()}


def kohya(path: str, network: str = "unet") -> str:
    """Return the name of a layer as kohya writes it."""
    return f"lora_{network}_{path.replace('.', '_')}"


def write(file: Path, *layers: dict[str, torch.Tensor]) -> Path:
    """Write a file with the tensors of these layers."""
    save_file({name: tensor.clone() for layer in layers for name, tensor in layer.items()}, file)
    return file
