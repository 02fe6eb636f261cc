"""AuraFlow, Lumina 2, HiDream, CogView 4 and Ideogram 4."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    Ideogram4Pipeline,
    Ideogram4Transformer2DModel,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    UniPCMultistepScheduler,
)
from transformers import GlmConfig, GlmModel, LlamaConfig, LlamaForCausalLM, Qwen3VLModel, UMT5Config, UMT5EncoderModel

from tests.support.engine.families.parts import (
    T5_WIDTH,
    WIDTH,
    byte_tokenizer,
    clip,
    decoder_config,
    flux2_vae,
    gemma,
    qwen3_vl_config,
    t5,
    t5_config,
    tokenizer,
    vae,
)

HIDREAM_LATENTS = 16
"""HiDream renders every size as one of the same area, that of a square with this side; `catalogue` sets it."""

_IDEOGRAM_LAYERS, _IDEOGRAM_READ = 36, 13
"""Ideogram 4 reads this many layers of its text encoder, up to the last of all."""


def aura_flow() -> Any:
    """Return AuraFlow, whose times run from 0 to 1."""
    return AuraFlowPipeline(
        transformer=AuraFlowTransformer2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_mmdit_layers=1,
            num_single_dit_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=T5_WIDTH,
            caption_projection_dim=32,
            pos_embed_max_size=64,
        ),
        text_encoder=UMT5EncoderModel(t5_config(UMT5Config)).eval(),
        tokenizer=tokenizer(),
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
    )


def lumina2() -> Any:
    """Return Lumina 2: times from 0 to 1, and pictures 8 times as large as the latents with any autoencoder."""
    return Lumina2Pipeline(
        transformer=Lumina2Transformer2DModel(
            sample_size=16,
            in_channels=4,
            hidden_size=32,
            num_layers=1,
            num_refiner_layers=1,
            num_attention_heads=2,
            num_kv_heads=1,
            multiple_of=16,
            axes_dim_rope=(4, 6, 6),
            axes_lens=(512, 64, 64),
            cap_feat_dim=WIDTH,
        ),
        text_encoder=gemma(),
        tokenizer=byte_tokenizer(),
        vae=vae(halvings=3),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=6.0),
    )


def hidream() -> Any:
    """Return HiDream: four text encoders, and experts that share the tokens of all pictures; it comes with UniPC."""
    return HiDreamImagePipeline(
        transformer=HiDreamImageTransformer2DModel(
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            caption_channels=[T5_WIDTH, WIDTH],
            text_emb_dim=2 * WIDTH,
            num_routed_experts=4,
            num_activated_experts=2,
            axes_dims_rope=(2, 2, 4),
            max_resolution=(HIDREAM_LATENTS, HIDREAM_LATENTS),
            llama_layers=[0, 1],
        ),
        text_encoder=clip(projected=True),
        text_encoder_2=clip(projected=True),
        text_encoder_3=t5(),
        text_encoder_4=LlamaForCausalLM(decoder_config(LlamaConfig)).eval(),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        tokenizer_3=tokenizer(),
        tokenizer_4=byte_tokenizer(),
        vae=vae(),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, solver_order=2
        ),
    )


def cogview4() -> Any:
    """Return CogView 4, which sets its times twice: as timesteps and as sigmas."""
    return CogView4Pipeline(
        transformer=CogView4Transformer2DModel(
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            text_embed_dim=WIDTH,
            time_embed_dim=16,
            condition_dim=8,
            pos_embed_max_size=64,
            sample_size=16,
            rope_axes_dim=(32, 32),
        ),
        text_encoder=GlmModel(decoder_config(GlmConfig)).eval(),
        tokenizer=byte_tokenizer(),
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.25, max_shift=0.75, time_shift_type="linear"
        ),
    )


def ideogram4() -> Any:
    """Return Ideogram 4: its noise is in tokens, and a second transformer predicts without the text."""
    return Ideogram4Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=flux2_vae(),
        text_encoder=Qwen3VLModel(qwen3_vl_config(layers=_IDEOGRAM_LAYERS)).eval(),
        tokenizer=byte_tokenizer(),
        transformer=_ideogram_transformer(),
        unconditional_transformer=_ideogram_transformer(),
    )


def _ideogram_transformer() -> Any:
    return Ideogram4Transformer2DModel(
        in_channels=16,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        intermediate_size=32,
        adaln_dim=8,
        llm_features_dim=_IDEOGRAM_READ * WIDTH,
        mrope_section=(4, 2, 2),
    )
