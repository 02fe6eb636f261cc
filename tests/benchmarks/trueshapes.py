"""Pipelines with the true shapes of well-known models and random weights, which take the same time as trained ones.

The configurations are those that the models' authors published.  Weights are made on the device in their dtype, so they
take no main memory.  The tokenizers have a small vocabulary and pad to the true length.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PNDMScheduler,
    StableDiffusionPipeline,
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

from tests.support.engine.tiny import TOKENIZER

_CLIP_L, _CLIP_G, _T5_XXL = 768, 1280, 4096
_BETAS: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "steps_offset": 1,
}


def sd15(device: str, dtype: torch.dtype) -> Any:
    """Build Stable Diffusion 1.5: a UNet of 860 million parameters, CLIP-L."""
    with _made_on(device, dtype):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=_CLIP_L, attention_head_dim=8)
        text_encoder, vae = _clip_l(), _vae(channels=4, scaling_factor=0.18215)
    return StableDiffusionPipeline(
        unet=unet,
        text_encoder=text_encoder,
        vae=vae,
        tokenizer=_tokenizer(),
        scheduler=PNDMScheduler(**_BETAS, skip_prk_steps=True),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl(device: str, dtype: torch.dtype) -> Any:
    """Build SDXL: a UNet of 2.6 billion parameters, CLIP-L and CLIP-G, a VAE that needs float32."""
    with _made_on(device, dtype):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10),
            attention_head_dim=(5, 10, 20),
            cross_attention_dim=_CLIP_L + _CLIP_G,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=6 * 256 + _CLIP_G,
        )
        text_encoder, text_encoder_2 = _clip_l(), _clip_g()
        vae = _vae(channels=4, scaling_factor=0.13025, force_upcast=True)
    return StableDiffusionXLPipeline(
        unet=unet,
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        vae=vae,
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=EulerDiscreteScheduler(**_BETAS, timestep_spacing="leading"),
        add_watermarker=False,
    )


def flux(device: str, dtype: torch.dtype) -> Any:
    """Build Flux.1 dev: a transformer of 12 billion parameters, CLIP-L, the encoder of T5-XXL."""
    with _made_on(device, dtype):
        transformer = FluxTransformer2DModel(
            guidance_embeds=True
        )  # the other defaults of the class are those of Flux.1
        text_encoder, text_encoder_2 = _clip_l(), _t5_xxl()
        vae = _vae(
            channels=16, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False
        )
    return FluxPipeline(
        transformer=transformer,
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        vae=vae,
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, max_image_seq_len=4096
        ),
    )


@contextlib.contextmanager
def _made_on(device: str, dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def _tokenizer() -> Any:
    return CLIPTokenizer.from_pretrained(TOKENIZER, model_max_length=77)


def _clip_l() -> Any:
    config = _clip(hidden_size=_CLIP_L, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
    return CLIPTextModel(config).eval()


def _clip_g() -> Any:
    config = _clip(
        hidden_size=_CLIP_G,
        intermediate_size=5120,
        num_hidden_layers=32,
        num_attention_heads=20,
        projection_dim=_CLIP_G,
        hidden_act="gelu",
    )
    return CLIPTextModelWithProjection(config).eval()


def _clip(**shape: Any) -> Any:
    tokenizer = _tokenizer()
    return CLIPTextConfig(
        vocab_size=49408,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **shape,
    )


def _t5_xxl() -> Any:
    config = T5Config(
        vocab_size=32128,
        d_model=_T5_XXL,
        d_kv=64,
        d_ff=10240,
        num_layers=24,
        num_heads=64,
        feed_forward_proj="gated-gelu",
    )
    return T5EncoderModel(config).eval()


def _vae(*, channels: int, **more: Any) -> Any:
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=channels,
        sample_size=1024,
        **more,
    )
