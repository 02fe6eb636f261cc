"""Canary: weights that diffusers keeps as a GGUF file stores them."""

from __future__ import annotations

import gguf
import numpy as np
import pytest
import torch
from diffusers.quantizers.gguf.utils import GGUFLinear, GGUFParameter, dequantize_gguf_tensor

from engine.diffusion.seams.gguf import expand_outside_linear_layers
from tests.support.engine.canary import broken

CLOSE = 4e-3
"""diffusers multiplies by the scale in float16."""
KIND = gguf.GGMLQuantizationType.Q8_0


def stored(rows: int = 3) -> tuple[GGUFParameter, torch.Tensor]:
    """Return a weight as diffusers keeps it, and its values by the package gguf."""
    values = np.random.default_rng(1).normal(size=(rows, 64)).astype(np.float32)
    packed = gguf.quants.quantize(values, KIND)
    return GGUFParameter(torch.from_numpy(packed), quant_type=KIND), torch.from_numpy(gguf.dequantize(packed, KIND))


def test_a_stored_weight_is_expanded_to_its_values() -> None:
    weight, values = stored()
    found = dequantize_gguf_tensor(weight)
    assert type(found) is torch.Tensor, broken("gguf", "dequantize_gguf_tensor returns a plain tensor")
    torch.testing.assert_close(found.float(), values, rtol=0, atol=CLOSE, msg=broken("gguf", "it returns its values"))


def test_linear_layers_expand_their_weight_themselves_and_others_are_expanded() -> None:
    weight, values = stored()
    linear = GGUFLinear(64, 3, compute_dtype=torch.float32)
    assert isinstance(linear, torch.nn.Linear), broken("gguf", "GGUFLinear is a torch.nn.Linear")
    linear.register_parameter("weight", weight)
    inputs = torch.ones(1, 64)
    torch.testing.assert_close(
        linear(inputs), inputs @ values.T, rtol=0, atol=64 * CLOSE, msg=broken("gguf", "GGUFLinear expands its weight")
    )
    embedding = torch.nn.Embedding(3, 64)
    embedding.register_parameter("weight", stored()[0])
    model = torch.nn.ModuleList([linear, embedding])
    expand_outside_linear_layers(model, torch.float32)
    assert isinstance(linear.weight, GGUFParameter)
    torch.testing.assert_close(embedding(torch.tensor([2]))[0], values[2], rtol=0, atol=CLOSE)


@pytest.mark.parametrize("name", ["chunk", "cat"])
def test_pieces_of_a_stored_weight_stay_stored(name: str) -> None:
    weight, values = stored(rows=4)
    piece = torch.chunk(weight, 2)[1] if name == "chunk" else torch.cat([weight])[2:]
    assert isinstance(piece, GGUFParameter), broken("gguf", f"torch.{name} returns a GGUFParameter")
    torch.testing.assert_close(dequantize_gguf_tensor(piece).float(), values[2:], rtol=0, atol=CLOSE)
