"""Stable Diffusion 1, Stable Diffusion 2 with v-prediction, SDXL, and what is made of them."""

from __future__ import annotations

from typing import Any

from diffusers import (
    DDIMScheduler,
    EDMDPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPAGPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

from tests.support.engine.families.parts import WIDTH, clip, tokenizer, vae


def unet(cross: int, **more: Any) -> Any:
    """Return a UNet that attends to texts of width `cross`."""
    return UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        sample_size=16,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=cross,
        attention_head_dim=4,
        norm_num_groups=4,
        **more,
    )


def _stable_diffusion(scheduler: Any, **more: Any) -> Any:
    return StableDiffusionPipeline(
        vae=vae(),
        unet=unet(WIDTH, **more),
        text_encoder=clip(),
        tokenizer=tokenizer(),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sd1() -> Any:
    """Return Stable Diffusion 1.5, which comes with PNDM."""
    return _stable_diffusion(PNDMScheduler(beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1))


def sd2() -> Any:
    """Return Stable Diffusion 2, which comes with DDIM and predicts v."""
    return _stable_diffusion(
        DDIMScheduler(
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            prediction_type="v_prediction",
            steps_offset=1,
        ),
        use_linear_projection=True,
    )


def sdxl(second: int = WIDTH) -> Any:
    """Return SDXL: two text encoders, the second one with another width, and sizes as a condition."""
    return StableDiffusionXLPipeline(
        vae=vae(),
        unet=unet(
            WIDTH + second,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=8 * 6 + second,
        ),
        text_encoder=clip(),
        text_encoder_2=clip(projected=True, width=second),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1),
        add_watermarker=False,
    )


def sdxl_v() -> Any:
    """Return SDXL that predicts v, with betas that end at zero signal, as NoobAI-XL does."""
    pipe = sdxl()
    pipe.scheduler = EulerDiscreteScheduler(
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        steps_offset=1,
    )
    return pipe


def playground() -> Any:
    """Return Playground 2.5: SDXL with the noise levels and the scaling of EDM, and latents with a mean."""
    pipe = sdxl()
    pipe.scheduler = EDMDPMSolverMultistepScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5)
    pipe.vae.register_to_config(
        latents_mean=[-1.6574, 1.886, -1.383, 2.5155], latents_std=[8.4927, 5.9022, 6.5498, 5.2299]
    )
    return pipe


def sdxl_pag() -> Any:
    """Return SDXL with perturbed attention guidance, which renders each picture once more."""
    pipe = sdxl()
    return StableDiffusionXLPAGPipeline(**pipe.components, add_watermarker=False)


def lcm() -> Any:
    """Return a latent consistency model, which takes the guidance scale as a condition."""
    return LatentConsistencyModelPipeline(
        vae=vae(),
        unet=unet(WIDTH, time_cond_proj_dim=8),
        text_encoder=clip(),
        tokenizer=tokenizer(),
        scheduler=LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
