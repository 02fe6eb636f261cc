"""From what the user typed for a LoRA to a checked choice; every mistake is one sentence.  No torch."""

from __future__ import annotations

import math
from pathlib import Path

from engine.errors import ModelError
from engine.models.library import Shelf, find_by_name, not_found
from engine.models.weights import check_weights_suffix, located, read_weights
from engine.rendering.requests import LoraChoice

MAX_LORA_WEIGHT = 100.0

_OTHER_ADAPTERS = ("hada_", "lokr_", "oft_", "glora")
"""Parts of tensor names that LyCORIS gives to adapters that are no LoRA."""


def resolve_lora(text: str) -> LoraChoice:
    """Return the LoRA that `--lora` means.

    Args:
        text: FILE or NAME, or one of them and :WEIGHT.

    Raises:
        ModelError: There is no such file, it holds no LoRA, or the weight is out of range.
    """
    name, weight = _split_weight(text)
    path = Path(name).expanduser()
    if not path.exists():
        path = find_by_name(Shelf.LORAS, name) or path
    if path.is_dir():
        raise ModelError(f"--lora needs a .safetensors file: {name!r} is a folder")
    if not path.is_file():
        raise ModelError(f"--lora needs a .safetensors file: there is no file {name!r}{not_found(Shelf.LORAS, name)}")
    check_weights_suffix(path, "a LoRA is such a file")
    names = read_weights(path).tensors
    if any(part in tensor for tensor in names for part in _OTHER_ADAPTERS):
        raise ModelError(f"{path.name} is a LyCORIS adapter, not a LoRA: diffusers cannot load it")
    if not any("lora" in tensor.casefold() for tensor in names):
        raise ModelError(f"{path.name} holds no LoRA: none of its tensors is named like one")
    return LoraChoice(path=str(located(path)), weight=weight)


def _split_weight(text: str) -> tuple[str, float]:
    name, colon, number = text.rpartition(":")
    if not colon or Path(text).expanduser().exists():
        return text, 1.0
    try:
        weight = float(number)
    except ValueError:
        return text, 1.0
    if not math.isfinite(weight) or abs(weight) > MAX_LORA_WEIGHT:
        raise ModelError(f"the weight of a LoRA is a number from -100 to 100, found {number!r}")
    return name, weight
