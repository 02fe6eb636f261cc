"""Families whose text encoder is a chat model: Qwen3, Qwen-VL, Gemma, Mistral or SmolLM."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderKLHunyuanImage,
    AutoencoderKLQwenImage,
    AutoencoderKLWan,
    BriaFiboPipeline,
    BriaFiboTransformer2DModel,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    HunyuanImagePipeline,
    HunyuanImageTransformer2DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    LuminaNextDiT2DModel,
    LuminaPipeline,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
)
from diffusers.guiders import AdaptiveProjectedMixGuidance
from transformers import (
    Mistral3Model,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    Qwen3VLModel,
    SmolLM3Config,
    SmolLM3ForCausalLM,
)

from tests.support.engine.families.parts import (
    T5_WIDTH,
    WIDTH,
    byte_tokenizer,
    decoder_config,
    flux2_vae,
    gemma,
    mistral3_config,
    qwen3_vl_config,
    qwen_vl,
    t5,
    tokenizer,
    vae,
)


def klein(*, layers: int = 27, is_distilled: bool = False) -> Any:
    """Return Flux.2 klein: as Flux.2, with Qwen3; the base model has guidance by an empty prompt."""
    return Flux2KleinPipeline(
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * WIDTH,
            timestep_guidance_channels=16,
            axes_dims_rope=[4, 4, 4, 4],
            guidance_embeds=False,
        ),
        text_encoder=Qwen3ForCausalLM(decoder_config(Qwen3Config, layers=layers)).eval(),
        tokenizer=byte_tokenizer(),
        vae=flux2_vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        is_distilled=is_distilled,
    )


def krea2() -> Any:
    """Return Krea 2: layers of its text encoder are stacked for each token."""
    return Krea2Pipeline(
        transformer=Krea2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=32,
            timestep_embed_dim=16,
            text_hidden_dim=WIDTH,
            num_text_layers=2,
            text_num_attention_heads=2,
            text_num_key_value_heads=2,
            text_intermediate_size=32,
            num_layerwise_text_blocks=1,
            num_refiner_text_blocks=1,
            axes_dims_rope=(4, 6, 6),
        ),
        text_encoder=Qwen3VLModel(qwen3_vl_config()).eval(),
        tokenizer=byte_tokenizer(),
        text_encoder_select_layers=(1, 2),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 1],
            num_res_blocks=1,
            temperal_downsample=[False],
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


def ovis() -> Any:
    """Return Ovis-Image: Qwen3 without its last layers, and packed latents."""
    return OvisImagePipeline(
        transformer=OvisImageTransformer2DModel(
            patch_size=1,
            in_channels=16,
            out_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            axes_dims_rope=(4, 4, 8),
        ),
        text_encoder=Qwen3Model(decoder_config(Qwen3Config)).eval(),
        tokenizer=byte_tokenizer(),
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


def lumina_next() -> Any:
    """Return Lumina-Next, whose text encoder is Gemma and whose times run from 0 to 1."""
    return LuminaPipeline(
        transformer=LuminaNextDiT2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=4,
            hidden_size=24,
            num_layers=1,
            num_attention_heads=3,
            num_kv_heads=1,
            multiple_of=16,
            cross_attention_dim=WIDTH,
        ),
        text_encoder=gemma(),
        tokenizer=byte_tokenizer(),
        vae=vae(halvings=3),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def hunyuan_image() -> Any:
    """Return HunyuanImage 2.1: guidance is a component, and a T5 reads the words in quotes."""
    return HunyuanImagePipeline(
        transformer=HunyuanImageTransformer2DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=16,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            patch_size=(1, 1),
            text_embed_dim=WIDTH,
            text_embed_2_dim=T5_WIDTH,
            rope_axes_dim=(8, 8),
        ),
        text_encoder=qwen_vl(),
        tokenizer=byte_tokenizer(),
        text_encoder_2=t5(),
        tokenizer_2=tokenizer(),
        vae=AutoencoderKLHunyuanImage(
            in_channels=3,
            out_channels=3,
            latent_channels=4,
            block_out_channels=(32, 32),
            layers_per_block=1,
            spatial_compression_ratio=2,
            sample_size=32,
            scaling_factor=1.0,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),
        guider=AdaptiveProjectedMixGuidance(guidance_scale=3.5, adaptive_projected_guidance_start_step=2),
        ocr_guider=AdaptiveProjectedMixGuidance(guidance_scale=3.5, adaptive_projected_guidance_start_step=3),
    )


def fibo() -> Any:
    """Return Bria FIBO: each block of its transformer reads another layer of its text encoder."""
    return BriaFiboPipeline(
        transformer=BriaFiboTransformer2DModel(
            patch_size=1,
            in_channels=4,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=2 * WIDTH,
            text_encoder_dim=WIDTH,
            axes_dims_rope=[4, 4, 8],
        ),
        text_encoder=SmolLM3ForCausalLM(decoder_config(SmolLM3Config, tokens=128_001, tie_word_embeddings=True)).eval(),
        tokenizer=byte_tokenizer(),
        vae=AutoencoderKLWan(
            base_dim=8,
            decoder_base_dim=8,
            z_dim=4,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
            is_residual=True,
            in_channels=12,
            out_channels=12,
            patch_size=2,
            scale_factor_spatial=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


def ernie() -> Any:
    """Return ERNIE-Image: the autoencoder of Flux.2, and Mistral 3 without its head."""
    return ErnieImagePipeline(
        transformer=ErnieImageTransformer2DModel(
            hidden_size=32,
            num_attention_heads=2,
            num_layers=1,
            ffn_hidden_size=32,
            in_channels=16,
            out_channels=16,
            patch_size=1,
            text_in_dim=WIDTH,
            rope_axes_dim=(4, 6, 6),
        ),
        vae=flux2_vae(),
        text_encoder=Mistral3Model(mistral3_config()).eval(),
        tokenizer=byte_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )
