"""Families whose text encoder is one of the Qwen models: Qwen-Image, Z-Image and Kandinsky 5."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import Qwen3Config, Qwen3Model

from tests.support.engine.families.parts import WIDTH, byte_tokenizer, clip, decoder_config, qwen_vl, tokenizer, vae


def qwen_image() -> Any:
    """Return Qwen-Image: noise with a frame axis, 1 x C x H x W, and a video autoencoder."""
    return QwenImagePipeline(
        transformer=QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            axes_dims_rope=(4, 6, 6),
        ),
        text_encoder=qwen_vl(),
        tokenizer=byte_tokenizer(),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 1],
            num_res_blocks=1,
            temperal_downsample=[False],
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.5, max_shift=0.9, shift_terminal=0.02
        ),
    )


def z_image() -> Any:
    """Return Z-Image, which passes lists of pictures and texts instead of batches."""
    return ZImagePipeline(
        transformer=ZImageTransformer2DModel(
            in_channels=4,
            dim=32,
            n_layers=1,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=WIDTH,
            axes_dims=[4, 6, 6],
            axes_lens=[1024, 64, 64],
        ),
        text_encoder=Qwen3Model(decoder_config(Qwen3Config)).eval(),
        tokenizer=byte_tokenizer(),
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def kandinsky5() -> Any:
    """Return Kandinsky 5, whose channels come last: 1 x H x W x C."""
    return Kandinsky5T2IPipeline(
        transformer=Kandinsky5Transformer3DModel(
            in_visual_dim=4,
            out_visual_dim=4,
            in_text_dim=WIDTH,
            in_text_dim2=WIDTH,
            time_dim=16,
            model_dim=32,
            ff_dim=32,
            num_text_blocks=1,
            num_visual_blocks=1,
            axes_dims=(4, 6, 6),
        ),
        text_encoder=qwen_vl(),
        tokenizer=byte_tokenizer(),
        text_encoder_2=clip(),
        tokenizer_2=tokenizer(),
        vae=vae(halvings=3),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )
