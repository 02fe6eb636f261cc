"""Text encoders, told from the names and shapes of their tensors, and what a pipeline's configuration needs.  No torch.

A file's name says nothing reliable: `t5xxl_fp8.safetensors`, `model.safetensors` and `google_t5.gguf` may hold the same
encoder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.models.json_files import read_config
from engine.models.weights import WeightFile

_KINDS_OF_MODELS: Mapping[str, str] = MappingProxyType(
    {
        "clip_text_model": "CLIP",
        "clip": "CLIP",
        "t5": "T5",
        "umt5": "UMT5",
        "qwen3": "Qwen3",
        "qwen2_5_vl": "Qwen2.5-VL",
        "llama": "Llama",
        "mistral": "Mistral",
        "gemma2": "Gemma",
        "gemma": "Gemma",
    }
)
"""By `model_type` of a config.json."""
_NAMES: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("CLIP", 768): "CLIP-L",
        ("CLIP", 1024): "OpenCLIP-H",
        ("CLIP", 1280): "CLIP-G",
        ("T5", 2048): "T5-XL",
        ("T5", 4096): "T5-XXL",
        ("UMT5", 4096): "UMT5-XXL",
        ("Qwen3", 2560): "Qwen3-4B",
        ("Qwen3", 4096): "Qwen3-8B",
        ("Qwen2.5-VL", 3584): "Qwen2.5-VL-7B",
    }
)
"""The names that people know, by kind and width."""
_USUAL_FILES: Mapping[str, str] = MappingProxyType(
    {
        "CLIP-L": "clip_l.safetensors",
        "CLIP-G": "clip_g.safetensors",
        "T5-XXL": "t5xxl_fp16.safetensors",
        "Qwen3-4B": "qwen_3_4b.safetensors",
        "Qwen3-8B": "qwen_3_8b.safetensors",
        "Qwen2.5-VL-7B": "qwen_2.5_vl_7b.safetensors",
    }
)

_LAYERS = (
    ("CLIP", re.compile(r"(?P<prefix>|.*?\.)(?:text_model\.)?encoder\.layers\.(?P<layer>\d+)\.layer_norm1\.weight")),
    ("CLIP", re.compile(r"(?P<prefix>|.*?\.)transformer\.resblocks\.(?P<layer>\d+)\.ln_1\.weight")),
    ("T5", re.compile(r"(?P<prefix>|.*?\.)encoder\.block\.(?P<layer>\d+)\.layer\.0\.SelfAttention\.q\.weight")),
    ("T5", re.compile(r"(?P<prefix>)enc\.blk\.(?P<layer>\d+)\.attn_q\.weight")),
    (
        "LM",
        re.compile(
            r"(?P<prefix>|.*?\.)(?:model\.)?(?:language_model\.)?layers\.(?P<layer>\d+)\.self_attn\.q_proj\.weight"
        ),
    ),
    ("LM", re.compile(r"(?P<prefix>)blk\.(?P<layer>\d+)\.attn_q\.weight")),
)
"""For each layout of each kind, the name of one tensor that every layer has; its last axis has the encoder's width.

The layouts are those of transformers and OpenCLIP, and those of llama.cpp (in .gguf files).
"""
_NOT_TEXT = ("vision", "visual", "image_encoder", "double_blocks", "joint_blocks", "single_blocks", "llm_adapter")
"""Parts of the names of transformers that encode no text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoder:
    """What tells one text encoder from another.

    Attributes:
        kind: Its architecture, for example "CLIP" or "T5".
        width: The width of its layers.
        layers: The number of its layers.
    """

    kind: str
    width: int
    layers: int

    @property
    def name(self) -> str:
        """The name that people know, for example "CLIP-L", or the architecture and the width."""
        return _NAMES.get((self.kind, self.width), f"{self.kind} of width {self.width}")

    @property
    def example(self) -> str:
        """The name that the file usually has, in words for a message; "" if there is none."""
        usual = _USUAL_FILES.get(self.name)
        return f" (for example {usual})" if usual else ""

    def serves(self, needed: Encoder) -> bool:
        """Return whether it can be loaded where `needed` is asked for; layers beyond those needed are left out."""
        return (self.kind, self.width) == (needed.kind, needed.width) and self.layers >= needed.layers


def encoders_in(file: WeightFile) -> dict[str, Encoder]:
    """Return the text encoders of a file, by the prefix of the names of their tensors ("" for a file of its own)."""
    layers: dict[tuple[str, str], int] = {}
    widths: dict[tuple[str, str], int] = {}
    for name, shape in file.tensors.items():
        for kind, pattern in _LAYERS:
            match = pattern.fullmatch(name)
            if match and shape and not any(word in name for word in _NOT_TEXT):
                key = match["prefix"], kind
                layers[key] = max(layers.get(key, 0), int(match["layer"]) + 1)
                widths[key] = shape[-1]
    return {
        prefix: Encoder(kind=_exact_kind(file, prefix, kind), width=widths[prefix, kind], layers=count)
        for (prefix, kind), count in layers.items()
    }


def needed_encoder(folder: Path) -> Encoder | None:
    """Return the text encoder that the configuration of a pipeline's component describes; None if it is not known.

    Args:
        folder: The component's folder, with its config.json.

    Raises:
        ModelError: The configuration cannot be read.
    """
    if not (folder / "config.json").is_file():
        return None
    config = read_config(folder / "config.json")
    kind = _KINDS_OF_MODELS.get(str(config.get("model_type", "")))
    text = config.get("text_config")
    values: Mapping[str, Any] = text if isinstance(text, Mapping) else config
    width = values.get("d_model", values.get("hidden_size"))
    layers = values.get("num_layers", values.get("num_hidden_layers"))
    if kind is None or not isinstance(width, int) or not isinstance(layers, int):
        return None
    return Encoder(kind=kind, width=width, layers=layers)


def _exact_kind(file: WeightFile, prefix: str, kind: str) -> str:
    """Tell architectures apart whose layers have the same names."""
    names = file.tensors
    if kind == "T5" and f"{prefix}encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight" in names:
        return "UMT5"
    if kind != "LM":
        return kind
    own = [name for name in names if name.startswith(prefix)]
    if any(name.endswith((".pre_feedforward_layernorm.weight", ".ffn_norm_post.weight")) for name in own):
        return "Gemma"
    if any(name.endswith((".self_attn.q_norm.weight", ".attn_q_norm.weight")) for name in own):
        return "Qwen3"
    if any(name.endswith((".self_attn.q_proj.bias", ".attn_q.bias")) for name in own):
        return "Qwen2.5-VL" if any("visual." in name for name in own) else "Qwen2"
    return "Llama"
