"""Makes engine/models/configs/*.json: what `save_config` of the libraries writes for public hyper-parameters.

`python -m tests.support.engine.shipped_configs` writes the files anew.  Pictures record a fingerprint over these bytes,
so a file that was published never changes; a family is added by a new file.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import diffusers
from diffusers import (
    AutoencoderKL,
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
from transformers import CLIPTextConfig, Qwen3Config, T5Config

import engine

FOLDER = Path(engine.__file__).parent / "models" / "configs"
_VERSIONS = ("_diffusers_version", "transformers_version", "_name_or_path")
"""What `save_config` adds about the program that wrote a file; it says nothing about the model."""

Files = dict[str, dict[str, Any]]


def made(family: str) -> str:
    """Return the text of a family's file."""
    return json.dumps(_FAMILIES[family](), indent=1, sort_keys=True) + "\n"


def families() -> tuple[str, ...]:
    """Return the names of all families."""
    return tuple(_FAMILIES)


def _index(pipeline: str, files: Files, tokenizers: Mapping[str, tuple[str, str]], **entries: object) -> Files:
    """Complete the files of the components by a model_index.json, and by the tokenizers as [vocabulary, class]."""
    index: dict[str, Any] = {"_class_name": pipeline, **entries}
    for name, config in files.items():
        part = name.partition("/")[0]
        kind = config.get("_class_name") or config.get("architectures", [""])[0]
        index[part] = ["diffusers" if hasattr(diffusers, kind) else "transformers", kind]
    tokens: dict[str, Any] = {}
    for part, (vocabulary, class_name) in tokenizers.items():
        index[part] = ["transformers", class_name]
        tokens[part] = vocabulary
    return {"model_index.json": index, "tokenizers": tokens, **files}


def _saved(value: Any) -> dict[str, Any]:
    """Return what a model's, a scheduler's or a text encoder's own `save_config` writes."""
    with tempfile.TemporaryDirectory() as folder:
        (value.save_config if hasattr(value, "save_config") else value.save_pretrained)(folder)
        (file,) = Path(folder).iterdir()
        saved: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return {name: entry for name, entry in saved.items() if name not in _VERSIONS}


def _model(kind: Any, **options: Any) -> dict[str, Any]:
    from accelerate import init_empty_weights

    with init_empty_weights():
        return _saved(kind(**options))


def _scheduler(kind: Any, hints: Mapping[str, Any] = MappingProxyType({}), **options: Any) -> dict[str, Any]:
    """Return only what is given: what a model does not spell out, another scheduler class sets as it likes.

    Args:
        kind: The class.
        hints: Options that only other classes have; diffusers keeps them for a scheduler that takes its place.
        **options: Options of this class.
    """
    scheduler = kind(**options)
    given = {name: entry for name, entry in _saved(scheduler).items() if name == "_class_name" or name in options}
    return {**hints, **given}


def _text(config: Any, kind: str) -> dict[str, Any]:
    config.architectures = [kind]
    return _saved(config)


_CLIP = {"vocab_size": 49408, "max_position_embeddings": 77, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}
_SIZES = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "projection_dim")


def _clip(kind: str, *sizes: int, act: str) -> dict[str, Any]:
    return _text(CLIPTextConfig(**_CLIP, **dict(zip(_SIZES, sizes, strict=True)), hidden_act=act), kind)


def _clip_l(kind: str = "CLIPTextModel") -> dict[str, Any]:
    return _clip(kind, 768, 3072, 12, 12, 768, act="quick_gelu")


def _clip_h() -> dict[str, Any]:
    """OpenCLIP ViT-H without its last layer, which Stable Diffusion 2 does not use."""
    return _clip("CLIPTextModel", 1024, 4096, 23, 16, 512, act="gelu")


def _clip_g() -> dict[str, Any]:
    return _clip("CLIPTextModelWithProjection", 1280, 5120, 32, 20, 1280, act="gelu")


def _t5() -> dict[str, Any]:
    options = {"vocab_size": 32128, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}
    config = T5Config(**options, feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0)
    return _text(config, "T5EncoderModel")


def _qwen3(kind: str, hidden: int, intermediate: int, *, tied: bool) -> dict[str, Any]:
    config = Qwen3Config(
        vocab_size=151936,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40960,
        rms_norm_eps=1e-6,
        rope_theta=1_000_000.0,
        tie_word_embeddings=tied,
        bos_token_id=151643,
        eos_token_id=151645,
    )
    return _text(config, kind)


def _vae(**options: Any) -> dict[str, Any]:
    return _model(
        AutoencoderKL,
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        **options,
    )


def _vae_16(scale: float, shift: float) -> dict[str, Any]:
    return _vae(
        latent_channels=16,
        scaling_factor=scale,
        shift_factor=shift,
        sample_size=1024,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


_SD_VAE = {"latent_channels": 4, "sample_size": 512}
_SDXL_VAE = {"latent_channels": 4, "sample_size": 1024, "scaling_factor": 0.13025}
_BETAS = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
_NO_CHECKER = {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}


def _sd1() -> Files:
    files = {
        "unet/config.json": _model(UNet2DConditionModel, sample_size=64, cross_attention_dim=768, attention_head_dim=8),
        "vae/config.json": _vae(**_SD_VAE),
        "text_encoder/config.json": _clip_l(),
        "scheduler/scheduler_config.json": _scheduler(
            PNDMScheduler, {"clip_sample": False}, **_BETAS, skip_prk_steps=True, set_alpha_to_one=False
        ),
    }
    return _index("StableDiffusionPipeline", files, {"tokenizer": ("clip", "CLIPTokenizer")}, **_NO_CHECKER)


def _sd2() -> Files:
    files = {
        "unet/config.json": _model(
            UNet2DConditionModel,
            sample_size=96,
            cross_attention_dim=1024,
            attention_head_dim=(5, 10, 20, 20),
            use_linear_projection=True,
            upcast_attention=True,  # Stable Diffusion 2.1 overflows in float16 without it
        ),
        "vae/config.json": _vae(**{**_SD_VAE, "sample_size": 768}),
        "text_encoder/config.json": _clip_h(),
        "scheduler/scheduler_config.json": _scheduler(
            DDIMScheduler,
            {"skip_prk_steps": True},
            **_BETAS,
            clip_sample=False,
            set_alpha_to_one=False,
            prediction_type="v_prediction",
        ),
    }
    tokenizers = {"tokenizer": ("clip-zero", "CLIPTokenizer")}
    return _index("StableDiffusionPipeline", files, tokenizers, **_NO_CHECKER)


def _sdxl() -> Files:
    files = {
        "unet/config.json": _model(
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
        "vae/config.json": _vae(**_SDXL_VAE),
        "text_encoder/config.json": _clip_l(),
        "text_encoder_2/config.json": _clip_g(),
        "scheduler/scheduler_config.json": _scheduler(
            EulerDiscreteScheduler,
            {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True},
            **_BETAS,
            interpolation_type="linear",
            prediction_type="epsilon",
            timestep_spacing="leading",
        ),
    }
    tokenizers = {"tokenizer": ("clip", "CLIPTokenizer"), "tokenizer_2": ("clip-zero", "CLIPTokenizer")}
    return _index(
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
    return _scheduler(FlowMatchEulerDiscreteScheduler, **{"num_train_timesteps": 1000, **options})


def _flux1(*, guidance: bool) -> Files:
    files = {
        "transformer/config.json": _model(
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
        "vae/config.json": _vae_16(0.3611, 0.1159),
        "text_encoder/config.json": _clip_l(),
        "text_encoder_2/config.json": _t5(),
        "scheduler/scheduler_config.json": _flow(
            **(_DYNAMIC if guidance else {**_DYNAMIC, "shift": 1.0, "use_dynamic_shifting": False})
        ),
    }
    return _index(
        "FluxPipeline", files, {"tokenizer": ("clip", "CLIPTokenizer"), "tokenizer_2": ("t5", "T5TokenizerFast")}
    )


def _chroma() -> Files:
    files = {
        "transformer/config.json": _model(
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
        "vae/config.json": _vae_16(0.3611, 0.1159),
        "text_encoder/config.json": _t5(),
        "scheduler/scheduler_config.json": _flow(**_DYNAMIC),
    }
    return _index("ChromaPipeline", files, {"tokenizer": ("t5", "T5TokenizerFast")})


def _sd3(**options: Any) -> Files:
    files = {
        "transformer/config.json": _model(
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
        "vae/config.json": _vae_16(1.5305, 0.0609),
        "text_encoder/config.json": _clip_l("CLIPTextModelWithProjection"),
        "text_encoder_2/config.json": _clip_g(),
        "text_encoder_3/config.json": _t5(),
        "scheduler/scheduler_config.json": _flow(shift=3.0),
    }
    tokenizers = {
        "tokenizer": ("clip", "CLIPTokenizer"),
        "tokenizer_2": ("clip-zero", "CLIPTokenizer"),
        "tokenizer_3": ("t5", "T5TokenizerFast"),
    }
    return _index("StableDiffusion3Pipeline", files, tokenizers)


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
        "transformer/config.json": _model(
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
        "vae/config.json": _vae(**vae),
        "text_encoder/config.json": _t5(),
        "scheduler/scheduler_config.json": _scheduler(
            DPMSolverMultistepScheduler,
            num_train_timesteps=1000,
            beta_start=0.0001,
            beta_end=0.02,
            beta_schedule="linear",
            solver_order=2,
            prediction_type="epsilon",
        ),
    }
    return _index(pipeline, files, {"tokenizer": ("t5", "T5TokenizerFast")})


def _z_image() -> Files:
    files = {
        "transformer/config.json": _model(
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
        "vae/config.json": _vae_16(0.3611, 0.1159),
        "text_encoder/config.json": _qwen3("Qwen3Model", 2560, 9728, tied=True),
        "scheduler/scheduler_config.json": _flow(shift=3.0, use_dynamic_shifting=False),
    }
    return _index("ZImagePipeline", files, {"tokenizer": ("qwen3", "Qwen2Tokenizer")})


def _klein(layers: tuple[int, int], heads: int, hidden: int, intermediate: int, *, tied: bool) -> Files:
    files = {
        "transformer/config.json": _model(
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
        "vae/config.json": _model(AutoencoderKLFlux2),
        "text_encoder/config.json": _qwen3("Qwen3ForCausalLM", hidden, intermediate, tied=tied),
        "scheduler/scheduler_config.json": _flow(**_DYNAMIC),
    }
    return _index("Flux2KleinPipeline", files, {"tokenizer": ("qwen3", "Qwen2TokenizerFast")}, is_distilled=True)


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
    "pixart-alpha": lambda: _pixart("PixArtAlphaPipeline", sizes=True, vae=_SD_VAE),
    "pixart-sigma": lambda: _pixart("PixArtSigmaPipeline", sizes=False, vae=_SDXL_VAE),
    "z-image": _z_image,
    "flux2-klein-4b": lambda: _klein((5, 20), 24, 2560, 9728, tied=True),
    "flux2-klein-9b": lambda: _klein((8, 24), 32, 4096, 12288, tied=False),
}

if __name__ == "__main__":
    for name in _FAMILIES:
        (FOLDER / f"{name}.json").write_text(made(name), "utf-8")
