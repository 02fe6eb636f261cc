"""The tiny pipeline under the names of the first Stable Diffusion files, as the web trades them.

A rewriting of names, block by block, for two blocks of one layer; the other direction is diffusers' own.
"""

from __future__ import annotations

from typing import Any

import torch

_UNET_PLACES = (
    ("time_embedding.linear_1", "time_embed.0"),
    ("time_embedding.linear_2", "time_embed.2"),
    ("conv_in", "input_blocks.0.0"),
    ("down_blocks.0.resnets.0", "input_blocks.1.0"),
    ("down_blocks.0.downsamplers.0.conv", "input_blocks.2.0.op"),
    ("down_blocks.1.resnets.0", "input_blocks.3.0"),
    ("down_blocks.1.attentions.0", "input_blocks.3.1"),
    ("mid_block.resnets.0", "middle_block.0"),
    ("mid_block.attentions.0", "middle_block.1"),
    ("mid_block.resnets.1", "middle_block.2"),
    ("up_blocks.0.resnets.0", "output_blocks.0.0"),
    ("up_blocks.0.attentions.0", "output_blocks.0.1"),
    ("up_blocks.0.resnets.1", "output_blocks.1.0"),
    ("up_blocks.0.attentions.1", "output_blocks.1.1"),
    ("up_blocks.0.upsamplers.0", "output_blocks.1.2"),
    ("up_blocks.1.resnets.0", "output_blocks.2.0"),
    ("up_blocks.1.resnets.1", "output_blocks.3.0"),
    ("conv_norm_out", "out.0"),
    ("conv_out", "out.2"),
)
_UNET_LAYERS = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
)
_VAE_PLACES = (
    ("down_blocks.0.resnets", "down.0.block"),
    ("down_blocks.1.resnets", "down.1.block"),
    ("down_blocks.0.downsamplers.0", "down.0.downsample"),
    ("up_blocks.0.resnets", "up.1.block"),
    ("up_blocks.1.resnets", "up.0.block"),
    ("up_blocks.0.upsamplers.0", "up.1.upsample"),
    ("mid_block.resnets.0", "mid.block_1"),
    ("mid_block.resnets.1", "mid.block_2"),
    ("mid_block.attentions.0.group_norm", "mid.attn_1.norm"),
    ("mid_block.attentions.0.to_q", "mid.attn_1.q"),
    ("mid_block.attentions.0.to_k", "mid.attn_1.k"),
    ("mid_block.attentions.0.to_v", "mid.attn_1.v"),
    ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"),
    ("conv_norm_out", "norm_out"),
    ("conv_shortcut", "nin_shortcut"),
)


def as_single_file(pipe: Any) -> dict[str, torch.Tensor]:
    """All weights of the tiny pipeline in one dictionary."""
    single: dict[str, torch.Tensor] = {}
    for name, value in pipe.unet.state_dict().items():
        single[f"model.diffusion_model.{_unet_name(name)}"] = value.contiguous()
    for name, value in pipe.vae.state_dict().items():
        renamed = _renamed(name, _VAE_PLACES)
        as_convolution = ".attn_1." in renamed and value.ndim == 2
        single[f"first_stage_model.{renamed}"] = (value[:, :, None, None] if as_convolution else value).contiguous()
    for name, value in pipe.text_encoder.state_dict().items():
        place = name if name.startswith("text_model.") else f"text_model.{name}"
        single[f"cond_stage_model.transformer.{place}"] = value.contiguous()
    return single


def _unet_name(name: str) -> str:
    renamed = _renamed(name, _UNET_PLACES)
    return _renamed(renamed, _UNET_LAYERS) if ".resnets." in name else renamed


def _renamed(name: str, places: tuple[tuple[str, str], ...]) -> str:
    for ours, theirs in places:
        if f"{ours}." in f"{name}.":
            name = name.replace(ours, theirs, 1)
    return name
