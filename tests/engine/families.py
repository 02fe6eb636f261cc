"""Tiny random pipelines of other families: two text encoders, a flow transformer, packed latents.

They share the embedded model's tokenizer; where a family wants T5, a tiny T5 reads the same tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
)

from tests.engine.tiny import TOKENIZER


def _tokenizer() -> Any:
    return CLIPTokenizer.from_pretrained(TOKENIZER)


def _clip(projection: int) -> Any:
    tokenizer = _tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=projection,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _t5() -> Any:
    config = T5Config(vocab_size=len(_tokenizer()), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
    return T5EncoderModel(config).eval()


def _vae(channels: int) -> Any:
    return AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=32,
        shift_factor=0.1,
        scaling_factor=1.0,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _sdxl() -> Any:
    return StableDiffusionXLPipeline(
        vae=_vae(4),
        unet=UNet2DConditionModel(
            block_out_channels=(8, 16),
            layers_per_block=1,
            sample_size=16,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=32,
            attention_head_dim=4,
            norm_num_groups=4,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=8 * 6 + 16,
        ),
        text_encoder=CLIPTextModel(_clip(16)).eval(),
        text_encoder_2=CLIPTextModelWithProjection(_clip(16)).eval(),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1),
        add_watermarker=False,
    )


def _sd3() -> Any:
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=4,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=32,
            caption_projection_dim=32,
            pooled_projection_dim=32,
            out_channels=4,
        ),
        text_encoder=CLIPTextModelWithProjection(_clip(16)).eval(),
        text_encoder_2=CLIPTextModelWithProjection(_clip(16)).eval(),
        text_encoder_3=_t5(),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        tokenizer_3=_tokenizer(),
        vae=_vae(4),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def _flux() -> Any:
    return FluxPipeline(
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=16,
            axes_dims_rope=[4, 4, 8],
        ),
        text_encoder=CLIPTextModel(_clip(16)).eval(),
        text_encoder_2=_t5(),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        vae=_vae(4),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


_BUILDERS: Mapping[str, Callable[[], Any]] = {"sdxl": _sdxl, "sd3": _sd3, "flux": _flux}
FAMILIES = tuple(_BUILDERS)


def build_family(name: str) -> Any:
    """The pipeline; always the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return _BUILDERS[name]()
