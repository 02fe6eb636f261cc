"""PixArt alpha and sigma, and Sana, which is derived from them: they round sizes to those they were trained on."""

from __future__ import annotations

from typing import Any

from diffusers import (
    AutoencoderDC,
    DPMSolverMultistepScheduler,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)

from tests.support.engine.families.parts import T5_WIDTH, WIDTH, byte_tokenizer, gemma, t5, tokenizer, vae

_SANA_HALVINGS = 5


def _pixart(kind: Any) -> Any:
    return kind(
        transformer=PixArtTransformer2DModel(
            sample_size=32,  # pictures of about 256 x 256
            num_layers=1,
            patch_size=4,
            attention_head_dim=8,
            num_attention_heads=2,
            caption_channels=T5_WIDTH,
            in_channels=4,
            out_channels=8,
            cross_attention_dim=16,
            use_additional_conditions=False,
        ),
        text_encoder=t5(),
        tokenizer=tokenizer(),
        vae=vae(halvings=3),
        scheduler=DPMSolverMultistepScheduler(),
    )


def pixart_alpha() -> Any:
    """Return PixArt alpha, which also predicts its variance (8 channels)."""
    return _pixart(PixArtAlphaPipeline)


def pixart_sigma() -> Any:
    """Return PixArt sigma: as alpha, with longer texts."""
    return _pixart(PixArtSigmaPipeline)


def sana() -> Any:
    """Return Sana: a flow that comes with DPM++, and latents 32 times smaller than the picture."""
    blocks = _SANA_HALVINGS + 1
    return SanaPipeline(
        transformer=SanaTransformer2DModel(
            sample_size=16,  # pictures of about 512 x 512
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=8,
            num_cross_attention_heads=2,
            cross_attention_head_dim=8,
            cross_attention_dim=16,
            caption_channels=WIDTH,
        ),
        text_encoder=gemma(),
        tokenizer=byte_tokenizer(),
        vae=AutoencoderDC(
            latent_channels=4,
            attention_head_dim=4,
            encoder_block_out_channels=(4,) * blocks,
            decoder_block_out_channels=(4,) * blocks,
            encoder_layers_per_block=(1,) * blocks,
            decoder_layers_per_block=(1,) * blocks,
            encoder_qkv_multiscales=((),) * blocks,
            decoder_qkv_multiscales=((),) * blocks,
            upsample_block_type="interpolate",
            downsample_block_type="stride_conv",
        ),
        scheduler=DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, beta_schedule="linear"
        ),
    )


def sana_sprint() -> Any:
    """Return Sana-Sprint: distilled into two steps, with the guidance scale as a condition."""
    pipe = sana()
    transformer = SanaTransformer2DModel.from_config(
        pipe.transformer.config, sample_size=32, guidance_embeds=True, qk_norm="rms_norm_across_heads"
    )
    return SanaSprintPipeline(
        tokenizer=pipe.tokenizer,
        text_encoder=pipe.text_encoder,
        vae=pipe.vae,
        transformer=transformer,
        scheduler=SCMScheduler(),
    )
