"""Flux.1, Flux.2, and Chroma, which is derived from Flux.1: their latents are packed into tokens."""

from __future__ import annotations

from typing import Any

from diffusers import (
    ChromaPipeline,
    ChromaTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    FluxPipeline,
    FluxTransformer2DModel,
)
from transformers import Mistral3ForConditionalGeneration

from tests.support.engine.families.parts import (
    T5_WIDTH,
    WIDTH,
    byte_tokenizer,
    clip,
    flux2_vae,
    mistral3_config,
    t5,
    tokenizer,
    vae,
)

_LAYERS_READ = 3
"""Flux.2 reads the hidden states 10, 20 and 30 of its text encoder."""


def _shifting() -> Any:
    return FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)


def flux(*, heads: int = 2, head_dim: int = 16, axes: tuple[int, int, int] = (4, 4, 8)) -> Any:
    """Return Flux.1 dev; the tokens have four times as many channels as the latents."""
    return FluxPipeline(
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=head_dim,
            num_attention_heads=heads,
            joint_attention_dim=T5_WIDTH,
            pooled_projection_dim=WIDTH,
            axes_dims_rope=list(axes),
            guidance_embeds=True,
        ),
        text_encoder=clip(),
        text_encoder_2=t5(),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        vae=vae(),
        scheduler=_shifting(),
    )


def chroma(*, heads: int = 2, head_dim: int = 16, axes: tuple[int, int, int] = (4, 4, 8)) -> Any:
    """Return Chroma: no CLIP, true guidance, and masked attention to the text."""
    return ChromaPipeline(
        transformer=ChromaTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=head_dim,
            num_attention_heads=heads,
            joint_attention_dim=T5_WIDTH,
            axes_dims_rope=list(axes),
            approximator_num_channels=8,
            approximator_hidden_dim=16,
            approximator_layers=1,
        ),
        text_encoder=t5(),
        tokenizer=tokenizer(),
        vae=vae(),
        scheduler=_shifting(),
    )


def flux2() -> Any:
    """Return Flux.2, which packs before it asks for noise: 4 C x H/2 x W/2."""
    return Flux2Pipeline(
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=_LAYERS_READ * WIDTH,
            timestep_guidance_channels=16,
            axes_dims_rope=[4, 4, 4, 4],
        ),
        text_encoder=Mistral3ForConditionalGeneration(mistral3_config(layers=10 * _LAYERS_READ)).eval(),
        tokenizer=byte_tokenizer(),
        vae=flux2_vae(),
        scheduler=_shifting(),
    )
