"""Seam: the weights that diffusers keeps as a GGUF file stores them.

diffusers expands such weights in linear layers, when they compute.  Other layers, embeddings and single parameters
would compute with the stored bytes, so they are expanded once, after loading.

Assumptions, checked by tests/engine/diffusion/seams/test_gguf.py:
- Such a weight is a `GGUFParameter`, and `dequantize_gguf_tensor` returns its values in the shape of the weight.
- Linear layers that hold one are a subclass of `torch.nn.Linear` that expands it.
"""

from __future__ import annotations

from typing import Any

import torch


def expand_outside_linear_layers(model: Any, dtype: torch.dtype) -> None:
    """Replace the stored weights of all layers but linear ones by their values.

    Args:
        model: A model that was loaded from a GGUF file; it is changed.
        dtype: Of the values.
    """
    from diffusers.quantizers.gguf.utils import GGUFParameter, dequantize_gguf_tensor  # needs the package gguf

    for module in model.modules():
        for name, stored in [] if isinstance(module, torch.nn.Linear) else list(module.named_parameters(recurse=False)):
            if isinstance(stored, GGUFParameter):
                values = dequantize_gguf_tensor(stored).to(dtype)
                module.register_parameter(name, torch.nn.Parameter(values, requires_grad=False))
