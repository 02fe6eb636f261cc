"""Tiny pipelines as single files, as people share them: Stable Diffusion 1, SDXL, Stable Diffusion 3.

The names of the weights are translated block by block, for two blocks of one layer; diffusers translates them back.
"""

from __future__ import annotations

from typing import Any

import torch

_UNET_NAMES = (
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
_SIZE_NAMES = (("add_embedding.linear_1", "label_emb.0.0"), ("add_embedding.linear_2", "label_emb.0.2"))
_UNET_LAYERS = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
)
_VAE_NAMES = (
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


_OPEN_CLIP = (
    ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
    ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
    ("text_model.final_layer_norm", "ln_final"),
    ("text_model.encoder.layers", "transformer.resblocks"),
    ("layer_norm1", "ln_1"),
    ("layer_norm2", "ln_2"),
    ("self_attn", "attn"),
    ("mlp.fc1", "mlp.c_fc"),
    ("mlp.fc2", "mlp.c_proj"),
)
_SD3_NAMES = (
    ("pos_embed.pos_embed", "pos_embed"),
    ("pos_embed.proj", "x_embedder.proj"),
    ("time_text_embed.timestep_embedder.linear_1", "t_embedder.mlp.0"),
    ("time_text_embed.timestep_embedder.linear_2", "t_embedder.mlp.2"),
    ("time_text_embed.text_embedder.linear_1", "y_embedder.mlp.0"),
    ("time_text_embed.text_embedder.linear_2", "y_embedder.mlp.2"),
    ("proj_out", "final_layer.linear"),
    ("norm_out.linear", "final_layer.adaLN_modulation.1"),
    ("transformer_blocks.0.norm1.linear", "joint_blocks.0.x_block.adaLN_modulation.1"),
    ("transformer_blocks.0.norm1_context.linear", "joint_blocks.0.context_block.adaLN_modulation.1"),
    ("transformer_blocks.0.attn.to_out.0", "joint_blocks.0.x_block.attn.proj"),
    ("transformer_blocks.0.ff.net.0.proj", "joint_blocks.0.x_block.mlp.fc1"),
    ("transformer_blocks.0.ff.net.2", "joint_blocks.0.x_block.mlp.fc2"),
)
_SD3_SWAPPED = ("norm_out.linear.", "transformer_blocks.0.norm1_context.linear.")
"""Layers without a gate, whose shift stands before the scale in single files."""
_SD3_JOINT = (
    ("x_block", ("to_q", "to_k", "to_v")),
    ("context_block", ("add_q_proj", "add_k_proj", "add_v_proj")),
)


def as_single_file(pipe: Any) -> dict[str, torch.Tensor]:
    """Return all weights of the tiny pipeline in one dictionary."""
    single = _unet_and_vae(pipe, _UNET_NAMES)
    for name, value in pipe.text_encoder.state_dict().items():
        single[f"cond_stage_model.transformer.{_wrapped(name)}"] = value.contiguous()
    return single


def sdxl_file(pipe: Any) -> dict[str, torch.Tensor]:
    """Return all weights of a tiny SDXL, whose text encoders differ in width."""
    single = _unet_and_vae(pipe, (*_SIZE_NAMES, *_UNET_NAMES))
    for name, value in pipe.text_encoder.state_dict().items():
        single[f"conditioner.embedders.0.transformer.{_wrapped(name)}"] = value.contiguous()
    for name, value in _open_clip(pipe.text_encoder_2.state_dict()).items():
        single[f"conditioner.embedders.1.model.{name}"] = value.contiguous()
    return single


def sd3_file(pipe: Any) -> dict[str, torch.Tensor]:
    """Return the weights of a tiny Stable Diffusion 3 without its text encoders."""
    weights, single = pipe.transformer.state_dict(), vae_file(pipe)
    for side, names in _SD3_JOINT:
        for kind in ("weight", "bias"):
            parts = [weights.pop(f"transformer_blocks.0.attn.{name}.{kind}") for name in names]
            single[f"model.diffusion_model.joint_blocks.0.{side}.attn.qkv.{kind}"] = torch.cat(parts)
    for name, value in weights.items():
        halves = value.chunk(2) if name.startswith(_SD3_SWAPPED) else ()
        swapped = torch.cat(halves[::-1]) if halves else value
        single[f"model.diffusion_model.{_renamed(name, _SD3_NAMES)}"] = swapped.contiguous()
    return single


def _unet_and_vae(pipe: Any, names: tuple[tuple[str, str], ...]) -> dict[str, torch.Tensor]:
    single = vae_file(pipe)
    for name, value in pipe.unet.state_dict().items():
        single[f"model.diffusion_model.{_unet_name(name, names)}"] = value.contiguous()
    return single


def vae_file(pipe: Any) -> dict[str, torch.Tensor]:
    single: dict[str, torch.Tensor] = {}
    for name, value in pipe.vae.state_dict().items():
        renamed = _renamed(name, _VAE_NAMES)
        as_convolution = ".attn_1." in renamed and value.ndim == 2
        single[f"first_stage_model.{renamed}"] = (value[:, :, None, None] if as_convolution else value).contiguous()
    return single


def _open_clip(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return weights as OpenCLIP names them: query, key and value in one tensor, the projection transposed."""
    named: dict[str, torch.Tensor] = {}
    for name, value in weights.items():
        renamed = name
        for ours, theirs in _OPEN_CLIP:
            renamed = renamed.replace(ours, theirs)
        if name == "text_projection.weight":
            named["text_projection"] = value.T
        elif ".q_proj." in renamed:
            parts = [weights[name.replace(".q_proj.", f".{part}_proj.")] for part in "qkv"]
            named[renamed.replace(".q_proj.", ".in_proj_")] = torch.cat(parts)
        elif ".k_proj." not in renamed and ".v_proj." not in renamed:
            named[renamed] = value
    return named


def _wrapped(name: str) -> str:
    return name if name.startswith("text_model.") else f"text_model.{name}"


def _unet_name(name: str, names: tuple[tuple[str, str], ...]) -> str:
    renamed = _renamed(name, names)
    return _renamed(renamed, _UNET_LAYERS) if ".resnets." in name else renamed


def _renamed(name: str, names: tuple[tuple[str, str], ...]) -> str:
    for ours, theirs in names:
        if f"{ours}." in f"{name}.":
            name = name.replace(ours, theirs, 1)
    return name
