"""The budget for tensors, and what it assumes of torch: each way to make many values is seen before they are made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import get_2d_sincos_pos_embed
from transformers import CLIPTextConfig, CLIPTextModel

from engine.diffusion.seams.budget import Budget
from engine.errors import ForbiddenError

MANY = 2**40
SENTENCE = "the configuration of the model describes far more than its weights hold: download the model again"
SMALL = torch.zeros(2**18)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(MANY),
        lambda: torch.empty((MANY,)),
        lambda: torch.empty(size=(2**20, 2**20)),
        lambda: torch.empty(torch.Size([MANY]), device="meta"),
        lambda: torch.zeros(2**20, 2**20),
        lambda: torch.ones([2**20, 2**20]),
        lambda: torch.rand(MANY),
        lambda: torch.randn(MANY),
        lambda: torch.full((MANY,), 1.0),
        lambda: torch.full(size=(MANY,), fill_value=1.0),
        lambda: torch.arange(MANY),
        lambda: torch.arange(0, MANY, 2),
        lambda: torch.arange(end=MANY),
        lambda: torch.linspace(0, 1, MANY),
        lambda: torch.linspace(0, 1, steps=MANY),
        lambda: torch.eye(2**20),
        lambda: torch.nn.Linear(2**20, 2**20),
        lambda: torch.nn.Embedding(2**20, 2**20),
        lambda: torch.zeros_like(torch.zeros(1).expand(MANY)),
        lambda: torch.zeros(1).expand(MANY).clone(),
        lambda: torch.zeros(1).expand(MANY).contiguous(),
        lambda: SMALL.repeat(2**20),
        lambda: SMALL.repeat_interleave(2**20),
        lambda: torch.outer(SMALL, SMALL),
        lambda: torch.einsum("i,j->ij", SMALL, SMALL),
        lambda: SMALL[:, None] * SMALL[None],
        lambda: torch.stack(torch.meshgrid(SMALL, SMALL, indexing="ij")),
        lambda: torch.cat([torch.zeros(1).expand(MANY)] * 2),
    ],
)
def test_what_would_fill_the_memory_is_refused_before_it_is_made(make: Callable[[], object]) -> None:
    with pytest.raises(ForbiddenError) as caught, Budget(tensors=10, values=1000):
        make()
    assert str(caught.value) == SENTENCE


def test_endless_layers_end() -> None:
    with pytest.raises(ForbiddenError, match="far more"), Budget(tensors=100, values=1000):
        CLIPTextModel(
            CLIPTextConfig(hidden_size=2, intermediate_size=2, num_attention_heads=1, num_hidden_layers=10**5)
        )


def test_a_table_of_positions_is_a_tensor_too() -> None:
    with pytest.raises(ForbiddenError, match="far more"), Budget(tensors=100, values=1000):
        get_2d_sincos_pos_embed(1024, 10**5, output_type="pt")


def test_the_sum_is_bounded_as_well() -> None:
    with pytest.raises(ForbiddenError, match="far more"), Budget(tensors=100, values=1000):
        _ = [torch.empty(2**24, device="meta") for _ in range(100)]


def test_a_model_as_its_weights_describe_it_is_built() -> None:
    def unet() -> UNet2DConditionModel:
        kinds = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
        return UNet2DConditionModel(block_out_channels=(32, 64), **kinds)

    weights = unet().state_dict().values()
    with Budget(tensors=len(weights), values=sum(value.numel() for value in weights)):
        unet()
