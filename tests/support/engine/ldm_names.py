"""The names by which single files hold the weights of Stable Diffusion 1, 2 and SDXL, derived for UNets of any depth.

`StoredTensor` says from which tensors of a diffusers folder a tensor of a single file is made, and how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

_RESNET = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
)
_UNET_ENDS = (
    ("time_embedding.linear_1", "time_embed.0"),
    ("time_embedding.linear_2", "time_embed.2"),
    ("add_embedding.linear_1", "label_emb.0.0"),
    ("add_embedding.linear_2", "label_emb.0.2"),
    ("conv_in", "input_blocks.0.0"),
    ("conv_norm_out", "out.0"),
    ("conv_out", "out.2"),
    ("mid_block.resnets.0", "middle_block.0"),
    ("mid_block.attentions.0", "middle_block.1"),
    ("mid_block.resnets.1", "middle_block.2"),
)
_VAE_MIDDLE = (
    ("mid_block.resnets.0", "mid.block_1"),
    ("mid_block.resnets.1", "mid.block_2"),
    ("mid_block.attentions.0.group_norm", "mid.attn_1.norm"),
    ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"),
    ("mid_block.attentions.0.to_", "mid.attn_1."),
    ("conv_norm_out", "norm_out"),
    ("conv_shortcut", "nin_shortcut"),
)
_OPEN_CLIP = (
    ("embeddings.token_embedding.weight", "token_embedding.weight"),
    ("embeddings.position_embedding.weight", "positional_embedding"),
    ("final_layer_norm", "ln_final"),
    ("encoder.layers", "transformer.resblocks"),
    ("layer_norm1", "ln_1"),
    ("layer_norm2", "ln_2"),
    ("self_attn", "attn"),
    ("mlp.fc1", "mlp.c_fc"),
    ("mlp.fc2", "mlp.c_proj"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredTensor:
    """A tensor of a single file.

    Attributes:
        name: Its name there.
        sources: The tensors of the folder that it is made from, by their names in the component.
        make: Makes it from them.
    """

    name: str
    sources: tuple[str, ...]
    make: Callable[..., torch.Tensor] = lambda value: value


def unet_tensors(names: list[str], config: Mapping[str, Any]) -> Iterator[StoredTensor]:
    """The tensors of a UNet, below model.diffusion_model."""
    places = [*_UNET_ENDS, *_unet_blocks(config)]
    for name in names:
        stored = _begins(name, places)
        stored = _replaced(stored, _RESNET) if ".resnets." in name else stored
        yield StoredTensor(name=f"model.diffusion_model.{stored}", sources=(name,))


def vae_tensors(names: list[str], config: Mapping[str, Any]) -> Iterator[StoredTensor]:
    """The tensors of a VAE, below first_stage_model; its attention is stored as convolutions."""
    last = len(config["block_out_channels"]) - 1
    for name in names:
        stored = name
        for i in range(last + 1):
            stored = stored.replace(f"down_blocks.{i}.resnets.", f"down.{i}.block.")
            stored = stored.replace(f"down_blocks.{i}.downsamplers.0.", f"down.{i}.downsample.")
            stored = stored.replace(f"up_blocks.{i}.resnets.", f"up.{last - i}.block.")
            stored = stored.replace(f"up_blocks.{i}.upsamplers.0.", f"up.{last - i}.upsample.")
        stored = f"first_stage_model.{_replaced(stored, _VAE_MIDDLE)}"
        is_matrix = ".attn_1." in stored and ".norm." not in stored and stored.endswith(".weight")
        yield StoredTensor(name=stored, sources=(name,), make=_as_convolution if is_matrix else lambda value: value)


def clip_tensors(names: list[str], prefix: str) -> Iterator[StoredTensor]:
    """The tensors of a CLIP of transformers."""
    for name in names:
        yield StoredTensor(name=f"{prefix}text_model.{name.removeprefix('text_model.')}", sources=(name,))


def open_clip_tensors(names: list[str], prefix: str) -> Iterator[StoredTensor]:
    """The tensors of a CLIP of OpenCLIP: query, key and value in one, the projection transposed."""
    for name in names:
        stored = f"{prefix}{_replaced(name.removeprefix('text_model.'), _OPEN_CLIP)}"
        if name == "text_projection.weight":
            yield StoredTensor(name=f"{prefix}text_projection", sources=(name,), make=lambda value: value.T)
        elif ".q_proj." in name:
            sources = tuple(name.replace(".q_proj.", f".{part}_proj.") for part in "qkv")
            yield StoredTensor(name=stored.replace(".q_proj.", ".in_proj_"), sources=sources, make=_joined)
        elif ".k_proj." not in name and ".v_proj." not in name:
            yield StoredTensor(name=stored, sources=(name,))


def _unet_blocks(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    layers, last = config["layers_per_block"], len(config["block_out_channels"]) - 1
    for i in range(last + 1):
        for j in range(layers):
            index = (layers + 1) * i + j + 1
            yield f"down_blocks.{i}.resnets.{j}", f"input_blocks.{index}.0"
            yield f"down_blocks.{i}.attentions.{j}", f"input_blocks.{index}.1"
        for j in range(layers + 1):
            index = (layers + 1) * i + j
            yield f"up_blocks.{i}.resnets.{j}", f"output_blocks.{index}.0"
            yield f"up_blocks.{i}.attentions.{j}", f"output_blocks.{index}.1"
        yield f"down_blocks.{i}.downsamplers.0.conv", f"input_blocks.{(layers + 1) * (i + 1)}.0.op"
        position = 2 if "CrossAttn" in config["up_block_types"][i] else 1
        yield f"up_blocks.{i}.upsamplers.0", f"output_blocks.{(layers + 1) * i + layers}.{position}"


def _begins(name: str, places: list[tuple[str, str]]) -> str:
    found = ((ours, theirs) for ours, theirs in places if name.startswith(f"{ours}."))
    ours, theirs = next(found, ("", ""))
    return theirs + name.removeprefix(ours)


def _replaced(name: str, names: tuple[tuple[str, str], ...]) -> str:
    for ours, theirs in names:
        name = name.replace(ours, theirs, 1)
    return name


def _as_convolution(value: torch.Tensor) -> torch.Tensor:
    return value[:, :, None, None]


def _joined(*values: torch.Tensor) -> torch.Tensor:
    return torch.cat(values)
