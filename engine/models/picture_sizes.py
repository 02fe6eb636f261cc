"""The size of the pictures that a model was made for, from the small configuration files in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from engine.errors import ModelError
from engine.models.json_files import read_config

_DENOISERS = frozenset(
    {
        "CogView3PlusTransformer2DModel",
        "CogView4Transformer2DModel",
        "HunyuanDiT2DModel",
        "Lumina2Transformer2DModel",
        "LuminaNextDiT2DModel",
        "PixArtTransformer2DModel",
        "SD3Transformer2DModel",
        "SanaTransformer2DModel",
        "Transformer2DModel",
        "UNet2DConditionModel",
    }
)
"""Classes whose `sample_size` counts the latents of the usual picture; in AuraFlow it means something else."""
_AUTOENCODERS = ("vae", "movq", "vqvae")
_LIKELY_FACTOR = 8
_LEAST, _MOST = 64, 2048


def usual_size(folder: Path, index: Mapping[str, Any]) -> tuple[int, int]:
    """Return the width and height of the pictures that a model was made for, in pixels.

    Args:
        folder: Its diffusers folder.
        index: The object in its `model_index.json`.

    Returns:
        (0, 0) if the folder does not tell; sizes above 2048 are halved.
    """
    if _is_side(pixels := index.get("default_sample_size")) and pixels >= _LEAST:
        return pixels, pixels
    config = _config(folder / "unet") or _config(folder / "transformer")
    side = config.get("sample_size")
    height, width = (side, side) if _is_side(side) else side if _is_pair(side) else (0, 0)
    if config.get("_class_name") not in _DENOISERS or not height or not width:
        return 0, 0
    factor = _factor(folder, index)
    width, height = width * factor, height * factor
    while max(width, height) > _MOST:
        width, height = width // 2, height // 2
    return (width, height) if min(width, height) >= _LEAST else (0, 0)


def _factor(folder: Path, index: Mapping[str, Any]) -> int:
    """Return by how much a picture is larger than its latents; 1 for models that denoise pixels."""
    parts = [part for part in _AUTOENCODERS if isinstance(index.get(part), list) and all(index[part])]
    if not parts:
        return 1
    config = _config(folder / parts[0])
    for name in ("spatial_compression_ratio", "scale_factor_spatial"):
        if _is_side(config.get(name)):
            return int(config[name])
    if isinstance(halvings := config.get("temperal_downsample"), list):
        return int(2 ** len(halvings))
    blocks = config.get("block_out_channels", config.get("encoder_block_out_channels"))
    return int(2 ** (len(blocks) - 1)) if isinstance(blocks, list) and blocks else _LIKELY_FACTOR


def _config(folder: Path) -> Mapping[str, Any]:
    try:
        return read_config(folder / "config.json") if (folder / "config.json").is_file() else {}
    except ModelError:
        return {}  # it is reported when the model is looked at


def _is_side(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_pair(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_side, value))
