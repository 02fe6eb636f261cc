"""Weights in `.gguf` files, by the package `gguf` (the extra warmer[gguf]) and the loader of diffusers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from engine.errors import ModelError


def check_gguf(path: Path) -> None:
    """Raise ModelError unless the package `gguf` is installed.

    Args:
        path: The file that needs it, for the message.

    Raises:
        ModelError: It is not installed.
    """
    if find_spec("gguf") is None:
        raise ModelError(f"{path.name} is a GGUF file, which needs the package gguf: pip install 'warmer[gguf]'")


def gguf_arguments(path: Path, dtype: torch.dtype) -> dict[str, Any]:
    """Return the arguments of `from_single_file` for a model that keeps its weights as a GGUF file stores them.

    Args:
        path: The file.
        dtype: Of the computation; each weight is expanded to it when it is used.

    Raises:
        ModelError: The package `gguf` is not installed.
    """
    check_gguf(path)
    from diffusers import GGUFQuantizationConfig  # the library imports gguf together with it

    return {"quantization_config": GGUFQuantizationConfig(compute_dtype=dtype)}


def read_gguf(path: Path, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Read all tensors of a GGUF file, expanded one by one.

    Args:
        path: The file.
        dtype: Of the result.

    Raises:
        ModelError: The package `gguf` is not installed, or cannot expand a tensor.
    """
    check_gguf(path)
    from gguf import GGUFReader, dequantize  # an extra

    found = {}
    for entry in GGUFReader(path).tensors:
        try:
            found[entry.name] = torch.tensor(dequantize(entry.data, entry.tensor_type)).to(dtype)
        except NotImplementedError as error:
            raise ModelError(
                f"{path.name} holds weights of the type {entry.tensor_type.name}, which the package gguf cannot "
                "expand: get the file in another quantisation"
            ) from error
    return found
