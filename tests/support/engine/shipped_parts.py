"""Parts of the configurations that ship: what the libraries' `save_config` writes for one component."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import diffusers
from diffusers import (
    AutoencoderKL,
)
from transformers import CLIPTextConfig, Qwen3Config, T5Config

_VERSIONS = ("_diffusers_version", "transformers_version", "_name_or_path")


"""What `save_config` adds about the program that wrote a file; it says nothing about the model."""


Files = dict[str, dict[str, Any]]


def with_index(pipeline: str, files: Files, tokenizers: Mapping[str, tuple[str, str]], **entries: object) -> Files:
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


def model_config(kind: Any, **options: Any) -> dict[str, Any]:
    from accelerate import init_empty_weights

    with init_empty_weights():
        return _saved(kind(**options))


def scheduler_config(kind: Any, hints: Mapping[str, Any] = MappingProxyType({}), **options: Any) -> dict[str, Any]:
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


def clip_l(kind: str = "CLIPTextModel") -> dict[str, Any]:
    return _clip(kind, 768, 3072, 12, 12, 768, act="quick_gelu")


def clip_h() -> dict[str, Any]:
    """OpenCLIP ViT-H without its last layer, which Stable Diffusion 2 does not use."""
    return _clip("CLIPTextModel", 1024, 4096, 23, 16, 512, act="gelu")


def clip_g() -> dict[str, Any]:
    return _clip("CLIPTextModelWithProjection", 1280, 5120, 32, 20, 1280, act="gelu")


def t5() -> dict[str, Any]:
    options = {"vocab_size": 32128, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}
    config = T5Config(**options, feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0)
    return _text(config, "T5EncoderModel")


def qwen3(kind: str, hidden: int, intermediate: int, *, tied: bool) -> dict[str, Any]:
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


def vae_config(**options: Any) -> dict[str, Any]:
    return model_config(
        AutoencoderKL,
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        **options,
    )


def vae_16(scale: float, shift: float) -> dict[str, Any]:
    return vae_config(
        latent_channels=16,
        scaling_factor=scale,
        shift_factor=shift,
        sample_size=1024,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


SD_VAE = {"latent_channels": 4, "sample_size": 512}


SDXL_VAE = {"latent_channels": 4, "sample_size": 1024, "scaling_factor": 0.13025}


BETAS = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


NO_CHECKER = {"safety_checker": [None, None], "feature_extractor": [None, None], "requires_safety_checker": False}
