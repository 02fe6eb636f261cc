"""Attacks on what is added to a model: LoRA files of all kinds, textual inversions, tiny autoencoders, GGUF files."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from tests.campaigns.models.gguf_files import load_gguf, make_gguf
from tests.campaigns.models.odd_values import odd_json, odd_name
from tests.campaigns.models.target import Target

_ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
_BLOCK = "down_blocks.0.resnets.0.conv1"
_ENDLESS = r"(.*)*(.*)*(.*)*(.*)*X$"
_DTYPES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1}
_PEFT = (
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "eva_config",
    "exclude_modules",
    "init_lora_weights",
    "layer_replication",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "megatron_config",
    "megatron_core",
    "modules_to_save",
    "peft_type",
    "r",
    "rank_pattern",
    "runtime_config",
    "target_modules",
    "target_parameters",
    "trainable_token_indices",
    "use_dora",
    "use_rslora",
)
_ADDED = ("lora_A.weight", "lora_mid.weight", "hada_t1", "lokr_t2", "dora_scale", "alpha", "lora_B.bias", "b_norm")
_SHAPES = ((4, 16), (16,), (0, 16), (200, 16), (500_000, 16), (1, 1, 16), (), (4, 1 << 40))
Tensors = dict[str, tuple[str, tuple[int, ...]]]
"""The kind of number and the shape of each tensor."""


def write(file: Path, tensors: Tensors, draw: Random, metadata: Any = None) -> None:
    """Write a safetensors file by hand, so that it may say what no library would write; values are small numbers."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    place = 0
    for name, (kind, shape) in tensors.items():
        size = min(math.prod(shape) * _DTYPES.get(kind, 4), 1 << 24)
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    if draw.random() < 0.05 and tensors:
        header[next(iter(tensors))]["data_offsets"] = odd_json(draw, 1)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        value = struct.pack("<f", draw.choice((*[0.01] * 8, math.nan, math.inf, 1e38)))
        stream.write((value * (place // 4 + 1))[:place])


def _lora(draw: Random, rank: int) -> Tensors:
    down, up = draw.choice((("lora_down", "lora_up"), ("lora_A", "lora_B"), ("lora.down", "lora.up")))
    layer = draw.choice((f"unet.{_ATTENTION}", f"lora_unet_{_ATTENTION.replace('.', '_')}"))
    tensors: Tensors = {f"{layer}.{down}.weight": ("F32", (rank, 16)), f"{layer}.{up}.weight": ("F32", (16, rank))}
    return tensors | ({f"{layer}.alpha": ("F32", ())} if layer.startswith("lora_") else {})


def _loha(draw: Random, rank: int) -> Tensors:
    layer = f"lora_unet_{draw.choice((_ATTENTION, _BLOCK)).replace('.', '_')}"
    halves = {f"hada_w{number}_{half}": (16, rank) if half == "a" else (rank, 16) for number in (1, 2) for half in "ab"}
    return {f"{layer}.{name}": ("F32", shape) for name, shape in halves.items()} | {f"{layer}.alpha": ("F32", ())}


def _lokr(draw: Random, rank: int) -> Tensors:
    layer = f"lora_unet_{draw.choice((_ATTENTION, _BLOCK)).replace('.', '_')}"
    parts: dict[str, tuple[int, ...]] = {"lokr_w1": (4, 4), "lokr_w2": (4, 4)}
    if draw.random() < 0.5:
        parts = {"lokr_w1": (4, 4), "lokr_w2_a": (4, rank), "lokr_w2_b": (rank, 4)}
    return {f"{layer}.{name}": ("F32", shape) for name, shape in parts.items()}


def _full(draw: Random, rank: int) -> Tensors:  # noqa: ARG001 (all targets are called alike)
    layer = f"lora_unet_{draw.choice((_ATTENTION, _BLOCK)).replace('.', '_')}"
    return {f"{layer}.diff": ("F32", (16, 16)), f"{layer}.diff_b": ("F32", (16,))}


def _changed(tensors: Tensors, draw: Random) -> tuple[Tensors, str]:
    """Return the tensors with something wrong."""
    names = list(tensors)
    name = draw.choice(names)
    kind, shape = tensors[name]
    change = draw.choice(("shape", "huge", "kind", "name", "gone", "twin", "many", "thin"))
    changed = dict(tensors)
    if change == "shape":
        changed[name] = kind, tuple(draw.choice((0, 1, 2, side, side * 2, 10_000)) for side in (*shape, 1)[:4])
    elif change == "huge":
        changed[name] = kind, tuple(draw.choice((0, 1, side, 1 << 20, 1 << 40, 1 << 62)) for side in shape or (1,))
    elif change == "kind":
        changed[name] = draw.choice([*_DTYPES, "F4", "C64", "X"]), shape
    elif change == "name":
        changed[odd_name(draw) + draw.choice((name, ".lora_A.weight", ""))] = changed.pop(name)
    elif change == "gone":
        del changed[name]
    elif change == "twin":
        changed |= {f"{name.rpartition('.')[0]}.{draw.choice(_ADDED)}": (kind, shape)}
    elif change == "many":
        count = draw.randint(1, 40_000)
        changed |= {f"lora_unet_{number}.{draw.choice(_ADDED)}": ("F32", (1, 1)) for number in range(count)}
    else:  # a few megabytes that stand for terabytes
        side = draw.randint(1, 1 << 18)
        for each, (_, old) in tensors.items():
            wide = (side, 1) if each.endswith(("_a", "up.weight", "B.weight", "w1", ".diff")) else (1, side)
            changed[each] = ("F32", wide if len(old) == 2 else old)
    return changed, change


def _metadata(draw: Random) -> tuple[Any, str]:
    """Return what a header says besides, and which entry of a configuration is wrong."""
    roll = draw.random()
    if roll < 0.2:
        return None, ""
    if roll < 0.25:
        return odd_json(draw, 2), "metadata"
    keys = draw.sample(_PEFT, draw.randint(1, 4))
    values: dict[str, Any] = {}
    for key in keys:
        values[key] = draw.choice((_ENDLESS, f"pissa_niter_{10**9}", {_ENDLESS: 4}, 4, True, odd_json(draw, 2)))
    entries = {f"{draw.choice(('unet', 'text_encoder', 'transformer'))}.{key}": value for key, value in values.items()}
    text = json.dumps(entries)
    if draw.random() < 0.1:
        text = draw.choice(("[" * 200_000, text[:-1], "null", "1", text * 2))
    return {
        "format": "pt",
        "lora_adapter_metadata": text,
        "ss_tag": odd_name(draw) if draw.random() < 0.1 else "x",
    }, "+".join(keys)


def make_lora(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write a LoRA, LoHa, LoKr or difference with something wrong."""
    maker: Callable[[Random, int], Tensors] = draw.choice((_lora, _loha, _lokr, _full))
    tensors, change = maker(draw, draw.choice((1, 4, 4, 5000))), "nothing"
    if draw.random() < 0.75:
        tensors, change = _changed(tensors, draw)
    metadata, wrong = _metadata(draw)
    write(folder / "ink.safetensors", tensors, draw, metadata)
    return f"{maker.__name__} {change} {wrong}".strip()


_MODEL: dict[str, Any] = {}
"""The pipeline that the forks get from the process that prepared it, with its choice."""


def prepare(folder: Path) -> None:
    """Load a tiny model once; every fork has a copy."""
    from engine.diffusion.load import load_model
    from engine.rendering.requests import LoadModel
    from tests.support.engine.tiny import SETTINGS, save_tiny

    if not _MODEL:
        choice = save_tiny(folder / "tiny")
        loaded = load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu"), lambda _: None)
        _MODEL["loaded"] = loaded


def load_lora(folder: Path) -> None:
    """Resolve a LoRA as the command line does, and load it as the worker does."""
    from engine.diffusion.loras import load_loras
    from engine.models.loras import resolve_lora

    loaded = _MODEL["loaded"]
    lora = resolve_lora(f"{folder / 'ink.safetensors'}:0.5")
    load_loras(loaded.pipe, replace(loaded.choice, loras=(lora,)))


def make_inversion(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write a textual inversion with something wrong."""
    names = draw.choice((("emb_params",), ("clip_l", "clip_g"), (odd_name(draw),)))
    shapes = [draw.choice(_SHAPES) for _ in names]
    kinds = [draw.choice(("F32", "F32", "F16", "I64", "BOOL")) for _ in names]
    tensors: Tensors = dict(zip(names, zip(kinds, shapes, strict=True), strict=True))
    write(folder / "style.safetensors", tensors, draw, _metadata(draw)[0])
    return f"{names[0][:20]} {shapes}"


def load_inversion(folder: Path) -> None:
    """Load a textual inversion as the worker does; one that cannot be used is named, with a sentence."""
    from engine.diffusion.embeddings import load_embeddings
    from engine.rendering.requests import EmbeddingChoice

    choice = EmbeddingChoice(path=str(folder / "style.safetensors"), word="style")
    found = load_embeddings(_MODEL["loaded"].pipe, (choice,))
    assert found.vectors or found.unusable
    assert all(bool(vector.isfinite().all()) for each in found.vectors.values() for vector in each)


def make_tiny(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (all targets are called alike)
    """Write a tiny autoencoder with something wrong."""
    width, channels = draw.choice((8, 64, 1000, 1 << 20)), draw.choice((4, 16, 1 << 16))
    prefix = draw.choice(("", "decoder.", "decoder.layers.", "taesd_decoder."))
    tensors: Tensors = {f"{prefix}1.weight": ("F32", (width, channels, 1, 1)), f"{prefix}1.bias": ("F32", (width,))}
    for index in draw.sample(range(3, 999), draw.choice((1, 3, 20, 300))):
        tensors[f"{prefix}{index}.conv.0.weight"] = ("F32", draw.choice(((8, 8, 3, 3), (1,), ())))
    tensors[f"{prefix}{draw.choice(('999', '1000', '9' * 5000))}.weight"] = ("F32", draw.choice(((3, 8, 3, 3), (3,))))
    write(folder / "taesd_decoder.safetensors", tensors, draw)
    return f"width {width}, channels {channels}, {len(tensors)} tensors"


def load_tiny(folder: Path) -> None:
    """Load a tiny autoencoder as the worker does."""
    from engine.diffusion.tiny_autoencoders import load_tiny_decoder
    from engine.models.tiny_autoencoders import resolve_tiny_file

    load_tiny_decoder(resolve_tiny_file(str(folder / "taesd_decoder.safetensors")))


TARGETS = (
    Target(name="LoRA files", make=make_lora, load=load_lora, prepare=prepare, share=6),
    Target(name="textual inversions", make=make_inversion, load=load_inversion, prepare=prepare),
    Target(name="tiny autoencoders", make=make_tiny, load=load_tiny),
    Target(name="GGUF files", make=make_gguf, load=load_gguf, share=2, mebibytes=768.0),
)
