"""Makes engine/models/configs/*.json: what `save_config` of the libraries writes for public hyper-parameters.

`python -m tests.support.engine.shipped_configs` writes the files anew.  Pictures record a fingerprint over these bytes,
so a file that was published never changes; a family is added by a new file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diffusers import (
    AutoencoderKLFlux2,
    ChromaTransformer2DModel,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    PixArtTransformer2DModel,
    PNDMScheduler,
    SD3Transformer2DModel,
    UNet2DConditionModel,
    ZImageTransformer2DModel,
)

import engine
from tests.support.engine.shipped_parts import (
    BETAS,
    NO_CHECKER,
    SD_VAE,
    SDXL_VAE,
    Files,
    clip_g,
    clip_h,
    clip_l,
    model_config,
    qwen3,
    scheduler_config,
    t5,
    vae_16,
    vae_config,
    with_index,
)

FOLDER = Path(engine.__file__).parent / "models" / "configs"


def made(family: str) -> str:
    """Return the text of a family's file."""
    return json.dumps(_FAMILIES[family](), indent=1, sort_keys=True) + "\n"


def families() -> tuple[str, ...]:
    """Return the names of all families."""
    return tuple(_FAMILIES)


def _sd1() -> Files:
    files = {
        "unet/config.json": model_config(
            UNet2DConditionModel, sample_size=64, cross_attention_dim=768, attention_head_dim=8
        ),
        "vae/config.json": vae_config(**SD_VAE),
        "text_encoder/config.json": clip_l(),
        "scheduler/scheduler_config.json": scheduler_config(
            PNDMScheduler, {"clip_sample": False}, **BETAS, skip_prk_steps=True, set_alpha_to_one=False
        ),
    }
    return with_index("StableDiffusionPipeline", files, {"tokenizer": ("clip", "CLIPTokenizer")}, **NO_CHECKER)


def _sd2() -> Files:
    files = {
        "unet/config.json": model_config(
            UNet2DConditionModel,
            sample_size=96,
            cross_attention_dim=1024,
            attention_head_dim=(5, 10, 20, 20),
            use_linear_projection=True,
            upcast_attention=True,  # Stable Diffusion 2.1 overflows in float16 without it
        ),
        "vae/config.json": vae_config(**{**SD_VAE, "sample_size": 768}),
        "text_encoder/config.json": clip_h(),
        "scheduler/scheduler_config.json": scheduler_config(
            DDIMScheduler,
            {"skip_prk_steps": True},
            **BETAS,
            clip_sample=False,
            set_alpha_to_one=False,
            prediction_type="v_prediction",
        ),
    }
    tokenizers = {"tokenizer": ("clip-zero", "CLIPTokenizer")}
    return with_index("StableDiffusionPipeline", files, tokenizers, **NO_CHECKER)


def _sdxl() -> Files:
    files = {
        "unet/config.json": model_config(
            UNet2DConditionModel,
            sample_size=128,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            block_out_channels=(320, 640, 1280),
            layers_per_block=2,
            cross_attention_dim=2048,
            attention_head_dim=(5, 10, 20),
            transformer_layers_per_block=(1, 2, 10),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        ),
        "vae/config.json": vae_config(**SDXL_VAE),
        "text_encoder/config.json": clip_l(),
        "text_encoder_2/config.json": clip_g(),
        "scheduler/scheduler_config.json": scheduler_config(
            EulerDiscreteScheduler,
            {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True},
            **BETAS,
            interpolation_type="linear",
            prediction_type="epsilon",
            timestep_spacing="leading",
        ),
    }
    tokenizers = {"tokenizer": ("clip", "CLIPTokenizer"), "tokenizer_2": ("clip-zero", "CLIPTokenizer")}
    return with_index(
        "StableDiffusionXLPipeline", files, tokenizers, force_zeros_for_empty_prompt=True, add_watermarker=False
    )


_DYNAMIC = {
    "num_train_timesteps": 1000,
    "shift": 3.0,
    "use_dynamic_shifting": True,
    "base_shift": 0.5,
    "max_shift": 1.15,
    "base_image_seq_len": 256,
    "max_image_seq_len": 4096,
}


def _flow(**options: Any) -> dict[str, Any]:
    return scheduler_config(FlowMatchEulerDiscreteScheduler, **{"num_train_timesteps": 1000, **options})


def _flux1(*, guidance: bool) -> Files:
    files = {
        "transformer/config.json": model_config(
            FluxTransformer2DModel,
            patch_size=1,
            in_channels=64,
            num_layers=19,
            num_single_layers=38,
            attention_head_dim=128,
            num_attention_heads=24,
            joint_attention_dim=4096,
            pooled_projection_dim=768,
            guidance_embeds=guidance,
            axes_dims_rope=(16, 56, 56),
        ),
        "vae/config.json": vae_16(0.3611, 0.1159),
        "text_encoder/config.json": clip_l(),
        "text_encoder_2/config.json": t5(),
        "scheduler/scheduler_config.json": _flow(
            **(_DYNAMIC if guidance else {**_DYNAMIC, "shift": 1.0, "use_dynamic_shifting": False})
        ),
    }
    return with_index(
        "FluxPipeline", files, {"tokenizer": ("clip", "CLIPTokenizer"), "tokenizer_2": ("t5", "T5TokenizerFast")}
    )


def _chroma() -> Files:
    files = {
        "transformer/config.json": model_config(
            ChromaTransformer2DModel,
            patch_size=1,
            in_channels=64,
            num_layers=19,
            num_single_layers=38,
            attention_head_dim=128,
            num_attention_heads=24,
            joint_attention_dim=4096,
            axes_dims_rope=(16, 56, 56),
            approximator_num_channels=64,
            approximator_hidden_dim=5120,
            approximator_layers=5,
        ),
        "vae/config.json": vae_16(0.3611, 0.1159),
        "text_encoder/config.json": t5(),
        "scheduler/scheduler_config.json": _flow(**_DYNAMIC),
    }
    return with_index("ChromaPipeline", files, {"tokenizer": ("t5", "T5TokenizerFast")})


def _sd3(**options: Any) -> Files:
    files = {
        "transformer/config.json": model_config(
            SD3Transformer2DModel,
            sample_size=128,
            patch_size=2,
            in_channels=16,
            out_channels=16,
            attention_head_dim=64,
            joint_attention_dim=4096,
            pooled_projection_dim=2048,
            **options,
        ),
        "vae/config.json": vae_16(1.5305, 0.0609),
        "text_encoder/config.json": clip_l("CLIPTextModelWithProjection"),
        "text_encoder_2/config.json": clip_g(),
        "text_encoder_3/config.json": t5(),
        "scheduler/scheduler_config.json": _flow(shift=3.0),
    }
    tokenizers = {
        "tokenizer": ("clip", "CLIPTokenizer"),
        "tokenizer_2": ("clip-zero", "CLIPTokenizer"),
        "tokenizer_3": ("t5", "T5TokenizerFast"),
    }
    return with_index("StableDiffusion3Pipeline", files, tokenizers)


def _sd3_medium() -> Files:
    return _sd3(num_layers=24, num_attention_heads=24, caption_projection_dim=1536, pos_embed_max_size=192)


def _sd35_medium() -> Files:
    return _sd3(
        num_layers=24,
        num_attention_heads=24,
        caption_projection_dim=1536,
        pos_embed_max_size=384,
        qk_norm="rms_norm",
        dual_attention_layers=tuple(range(13)),
    )


def _sd35_large() -> Files:
    return _sd3(
        num_layers=38, num_attention_heads=38, caption_projection_dim=2432, pos_embed_max_size=192, qk_norm="rms_norm"
    )


def _pixart(pipeline: str, *, sizes: bool, vae: Mapping[str, Any]) -> Files:
    files = {
        "transformer/config.json": model_config(
            PixArtTransformer2DModel,
            sample_size=128,
            patch_size=2,
            in_channels=4,
            out_channels=8,
            num_layers=28,
            num_attention_heads=16,
            attention_head_dim=72,
            cross_attention_dim=1152,
            caption_channels=4096,
            interpolation_scale=2,
            use_additional_conditions=sizes,
        ),
        "vae/config.json": vae_config(**vae),
        "text_encoder/config.json": t5(),
        "scheduler/scheduler_config.json": scheduler_config(
            DPMSolverMultistepScheduler,
            num_train_timesteps=1000,
            beta_start=0.0001,
            beta_end=0.02,
            beta_schedule="linear",
            solver_order=2,
            prediction_type="epsilon",
        ),
    }
    return with_index(pipeline, files, {"tokenizer": ("t5", "T5TokenizerFast")})


def _z_image() -> Files:
    files = {
        "transformer/config.json": model_config(
            ZImageTransformer2DModel,
            in_channels=16,
            dim=3840,
            n_layers=30,
            n_refiner_layers=2,
            n_heads=30,
            n_kv_heads=30,
            norm_eps=1e-5,
            qk_norm=True,
            cap_feat_dim=2560,
            rope_theta=256.0,
            t_scale=1000.0,
            axes_dims=[32, 48, 48],
            axes_lens=[1536, 512, 512],
        ),
        "vae/config.json": vae_16(0.3611, 0.1159),
        "text_encoder/config.json": qwen3("Qwen3Model", 2560, 9728, tied=True),
        "scheduler/scheduler_config.json": _flow(shift=3.0, use_dynamic_shifting=False),
    }
    return with_index("ZImagePipeline", files, {"tokenizer": ("qwen3", "Qwen2Tokenizer")})


def _klein(layers: tuple[int, int], heads: int, hidden: int, intermediate: int, *, tied: bool) -> Files:
    files = {
        "transformer/config.json": model_config(
            Flux2Transformer2DModel,
            patch_size=1,
            in_channels=128,
            num_layers=layers[0],
            num_single_layers=layers[1],
            attention_head_dim=128,
            num_attention_heads=heads,
            joint_attention_dim=3 * hidden,
            timestep_guidance_channels=256,
            mlp_ratio=3.0,
            axes_dims_rope=(32, 32, 32, 32),
            rope_theta=2000,
            guidance_embeds=False,
        ),
        "vae/config.json": model_config(AutoencoderKLFlux2),
        "text_encoder/config.json": qwen3("Qwen3ForCausalLM", hidden, intermediate, tied=tied),
        "scheduler/scheduler_config.json": _flow(**_DYNAMIC),
    }
    return with_index("Flux2KleinPipeline", files, {"tokenizer": ("qwen3", "Qwen2TokenizerFast")}, is_distilled=True)


_FAMILIES: Mapping[str, Callable[[], Files]] = {
    "sd1": _sd1,
    "sd2": _sd2,
    "sdxl": _sdxl,
    "flux1-dev": lambda: _flux1(guidance=True),
    "flux1-schnell": lambda: _flux1(guidance=False),
    "chroma": _chroma,
    "sd3-medium": _sd3_medium,
    "sd35-medium": _sd35_medium,
    "sd35-large": _sd35_large,
    "pixart-alpha": lambda: _pixart("PixArtAlphaPipeline", sizes=True, vae=SD_VAE),
    "pixart-sigma": lambda: _pixart("PixArtSigmaPipeline", sizes=False, vae=SDXL_VAE),
    "z-image": _z_image,
    "flux2-klein-4b": lambda: _klein((5, 20), 24, 2560, 9728, tied=True),
    "flux2-klein-9b": lambda: _klein((8, 24), 32, 4096, 12288, tied=False),
}


if __name__ == "__main__":
    for name in _FAMILIES:
        (FOLDER / f"{name}.json").write_text(made(name), "utf-8")
