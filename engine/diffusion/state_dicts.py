"""The tensors of one part of a weights file, as a model takes them: quantised values become real ones.

Scaled fp8 stores w / s in 8 bits, and s beside it, so w is read as (8 bits) * s.  Libraries that do not know this
load the 8 bits alone, which gives garbage without an error.  Every tensor is expanded by itself, so that memory holds
little more than the result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import safe_open

from engine.errors import ModelError
from engine.models.parts import SCALES, Part
from latentpng.text import brief

_BOOKKEEPING = (".scale_input", ".input_scale", ".comfy_quant", *SCALES)
_MARKS = ("scaled_fp8", "spiece_model", "tekken_model")
"""Tensors that are no weights: the mark of scaled fp8, and tokenizers."""
_MAX_FORMAT = 4096
"""Bytes of the JSON that describes how a weight is stored."""
_FORMATS = ("float8_e4m3fn", "float8_e5m2")


def read_part(part: Part, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Read the tensors of one component.

    Args:
        part: Where they are, in a safetensors file.
        dtype: The dtype of weights that were stored with a scale; others keep the one that they are stored in.

    Returns:
        The tensors by their names without the prefix.  Those without a scale are views of the file, not yet read.

    Raises:
        ModelError: The file stores weights in a way that cannot be read.
    """
    with safe_open(part.file.path, framework="pt") as file:
        _check_formats(part, file)
        present = set(part.names)
        state: dict[str, torch.Tensor] = {}
        for name in part.names:
            short = name.removeprefix(part.prefix)
            if name.endswith(_BOOKKEEPING) or short in _MARKS:
                continue
            stem = name.removesuffix(".weight")
            scales = [stem + end for end in SCALES if stem != name and stem + end in present]
            value = file.get_tensor(name)
            state[short] = scaled(value, file.get_tensor(scales[0])).to(dtype) if scales else value
    return state


def scaled(value: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the real values of a weight that was stored with a scale.

    Args:
        value: The weight as stored: (rows, columns), or more axes with a scale for the whole tensor.
        scale: One number; or one for each row, (rows) or (rows, 1); or one for each block of a row,
            (rows, blocks, 1); or one for each rectangle of the weight, (row blocks, column blocks).

    Returns:
        float32, of the shape of `value`.

    Raises:
        ValueError: The shapes do not belong together.
    """
    real, factor = value.to(torch.float32, copy=True), scale.float()
    if not factor.numel() or not bool(factor.isfinite().all()):
        raise ValueError(f"a scale of shape {tuple(scale.shape)} is empty or no number")
    if factor.numel() == 1:
        return real.mul_(factor.reshape(()))
    rows = real.shape[0]
    if factor.shape[0] == rows and factor.numel() == rows:
        return real.mul_(factor.reshape(rows, *(1,) * (real.ndim - 1)))
    if factor.ndim == 3 and factor.shape[0] == rows and real[0].numel() % factor.shape[1] == 0:
        return (real.reshape(rows, factor.shape[1], -1) * factor).reshape(real.shape)
    if factor.ndim == 2 and real.ndim == 2:
        sides = [-(-side // count) for side, count in zip(real.shape, factor.shape, strict=True)]
        sides = [_block(side) for side in sides]
        spread = factor.repeat_interleave(sides[0], 0).repeat_interleave(sides[1], 1)
        if spread.shape[0] >= rows and spread.shape[1] >= real.shape[1]:
            return real * spread[:rows, : real.shape[1]]
    raise ValueError(f"a scale of shape {tuple(scale.shape)} does not fit a weight of shape {tuple(value.shape)}")


def _block(side: int) -> int:
    """Return the side of a block, a power of two: the last block of a row or a column may be cut off."""
    return 1 << (side - 1).bit_length()


def _check_formats(part: Part, file: Any) -> None:
    """Refuse what is stored in a format that is not known, by what the file itself says of it."""
    formats = {_format(file.get_tensor(name)) for name in part.names if name.endswith(".comfy_quant")}
    metadata: Mapping[str, str] = file.metadata() or {}
    layers = _json(metadata.get("_quantization_metadata", "{}")).get("layers")
    if isinstance(layers, dict):
        mine = (entry for name, entry in layers.items() if str(name).startswith(part.prefix))
        formats |= {str(entry.get("format", "")) for entry in mine if isinstance(entry, dict)}
    for unknown in sorted(formats - set(_FORMATS)):
        raise ModelError(
            f"{part.file.path.name} stores its weights as {brief(unknown or 'nothing that is known')}, which cannot be "
            "read here: get the bf16, fp16, fp8 or GGUF version of this file"
        )


def _format(value: torch.Tensor) -> str:
    if value.numel() > _MAX_FORMAT:
        return ""
    return str(_json(bytes(value.to(torch.uint8).flatten().tolist()).decode("utf-8", "replace")).get("format", ""))


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
