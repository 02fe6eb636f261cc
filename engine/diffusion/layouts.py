"""Layouts of weights that no public loader of diffusers translates: PixArt, and the VAEs of Flux.2 and Qwen-Image.

A state that has the names of diffusers already is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import torch

from engine.diffusion.seams.single_files import converted_like

_LIKE = {"AutoencoderKLFlux2": "AutoencoderKL", "AutoencoderKLQwenImage": "AutoencoderKLWan"}
"""Classes that have no converter of their own, and those whose files have the same layout."""
_FLUX2_MOVED = (("encoder.quant_conv.", "quant_conv."), ("decoder.post_quant_conv.", "post_quant_conv."))
"""Where the authors of Flux.2 keep two layers of its VAE."""

_PIXART = (
    (r"^x_embedder\.proj\.", "pos_embed.proj."),
    (r"^t_embedder\.mlp\.0\.", "adaln_single.emb.timestep_embedder.linear_1."),
    (r"^t_embedder\.mlp\.2\.", "adaln_single.emb.timestep_embedder.linear_2."),
    (r"^csize_embedder\.mlp\.0\.", "adaln_single.emb.resolution_embedder.linear_1."),
    (r"^csize_embedder\.mlp\.2\.", "adaln_single.emb.resolution_embedder.linear_2."),
    (r"^ar_embedder\.mlp\.0\.", "adaln_single.emb.aspect_ratio_embedder.linear_1."),
    (r"^ar_embedder\.mlp\.2\.", "adaln_single.emb.aspect_ratio_embedder.linear_2."),
    (r"^t_block\.1\.", "adaln_single.linear."),
    (r"^y_embedder\.y_proj\.fc([12])\.", r"caption_projection.linear_\1."),
    (r"^final_layer\.linear\.", "proj_out."),
    (r"^final_layer\.scale_shift_table$", "scale_shift_table"),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"transformer_blocks.\1.attn1.to_out.0."),
    (r"^blocks\.(\d+)\.cross_attn\.q_linear\.", r"transformer_blocks.\1.attn2.to_q."),
    (r"^blocks\.(\d+)\.cross_attn\.proj\.", r"transformer_blocks.\1.attn2.to_out.0."),
    (r"^blocks\.(\d+)\.mlp\.fc1\.", r"transformer_blocks.\1.ff.net.0.proj."),
    (r"^blocks\.(\d+)\.mlp\.fc2\.", r"transformer_blocks.\1.ff.net.2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"transformer_blocks.\1.attn1.qkv."),
    (r"^blocks\.(\d+)\.cross_attn\.kv_linear\.", r"transformer_blocks.\1.attn2.kv."),
    (r"^blocks\.(\d+)\.", r"transformer_blocks.\1."),
)
_FUSED = ((".qkv.", (".to_q.", ".to_k.", ".to_v.")), (".kv.", (".to_k.", ".to_v.")))


def as_diffusers(
    kind: str, state: dict[str, torch.Tensor], config: dict[str, Any], names: Collection[str]
) -> dict[str, torch.Tensor]:
    """Return the weights of a component with the names of diffusers.

    Args:
        kind: The name of the component's class.
        state: The weights, in the layout of the authors or of diffusers.
        config: The component's configuration.
        names: The names that the component has.
    """
    if sum(name in state for name in names) * 2 > len(names):
        return state
    if kind == "PixArtTransformer2DModel":
        return _from_pixart(state)
    if kind not in _LIKE:
        return state
    for old, new in _FLUX2_MOVED:
        state = {new + name.removeprefix(old) if name.startswith(old) else name: value for name, value in state.items()}
    return converted_like(_LIKE[kind], state, config) | {name: state[name] for name in names if name in state}


def _from_pixart(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename the weights of a PixArt transformer, and cut its fused projections into theirs."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        for pattern, replacement in _PIXART:
            name = re.sub(pattern, replacement, name)
        fused, parts = next(((fused, parts) for fused, parts in _FUSED if fused in name), ("", ()))
        if fused:
            for part, piece in zip(parts, value.chunk(len(parts)), strict=True):
                found[name.replace(fused, part)] = piece
        else:
            found[name] = value
    return found
