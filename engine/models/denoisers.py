"""Which family of models a denoiser belongs to, told from the names and shapes of its tensors.  No torch.

Each family is told by names that no other family has, so the order of the rules matters only where a family grew out of
another one.  Sizes tell the members of a family apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Shapes = Mapping[str, tuple[int, ...]]

VIDEO = frozenset({"Wan", "LTX-Video", "HunyuanVideo", "Mochi", "Cosmos", "CogVideoX", "Stable Video Diffusion"})
"""Families that make videos."""

_CONTEXT = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 1280: "SDXL refiner", 2048: "SDXL"}
"""The width of the text that the cross-attention of a UNet takes."""
_KLEIN = {7680: "Flux.2 klein 4B", 12288: "Flux.2 klein 9B", 15360: "Flux.2 dev"}
"""Three layers of the text encoder side by side."""
_UNET_INPUTS = {9: "inpainting", 8: "instruct-pix2pix", 7: "upscaling", 5: "depth"}
_FLUX_INPUTS = {384: "inpainting (Fill)", 128: "depth or edges (Control)"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Denoiser:
    """What the tensors of a denoiser tell.

    Attributes:
        family: The family, for example "SDXL"; "" if it is not known.
        purpose: What it needs a picture for, for example "inpainting"; "" if a text is enough.
    """

    family: str
    purpose: str = ""


def denoiser_of(shapes: Shapes) -> Denoiser:
    """Return the family of a denoiser.

    Args:
        shapes: Its tensors, without a prefix like "model.diffusion_model.".
    """
    for needed, family in _RULES:
        if any(_has(shapes, name) for name in needed):
            return family(shapes) if callable(family) else Denoiser(family=family)
    return Denoiser(family="")


def context_width(shapes: Shapes) -> int:
    """Return the width of the text that the cross-attention of a UNet takes; 0 without one."""
    found = (shape for name, shape in shapes.items() if name.endswith("attn2.to_k.weight") and len(shape) == 2)
    return next((shape[1] for shape in found), 0)


def _has(shapes: Shapes, name: str) -> bool:
    """Whether there is a tensor of this name, or one below it if the name ends in a dot."""
    return any(other.startswith(name) for other in shapes) if name.endswith(".") else name in shapes


def _size(shapes: Shapes, names: tuple[str, ...], axis: int = 1) -> int:
    """The size of the first of these tensors along an axis; 0 without one."""
    found = (shapes[name] for name in names if name in shapes)
    return next((shape[axis] for shape in found if len(shape) > axis), 0)


def _depth(shapes: Shapes, block: str) -> int:
    """The number of blocks whose names begin like this."""
    pattern = re.compile(rf"{re.escape(block)}\.(\d+)\.")
    return max((int(match[1]) + 1 for match in map(pattern.match, shapes) if match), default=0)


def _unet(shapes: Shapes) -> Denoiser:
    """A UNet: the original names (input_blocks) or those of diffusers (down_blocks)."""
    if any(".time_stack." in name or ".temporal_transformer_blocks." in name for name in shapes):
        return Denoiser(family="Stable Video Diffusion")
    if "encoder_hid_proj.weight" in shapes:
        return Denoiser(family="Kolors")
    inputs = _size(shapes, ("input_blocks.0.0.weight", "conv_in.weight"))
    width, purpose = context_width(shapes), _UNET_INPUTS.get(inputs, "")
    family = _CONTEXT.get(width, "")
    has_sizes = _has(shapes, "label_emb.0.0.weight") or _has(shapes, "add_embedding.linear_1.weight")
    if family == "Stable Diffusion 2" and has_sizes:
        return Denoiser(family=family, purpose="a picture's embedding (unCLIP)")
    if not family and has_sizes:
        family = "SDXL"
    return Denoiser(family=family, purpose=purpose)


def _flux1(shapes: Shapes) -> Denoiser:
    inputs = _size(shapes, ("img_in.weight", "x_embedder.weight"))
    has_guidance = _has(shapes, "guidance_in.") or _has(shapes, "time_text_embed.guidance_embedder.")
    purpose = _FLUX_INPUTS.get(inputs, "")
    return Denoiser(family="Flux.1 dev" if has_guidance else "Flux.1 schnell", purpose=purpose)


def _flux2(shapes: Shapes) -> Denoiser:
    width = _size(shapes, ("txt_in.weight", "context_embedder.weight"))
    return Denoiser(family=_KLEIN.get(width, "Flux.2"))


def _sd3(shapes: Shapes) -> Denoiser:
    if max(_depth(shapes, "joint_blocks"), _depth(shapes, "transformer_blocks")) > 24:
        return Denoiser(family="Stable Diffusion 3.5 large")
    newer = ("joint_blocks.0.context_block.attn.ln_q.", "transformer_blocks.0.attn.norm_q.")
    is_newer = any(_has(shapes, name) for name in newer)
    return Denoiser(family="Stable Diffusion 3.5 medium" if is_newer else "Stable Diffusion 3 medium")


def _pixart(shapes: Shapes) -> Denoiser:
    """PixArt-alpha takes the size of the picture as well; Sana has convolutions in its blocks."""
    if any(".inverted_conv." in name or ".conv_inverted." in name for name in shapes):
        return Denoiser(family="Sana")
    takes_size = _has(shapes, "csize_embedder.") or _has(shapes, "adaln_single.emb.resolution_embedder.")
    return Denoiser(family="PixArt-alpha" if takes_size else "PixArt-sigma")


def _adaln_single(shapes: Shapes) -> Denoiser:
    is_pixart = _has(shapes, "pos_embed.proj.weight")
    return _pixart(shapes) if is_pixart else Denoiser(family="Sana" if _has(shapes, "patch_embed.") else "")


def _hunyuan(shapes: Shapes) -> Denoiser:
    inputs = shapes.get("img_in.proj.weight", shapes.get("x_embedder.proj.weight", ()))
    is_video = len(inputs) == 5
    return Denoiser(family="HunyuanVideo" if is_video else "HunyuanImage")


_RULES: tuple[tuple[tuple[str, ...], str | Callable[[Shapes], Denoiser]], ...] = (
    (("input_blocks.0.0.weight", "down_blocks.0.resnets.0.norm1.weight"), _unet),
    (("joint_blocks.",), _sd3),
    (("distilled_guidance_layer.",), "Chroma"),
    (("early_stream_modulations.",), "Flux.3"),
    (("single_stream_modulation.",), _flux2),
    (("txt_in.individual_token_refiner.", "context_embedder.token_refiner."), _hunyuan),
    (("double_layers.", "joint_transformer_blocks.", "cond_seq_linear.weight"), "AuraFlow"),
    (("double_blocks.", "single_transformer_blocks."), _flux1),
    (("txtfusion.",), "Krea 2"),
    (("txt_in.text_norm.weight",), "Qwen-Image 2.1"),
    (("txt_norm.weight",), "Qwen-Image"),
    (("layers.0.adaLN_modulation.0.weight", "all_x_embedder."), "Z-Image"),
    (("cap_embedder.", "time_caption_embed."), "Lumina 2"),
    (("double_stream_blocks.",), "HiDream"),
    (("patchify_proj.",), "LTX-Video"),
    (("blocks.0.attn.qkv_x.weight",), "Mochi"),
    (("head.modulation", "condition_embedder.", "vace_blocks."), "Wan"),
    (("blocks.0.self_attn.q_proj.weight", "blocks.block0.", "extra_pos_embedder."), "Cosmos"),
    (("patch_embed.text_proj.",), "CogVideoX"),
    (("text_embedding_padding", "mlp_t5.0.weight"), "Hunyuan-DiT"),
    (("clip_txt_mapper.", "clip_mapper.", "effnet_mapper."), "Stable Cascade"),
    (("blocks.0.cross_attn.q_linear.weight",), _pixart),
    (("adaln_single.", "caption_projection."), _adaln_single),
    (("transformer_blocks.0.norm1_context.linear.weight",), _sd3),
)
"""(Names of which one is enough, the family or how to tell it).  A name that ends in a dot stands for all below it."""
