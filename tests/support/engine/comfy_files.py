"""Pipelines as ComfyUI users hold them: the parts in separate files, quantised files, and all in one file.

The names of the weights are translated from those of diffusers and transformers by tables written from the published
layouts; diffusers translates them back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import torch
from safetensors.torch import save_file

from tests.support.engine.single_file import sd3_file, vae_file

State = dict[str, torch.Tensor]
E4M3_MAX = 448.0
"""The largest number in float8_e4m3fn."""

_FLUX = (
    (r"^time_text_embed\.timestep_embedder\.", "time_in."),
    (r"^time_text_embed\.text_embedder\.", "vector_in."),
    (r"^time_text_embed\.guidance_embedder\.", "guidance_in."),
    (r"_in\.linear_1\.", "_in.in_layer."),
    (r"_in\.linear_2\.", "_in.out_layer."),
    (r"^context_embedder\.", "txt_in."),
    (r"^x_embedder\.", "img_in."),
    (r"^proj_out\.", "final_layer.linear."),
    (r"^(distilled_guidance_layer\.layers\.\d+)\.linear_1\.", r"\1.in_layer."),
    (r"^(distilled_guidance_layer\.layers\.\d+)\.linear_2\.", r"\1.out_layer."),
    (r"^(distilled_guidance_layer\.norms\.\d+)\.weight$", r"\1.scale"),
    (r"^transformer_blocks\.(\d+)\.norm1\.linear\.", r"double_blocks.\1.img_mod.lin."),
    (r"^transformer_blocks\.(\d+)\.norm1_context\.linear\.", r"double_blocks.\1.txt_mod.lin."),
    (r"^transformer_blocks\.(\d+)\.attn\.to_out\.0\.", r"double_blocks.\1.img_attn.proj."),
    (r"^transformer_blocks\.(\d+)\.attn\.to_add_out\.", r"double_blocks.\1.txt_attn.proj."),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.0\.proj\.", r"double_blocks.\1.img_mlp.0."),
    (r"^transformer_blocks\.(\d+)\.ff\.net\.2\.", r"double_blocks.\1.img_mlp.2."),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.0\.proj\.", r"double_blocks.\1.txt_mlp.0."),
    (r"^transformer_blocks\.(\d+)\.ff_context\.net\.2\.", r"double_blocks.\1.txt_mlp.2."),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_q\.weight$", r"double_blocks.\1.img_attn.norm.query_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_k\.weight$", r"double_blocks.\1.img_attn.norm.key_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_q\.weight$", r"double_blocks.\1.txt_attn.norm.query_norm.scale"),
    (r"^transformer_blocks\.(\d+)\.attn\.norm_added_k\.weight$", r"double_blocks.\1.txt_attn.norm.key_norm.scale"),
    (r"^single_transformer_blocks\.(\d+)\.norm\.linear\.", r"single_blocks.\1.modulation.lin."),
    (r"^single_transformer_blocks\.(\d+)\.proj_out\.", r"single_blocks.\1.linear2."),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight$", r"single_blocks.\1.norm.query_norm.scale"),
    (r"^single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight$", r"single_blocks.\1.norm.key_norm.scale"),
)
"""Flux.1, and Chroma with its distilled guidance in place of modulations and embeddings."""
_FLUX2 = (
    ("x_embedder.", "img_in."),
    ("context_embedder.", "txt_in."),
    ("time_guidance_embed.timestep_embedder.linear_1", "time_in.in_layer"),
    ("time_guidance_embed.timestep_embedder.linear_2", "time_in.out_layer"),
    ("time_guidance_embed.guidance_embedder.linear_1", "guidance_in.in_layer"),
    ("time_guidance_embed.guidance_embedder.linear_2", "guidance_in.out_layer"),
    ("_modulation_img.linear", "_modulation_img.lin"),
    ("_modulation_txt.linear", "_modulation_txt.lin"),
    ("single_stream_modulation.linear", "single_stream_modulation.lin"),
    ("proj_out.", "final_layer.linear."),
    ("single_transformer_blocks.", "single_blocks."),
    ("transformer_blocks.", "double_blocks."),
    ("attn.to_qkv_mlp_proj", "linear1"),
    ("attn.norm_added_q", "txt_attn.norm.query_norm"),
    ("attn.norm_added_k", "txt_attn.norm.key_norm"),
    ("attn.to_out.0", "img_attn.proj"),
    ("attn.to_add_out", "txt_attn.proj"),
    ("attn.to_out", "linear2"),
    ("ff_context.linear_in", "txt_mlp.0"),
    ("ff_context.linear_out", "txt_mlp.2"),
    ("ff.linear_in", "img_mlp.0"),
    ("ff.linear_out", "img_mlp.2"),
)
_PIXART = (
    ("pos_embed.proj.", "x_embedder.proj."),
    ("adaln_single.emb.timestep_embedder.linear_1", "t_embedder.mlp.0"),
    ("adaln_single.emb.timestep_embedder.linear_2", "t_embedder.mlp.2"),
    ("adaln_single.linear", "t_block.1"),
    ("caption_projection.linear_", "y_embedder.y_proj.fc"),
    ("proj_out.", "final_layer.linear."),
    ("transformer_blocks.", "blocks."),
    ("attn1.to_out.0", "attn.proj"),
    ("attn2.to_out.0", "cross_attn.proj"),
    ("attn1.", "attn."),
    ("attn2.", "cross_attn."),
    ("ff.net.0.proj", "mlp.fc1"),
    ("ff.net.2", "mlp.fc2"),
)
_WAN = (
    (r"^quant_conv\.", "conv1."),
    (r"^post_quant_conv\.", "conv2."),
    (r"coder\.conv_in\.", "coder.conv1."),
    (r"coder\.conv_out\.", "coder.head.2."),
    (r"coder\.norm_out\.", "coder.head.0."),
    (r"mid_block\.resnets\.0\.", "middle.0."),
    (r"mid_block\.attentions\.0\.", "middle.1."),
    (r"mid_block\.resnets\.1\.", "middle.2."),
    (r"^encoder\.down_blocks\.", "encoder.downsamples."),
    (r"\.norm1\.gamma", ".residual.0.gamma"),
    (r"\.norm2\.gamma", ".residual.3.gamma"),
    (r"(samples\.\d+|middle\.\d)\.conv1\.", r"\1.residual.2."),
    (r"(samples\.\d+|middle\.\d)\.conv2\.", r"\1.residual.6."),
    (r"\.conv_shortcut\.", ".shortcut."),
)
_Z_IMAGE = (
    ("all_final_layer.2-1.", "final_layer."),
    ("all_x_embedder.2-1.", "x_embedder."),
    (".attention.to_out.0.", ".attention.out."),
    (".attention.norm_k.", ".attention.k_norm."),
    (".attention.norm_q.", ".attention.q_norm."),
)


def flux_file(transformer: Any) -> State:
    """Return a Flux.1 or Chroma transformer of one double and one single block in the layout of its authors."""
    weights = transformer.state_dict()
    double, single = "transformer_blocks.0.", "single_transformer_blocks.0."
    made: State = {}

    def joined(start: str, *names: str) -> torch.Tensor:
        return torch.cat([weights[start + name] for name in names])

    for kind in ("weight", "bias"):
        for side, names in (("img", ("to_q", "to_k", "to_v")), ("txt", ("add_q_proj", "add_k_proj", "add_v_proj"))):
            fused = joined(f"{double}attn.", *(f"{name}.{kind}" for name in names))
            made[f"double_blocks.0.{side}_attn.qkv.{kind}"] = fused
        parts = [f"{name}.{kind}" for name in ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")]
        made[f"single_blocks.0.linear1.{kind}"] = joined(single, *parts)
        if f"norm_out.linear.{kind}" in weights:
            scale, shift = weights[f"norm_out.linear.{kind}"].chunk(2)
            made[f"final_layer.adaLN_modulation.1.{kind}"] = torch.cat([shift, scale])
    for name, value in weights.items():
        renamed = name
        for ours, theirs in _FLUX:
            renamed = re.sub(ours, theirs, renamed)
        if renamed != name or name.startswith("distilled_guidance_layer."):
            made[renamed] = value
    return _contiguous(made)


def z_image_file(transformer: Any) -> State:
    """Return a Z-Image transformer in the layout of its authors, which fuses query, key and value."""
    weights = transformer.state_dict()
    made: State = {}
    for name, value in weights.items():
        renamed = name
        for ours, theirs in _Z_IMAGE:
            renamed = renamed.replace(ours, theirs)
        if ".attention.to_q." in name:
            parts = [weights[name.replace("to_q", part)] for part in ("to_q", "to_k", "to_v")]
            made[name.replace("to_q", "qkv")] = torch.cat(parts)
        elif ".attention.to_k." not in name and ".attention.to_v." not in name:
            made[renamed] = value
    return _contiguous(made)


def flux2_file(transformer: Any) -> State:
    """Return a Flux.2 transformer in the layout of its authors, which fuses query, key and value."""
    weights = transformer.state_dict()
    made: State = {}
    for name, value in weights.items():
        renamed = name
        for ours, theirs in _FLUX2:
            renamed = renamed.replace(ours, theirs)
        for first, others, side in (
            (".to_q.", (".to_k.", ".to_v."), "img"),
            (".add_q_", (".add_k_", ".add_v_"), "txt"),
        ):
            if name.startswith("transformer_blocks.") and first in name:
                parts = [weights[name.replace(first, part)] for part in (first, *others)]
                made[f"double_blocks.{name.split('.')[1]}.{side}_attn.qkv.weight"] = torch.cat(parts)
        place = "norm." if name.startswith("single") else "img_attn.norm."
        for letter, word in (("q", "query"), ("k", "key")):
            renamed = renamed.replace(f"attn.norm_{letter}.", f"{place}{word}_norm.")
        if renamed.endswith("norm.weight"):
            renamed = renamed.removesuffix("weight") + "scale"
        if name.startswith("norm_out."):
            scale, shift = value.chunk(2)
            made["final_layer.adaLN_modulation.1.weight"] = torch.cat([shift, scale])
        elif not any(
            part in name for part in ("attn.to_q.", "attn.to_k.", "attn.to_v.", ".add_q_", ".add_k_", ".add_v_")
        ):
            made[renamed] = value
    return _contiguous(made)


def pixart_file(transformer: Any) -> State:
    """Return a PixArt transformer in the layout of its authors, with the tensors that nothing reads."""
    weights = transformer.state_dict()
    made: State = {"pos_embed": torch.zeros(1, 4, 4), "y_embedder.y_embedding": torch.zeros(120, 4)}
    for name, value in weights.items():
        renamed = name
        for ours, theirs in _PIXART:
            renamed = renamed.replace(ours, theirs)
        if name == "scale_shift_table":
            renamed = "final_layer.scale_shift_table"
        block, _, kind = name.rpartition(".")
        if name.endswith(("attn1.to_q.weight", "attn1.to_q.bias")):
            parts = [weights[f"{block[:-1]}{part}.{kind}"] for part in "qkv"]
            made[renamed.replace(".attn.to_q.", ".attn.qkv.")] = torch.cat(parts)
        elif ".attn2.to_k." in name:
            made[renamed.replace(".to_k.", ".kv_linear.")] = torch.cat([value, weights[f"{block[:-1]}v.{kind}"]])
        elif not re.search(r"attn1\.to_[kv]\.|attn2\.to_v\.", name):
            made[renamed.replace(".cross_attn.to_q.", ".cross_attn.q_linear.")] = value
    return _contiguous(made)


def flux2_autoencoder(pipe: Any) -> State:
    """Return the VAE of Flux.2 in the layout of its authors, where two convolutions belong to the halves."""
    made = autoencoder(pipe)
    for name in list(made):
        for ours, theirs in (("quant_conv.", "encoder.quant_conv."), ("post_quant_conv.", "decoder.post_quant_conv.")):
            if name.startswith(ours):
                made[theirs + name.removeprefix(ours)] = made.pop(name)
    return made


def wan_autoencoder(autoencoder: Any) -> State:
    """Return the VAE of Qwen-Image in the layout of Wan, whose halves are flat lists of layers."""
    made: State = {}
    for name, value in autoencoder.state_dict().items():
        renamed = re.sub(
            r"^decoder\.up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)\.",
            lambda found: f"decoder.upsamples.{4 * int(found[1]) + (int(found[3]) if found[2] == 'resnets' else 3)}.",
            name,
        )
        for ours, theirs in _WAN:
            renamed = re.sub(ours, theirs, renamed)
        made[renamed] = value
    return _contiguous(made)


def sd3_transformer(pipe: Any) -> State:
    """Return the transformer of a Stable Diffusion 3 of one block in the layout of its authors."""
    start = "model.diffusion_model."
    return {name.removeprefix(start): value for name, value in sd3_file(pipe).items() if name.startswith(start)}


def autoencoder(pipe: Any) -> State:
    """Return the VAE of a pipeline in the layout of a file of its own, as `ae.safetensors`."""
    return {name.removeprefix("first_stage_model."): value for name, value in vae_file(pipe).items()}


def clip_file(encoder: Any) -> State:
    """Return a CLIP text encoder as `clip_l.safetensors` has it: every name begins with `text_model.`."""
    named = {
        name if name.startswith("text_") else f"text_model.{name}": value
        for name, value in encoder.state_dict().items()
    }
    return _contiguous(named)


def t5_file(encoder: Any) -> State:
    """Return a T5 encoder whose embedding is stored once, as `shared.weight`."""
    weights = dict(encoder.state_dict())
    weights.pop("encoder.embed_tokens.weight", None)
    return _contiguous(weights)


def qwen_file(encoder: Any) -> State:
    """Return a Qwen language model as ComfyUI's files have it: every name begins with `model.`."""
    named = {
        name if name.startswith(("model.", "lm_head.")) else f"model.{name}": value
        for name, value in encoder.state_dict().items()
    }
    named.pop("lm_head.weight", None)
    return _contiguous(named)


def qwen_vl_file(encoder: Any) -> State:
    """Return a Qwen2.5-VL with the names of its first release, which ComfyUI's files keep."""
    named = {
        name.replace("model.visual.", "visual.").replace("model.language_model.", "model."): value
        for name, value in encoder.state_dict().items()
    }
    return _contiguous(named)


def plain_fp8(state: Mapping[str, torch.Tensor]) -> State:
    """Return a state whose matrices are simply cast to 8 bits."""
    return {name: value.to(torch.float8_e4m3fn) if _is_matrix(value) else value for name, value in state.items()}


def scaled_fp8(state: Mapping[str, torch.Tensor], prefix: str = "", *, newer: bool = False) -> State:
    """Return a state whose matrices are stored in 8 bits beside one scale each, as ComfyUI hands files out.

    Args:
        state: The weights.
        prefix: What all names begin with, to which the mark of the older form belongs.
        newer: The form of 2025: `weight_scale`, `input_scale` and `comfy_quant` instead of a mark, `scale_weight` and
            `scale_input`.
    """
    scale_end, input_end = ("weight_scale", "input_scale") if newer else ("scale_weight", "scale_input")
    made: State = {} if newer else {f"{prefix}scaled_fp8": torch.zeros(2, dtype=torch.float8_e4m3fn)}
    for name, value in state.items():
        if not _is_matrix(value) or not name.endswith(".weight"):
            made[name] = value
            continue
        scale = (value.float().abs().max() / E4M3_MAX).clamp(min=1e-12)
        made[name] = (value.float() / scale).to(torch.float8_e4m3fn)
        stem = name.removesuffix("weight")
        made[stem + scale_end] = scale.reshape(())
        made[stem + input_end] = torch.tensor(1.0)
        if newer:
            form = json.dumps({"format": "float8_e4m3fn"}).encode("ascii")
            made[stem + "comfy_quant"] = torch.tensor(list(form), dtype=torch.uint8)
    return made


def without_scales(state: Mapping[str, torch.Tensor]) -> State:
    """Return a scaled state as a reader sees it that does not know of scales."""
    ends = ("scaled_fp8", "scale_weight", "scale_input", "weight_scale", "input_scale", "comfy_quant")
    return {name: value for name, value in state.items() if not name.endswith(ends)}


def save_gguf(state: Mapping[str, torch.Tensor], path: Path, architecture: str, *, kind: str = "Q8_0") -> Path:
    """Write a GGUF file whose matrices are quantised where their rows are long enough."""
    quantised = gguf.GGMLQuantizationType[kind]
    block, _ = gguf.GGML_QUANT_SIZES[quantised]
    writer = gguf.GGUFWriter(str(path), architecture)
    for name, value in state.items():
        array = value.float().contiguous().numpy()
        if _is_matrix(value) and value.shape[1] % block == 0:
            writer.add_tensor(name, gguf.quants.quantize(array, quantised), raw_dtype=quantised)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def with_prefix(prefix: str, state: Mapping[str, torch.Tensor]) -> State:
    """Return a state with a prefix before each name."""
    return {prefix + name: value for name, value in state.items()}


def write(path: Path, state: Mapping[str, torch.Tensor], change: Callable[[State], State] = dict) -> Path:
    """Write a state, changed by a function, as a safetensors file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(_contiguous(change(dict(state))), path)
    return path


def _is_matrix(value: torch.Tensor) -> bool:
    return value.ndim == 2


def _contiguous(state: Mapping[str, torch.Tensor]) -> State:
    return {name: value.clone(memory_format=torch.contiguous_format) for name, value in state.items()}


_T5_OF_LLAMA_CPP = (
    (".layer.0.SelfAttention.relative_attention_bias.", ".attn_rel_b."),
    (".layer.0.SelfAttention.", ".attn_"),
    (".layer.0.layer_norm.", ".attn_norm."),
    (".layer.1.DenseReluDense.wi_0.", ".ffn_gate."),
    (".layer.1.DenseReluDense.wi_1.", ".ffn_up."),
    (".layer.1.DenseReluDense.wi.", ".ffn_up."),
    (".layer.1.DenseReluDense.wo.", ".ffn_down."),
    (".layer.1.layer_norm.", ".ffn_norm."),
    ("encoder.final_layer_norm.", "enc.output_norm."),
    ("encoder.block.", "enc.blk."),
    ("shared.", "token_embd."),
)
_QWEN_OF_LLAMA_CPP = (
    (".self_attn.q_norm.", ".attn_q_norm."),
    (".self_attn.k_norm.", ".attn_k_norm."),
    (".self_attn.o_proj.", ".attn_output."),
    (".self_attn.q_proj.", ".attn_q."),
    (".self_attn.k_proj.", ".attn_k."),
    (".self_attn.v_proj.", ".attn_v."),
    (".mlp.gate_proj.", ".ffn_gate."),
    (".mlp.up_proj.", ".ffn_up."),
    (".mlp.down_proj.", ".ffn_down."),
    (".input_layernorm.", ".attn_norm."),
    (".post_attention_layernorm.", ".ffn_norm."),
    ("model.layers.", "blk."),
    ("model.norm.", "output_norm."),
    ("model.embed_tokens.", "token_embd."),
)


def as_llama_cpp(state: Mapping[str, torch.Tensor]) -> State:
    """Return a T5 or Qwen text encoder with the names of llama.cpp."""
    names = _T5_OF_LLAMA_CPP if "shared.weight" in state else _QWEN_OF_LLAMA_CPP
    made: State = {}
    for name, value in state.items():
        for ours, theirs in names:
            name = name.replace(ours, theirs)
        made[name] = value
    return made
