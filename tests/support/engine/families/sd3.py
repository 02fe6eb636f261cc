"""Stable Diffusion 3."""

from __future__ import annotations

from typing import Any

from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

from tests.support.engine.families.parts import T5_WIDTH, WIDTH, clip, t5, tokenizer, vae


def sd3(second: int = WIDTH) -> Any:
    """Return Stable Diffusion 3: three text encoders, the second of another width, and a flow with a fixed shift."""
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=4,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=T5_WIDTH,
            caption_projection_dim=32,
            pooled_projection_dim=WIDTH + second,
            out_channels=4,
        ),
        text_encoder=clip(projected=True),
        text_encoder_2=clip(projected=True, width=second),
        text_encoder_3=t5(),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        tokenizer_3=tokenizer(),
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )
