"""Which layers of a pipeline the names in an adapter file mean.

Trainers name a layer by its path in diffusers or in the original code of the model, with dots or underscores, behind a
prefix that says which network it is part of: "lora_unet_input_blocks_4_1_proj_in", "transformer.blocks.0.attn.to_q".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

_DENOISERS = ("unet", "transformer")
_TEXT_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
_PREFIXES = (
    (r"lora_te1?_", "text_encoder"),
    (r"lora_te([23])_", r"text_encoder_\1"),
    (r"(text_encoder(?:_[23])?)\.", r"\1"),
    (r"(?:lora_unet_|lora_transformer_|lycoris_)", ""),
    (r"(?:base_model\.model\.)?(?:model\.)?(?:diffusion_model|unet|transformer)\.", ""),
    (r"base_model\.model\.", ""),
)
"""Prefixes, and the component that each means; "" is the network that denoises."""

_FLUX = (
    (r"double_blocks_(\d+)_img_attn_qkv", "transformer_blocks_{}_attn", ("to_q", "to_k", "to_v")),
    (
        r"double_blocks_(\d+)_txt_attn_qkv",
        "transformer_blocks_{}_attn",
        ("add_q_proj", "add_k_proj", "add_v_proj"),
    ),
    (r"double_blocks_(\d+)_img_attn_proj", "transformer_blocks_{}_attn", ("to_out_0",)),
    (r"double_blocks_(\d+)_txt_attn_proj", "transformer_blocks_{}_attn", ("to_add_out",)),
    (r"double_blocks_(\d+)_img_mlp_0", "transformer_blocks_{}_ff", ("net_0_proj",)),
    (r"double_blocks_(\d+)_img_mlp_2", "transformer_blocks_{}_ff", ("net_2",)),
    (r"double_blocks_(\d+)_txt_mlp_0", "transformer_blocks_{}_ff_context", ("net_0_proj",)),
    (r"double_blocks_(\d+)_txt_mlp_2", "transformer_blocks_{}_ff_context", ("net_2",)),
    (r"double_blocks_(\d+)_img_mod_lin", "transformer_blocks_{}_norm1", ("linear",)),
    (r"double_blocks_(\d+)_txt_mod_lin", "transformer_blocks_{}_norm1_context", ("linear",)),
    (
        r"single_blocks_(\d+)_linear1",
        "single_transformer_blocks_{}",
        ("attn_to_q", "attn_to_k", "attn_to_v", "proj_mlp"),
    ),
    (r"single_blocks_(\d+)_linear2", "single_transformer_blocks_{}", ("proj_out",)),
    (r"single_blocks_(\d+)_modulation_lin", "single_transformer_blocks_{}_norm", ("linear",)),
)
_FLUX_2 = (
    *(entry for entry in _FLUX if "_attn_" in entry[0]),
    (r"double_blocks_(\d+)_img_mlp_0", "transformer_blocks_{}_ff", ("linear_in",)),
    (r"double_blocks_(\d+)_img_mlp_2", "transformer_blocks_{}_ff", ("linear_out",)),
    (r"double_blocks_(\d+)_txt_mlp_0", "transformer_blocks_{}_ff_context", ("linear_in",)),
    (r"double_blocks_(\d+)_txt_mlp_2", "transformer_blocks_{}_ff_context", ("linear_out",)),
    (r"single_blocks_(\d+)_linear1", "single_transformer_blocks_{}_attn", ("to_qkv_mlp_proj",)),
    (r"single_blocks_(\d+)_linear2", "single_transformer_blocks_{}_attn", ("to_out",)),
)
_OTHERS = (
    (r"joint_blocks_(\d+)_x_block_attn_qkv", "transformer_blocks_{}_attn", ("to_q", "to_k", "to_v")),
    (r"joint_blocks_(\d+)_x_block_attn_proj", "transformer_blocks_{}_attn", ("to_out_0",)),
    (r"joint_blocks_(\d+)_x_block_mlp_fc1", "transformer_blocks_{}_ff", ("net_0_proj",)),
    (r"joint_blocks_(\d+)_x_block_mlp_fc2", "transformer_blocks_{}_ff", ("net_2",)),
    (
        r"joint_blocks_(\d+)_context_block_attn_qkv",
        "transformer_blocks_{}_attn",
        ("add_q_proj", "add_k_proj", "add_v_proj"),
    ),
    (r"joint_blocks_(\d+)_context_block_attn_proj", "transformer_blocks_{}_attn", ("to_add_out",)),
    (r"joint_blocks_(\d+)_context_block_mlp_fc1", "transformer_blocks_{}_ff_context", ("net_0_proj",)),
    (r"joint_blocks_(\d+)_context_block_mlp_fc2", "transformer_blocks_{}_ff_context", ("net_2",)),
    (r"layers_(\d+)_attention_qkv", "layers_{}_attention", ("to_q", "to_k", "to_v")),
    (r"layers_(\d+)_attention_out", "layers_{}_attention", ("to_out_0",)),
)
"""Layers of Flux.1, of Flux.2, and of Stable Diffusion 3 and Z-Image in their original code, and those of diffusers,
whose rows stand one below the other in them."""

_RESNET = {
    "norm1": "in_layers_0",
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "norm2": "out_layers_0",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A layer of a pipeline, or several whose rows an adapter file has in one.

    Attributes:
        component: The component that it is part of.
        paths: Of its modules, in the order of the rows.
        modules: The modules.
    """

    component: str
    paths: tuple[str, ...]
    modules: tuple[Any, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the weight; of several, that of the weights one below the other."""
        first = tuple(self.modules[0].weight.shape)
        return (sum(module.weight.shape[0] for module in self.modules), *first[1:])


class LayerIndex:
    """The layers of a pipeline by the names that adapter files have for them."""

    def __init__(self, pipe: Any) -> None:
        self._layers: dict[str, dict[str, Layer]] = {}
        is_flux_2 = type(getattr(pipe, "transformer", None)).__name__.startswith("Flux2")
        self._original = _FLUX_2 if is_flux_2 else (*_FLUX, *_OTHERS)
        for component in (*_DENOISERS, *_TEXT_ENCODERS):
            network = getattr(pipe, component, None)
            if isinstance(network, torch.nn.Module):
                self._layers["" if component in _DENOISERS else component] = _names_of(component, network)

    def find(self, name: str) -> Layer | None:
        """Return the layer that a name in a file means; None if this pipeline has none.

        Args:
            name: With its prefix, without the last part ("hada_w1_a").
        """
        component, rest = _without_prefix(name)
        layers: Mapping[str, Layer] = self._layers.get(component, {})
        flat = rest.replace(".", "_")
        found = layers.get(flat) or layers.get(flat.removeprefix("text_model_"))
        return found or _of_several(flat, layers, self._original)


def _without_prefix(name: str) -> tuple[str, str]:
    for pattern, component in _PREFIXES:
        match = re.match(pattern, name)
        if match:
            return match.expand(component), name[match.end() :]
    return "", name


def _names_of(component: str, network: Any) -> dict[str, Layer]:
    layers = {
        path.replace(".", "_").removeprefix("text_model_"): Layer(component=component, paths=(path,), modules=(module,))
        for path, module in network.named_modules()
        if isinstance(getattr(module, "weight", None), torch.nn.Parameter)
    }
    if component == "unet" and hasattr(network, "down_blocks"):
        for original, name in _original_names(network):
            layers |= {original: layers[name]} if name in layers else {}
            found = [each for each in layers if each.startswith(f"{name}_")]
            for each in found:
                inner = each.removeprefix(f"{name}_")
                layers[f"{original}_{_RESNET.get(inner, inner)}"] = layers[each]
    return layers


def _of_several(
    name: str, layers: Mapping[str, Layer], original: tuple[tuple[str, str, tuple[str, ...]], ...]
) -> Layer | None:
    for pattern, parent, children in original:
        match = re.fullmatch(pattern, name)
        if match:
            found = [layers.get(f"{parent.format(match[1])}_{child}") for child in children]
            parts = [layer for layer in found if layer is not None]
            if len(parts) < len(children):
                return None
            return Layer(
                component=parts[0].component,
                paths=tuple(layer.paths[0] for layer in parts),
                modules=tuple(layer.modules[0] for layer in parts),
            )
    return None


# The original code of Stable Diffusion numbers all blocks of the UNet in one row: each residual block, with its
# attention if it has one, and each change of the size.
def _original_names(unet: Any) -> Iterator[tuple[str, str]]:
    """Yield the names of blocks in the original code of Stable Diffusion, and in diffusers."""
    yield from {"input_blocks_0_0": "conv_in", "out_0": "conv_norm_out", "out_2": "conv_out"}.items()
    yield from {"time_embed_0": "time_embedding_linear_1", "time_embed_2": "time_embedding_linear_2"}.items()
    yield from {"label_emb_0_0": "add_embedding_linear_1", "label_emb_0_2": "add_embedding_linear_2"}.items()
    yield from {"middle_block_0": "mid_block_resnets_0", "middle_block_2": "mid_block_resnets_1"}.items()
    yield "middle_block_1", "mid_block_attentions_0"
    number = 1
    for index, block in enumerate(unet.down_blocks):
        for layer in range(len(block.resnets)):
            yield f"input_blocks_{number}_0", f"down_blocks_{index}_resnets_{layer}"
            yield f"input_blocks_{number}_1", f"down_blocks_{index}_attentions_{layer}"
            number += 1
        if getattr(block, "downsamplers", None):
            yield f"input_blocks_{number}_0_op", f"down_blocks_{index}_downsamplers_0_conv"
            number += 1
    number = 0
    for index, block in enumerate(unet.up_blocks):
        has_attention = bool(getattr(block, "attentions", None))
        for layer in range(len(block.resnets)):
            yield f"output_blocks_{number}_0", f"up_blocks_{index}_resnets_{layer}"
            if has_attention:
                yield f"output_blocks_{number}_1", f"up_blocks_{index}_attentions_{layer}"
            if layer == len(block.resnets) - 1 and getattr(block, "upsamplers", None):
                place = 2 if has_attention else 1
                yield f"output_blocks_{number}_{place}_conv", f"up_blocks_{index}_upsamplers_0_conv"
            number += 1
