"""Files with just those tensors by which a checkpoint is told: sparse, of zeros, and never loaded."""

from __future__ import annotations

import json
import math
from pathlib import Path

Shapes = dict[str, tuple[int, ...]]

UNET = "model.diffusion_model."
_TO_KEY = f"{UNET}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
VAE: Shapes = {"first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}


def clip(prefix: str, width: int = 768, layers: int = 12) -> Shapes:
    """The tensors by which a CLIP of transformers is told."""
    norms = {f"{prefix}text_model.encoder.layers.{index}.layer_norm1.weight": (width,) for index in range(layers)}
    return {f"{prefix}text_model.embeddings.token_embedding.weight": (49408, width), **norms}


def open_clip(prefix: str, width: int, layers: int) -> Shapes:
    """The tensors by which a CLIP of OpenCLIP is told."""
    norms = {f"{prefix}transformer.resblocks.{index}.ln_1.weight": (width,) for index in range(layers)}
    return {f"{prefix}positional_embedding": (77, width), f"{prefix}token_embedding.weight": (49408, width), **norms}


def unet(width: int, *, inputs: int = 4, sizes: bool = False) -> Shapes:
    """The tensors by which a UNet is told."""
    shapes: Shapes = {f"{UNET}input_blocks.0.0.weight": (320, inputs, 3, 3), _TO_KEY: (640, width)}
    return {**shapes, **({f"{UNET}label_emb.0.0.weight": (1280, 2816)} if sizes else {})}


def t5(prefix: str = "", width: int = 4096, layers: int = 24) -> Shapes:
    """The tensors by which a T5 is told."""
    names = (f"{prefix}encoder.block.{index}.layer.0.SelfAttention.q.weight" for index in range(layers))
    return {f"{prefix}shared.weight": (32128, width), **dict.fromkeys(names, (8, width))}


FLUX: Shapes = {
    "img_in.weight": (3072, 64),
    "guidance_in.in_layer.weight": (3072, 256),
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "single_blocks.0.linear1.weight": (21504, 3072),
}
"""The tensors by which Flux.1 dev is told, and below those of its parts in files of their own."""
AE: Shapes = {"decoder.conv_in.weight": (512, 16, 3, 3), "encoder.conv_in.weight": (128, 3, 3, 3)}
CLIP_L, T5 = clip(""), t5()

CHECKPOINTS: dict[str, Shapes] = {
    "Stable Diffusion 1": {**unet(768), **clip("cond_stage_model.transformer."), **VAE},
    "Stable Diffusion 2": {**unet(1024), **open_clip("cond_stage_model.model.", 1024, 24), **VAE},
    "SDXL": {
        **unet(2048, sizes=True),
        **clip("conditioner.embedders.0.transformer."),
        **open_clip("conditioner.embedders.1.model.", 1280, 32),
        **VAE,
    },
}


def write_header(path: Path, shapes: Shapes, metadata: dict[str, str] | None = None) -> Path:
    """Write a sparse safetensors file of zeros."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name, shape in shapes.items():
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + offset)
    return path


def checkpoint(path: Path, family: str, *, more: tuple[str, ...] = (), metadata: dict[str, str] | None = None) -> Path:
    """Write a file that is told for a checkpoint of a family; `more` are the names of further tensors."""
    return write_header(path, {**CHECKPOINTS[family], **dict.fromkeys(more, (1,))}, metadata)
