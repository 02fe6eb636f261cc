"""Folders as A1111, ComfyUI, InvokeAI and the hub's cache lay them out: empty files with the right names."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.configuration.read import configuration_path
from engine.models.library import Shelf, entries


def files(root: Path, *names: str) -> tuple[Path, ...]:
    """Write small files that differ, with their folders."""
    made = tuple(root / name for name in names)
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(str(path).encode())
    return made


def a1111(root: Path) -> Path:
    """Write the folders of A1111, with one file each."""
    files(
        root,
        "models/Stable-diffusion/anime/ponyMix_v6.safetensors",
        "models/Lora/ink.safetensors",
        "models/LyCORIS/moss.safetensors",
        "models/VAE/kl-f8.safetensors",
        "models/VAE-approx/taesd_decoder.safetensors",
        "models/text_encoder/clip_l.safetensors",
        "models/ControlNet/canny.safetensors",
        "embeddings/easynegative.safetensors",
        "extensions/some/weights.safetensors",
    )
    return root


def comfyui(root: Path) -> Path:
    """Write the folders of ComfyUI, with one file each."""
    files(
        root,
        "comfy/sd.py",
        "custom_nodes/some/weights.safetensors",
        "models/checkpoints/sdxl/juggernaut.safetensors",
        "models/diffusion_models/flux1-dev.safetensors",
        "models/unet/flux1-dev-Q8_0.gguf",
        "models/loras/sdxl/ink.safetensors",
        "models/vae/ae.safetensors",
        "models/vae_approx/taef1_decoder.safetensors",
        "models/text_encoders/t5xxl_fp16.safetensors",
        "models/clip/clip_g.safetensors",
        "models/clip_vision/vision.safetensors",
        "models/embeddings/badhands.pt",
        "models/controlnet/depth.safetensors",
    )
    return root


def invokeai(root: Path, *entries: dict[str, object], table: str = "models") -> Path:
    """Write the folders of InvokeAI and a database with these entries."""
    files(
        root,
        "models/sdxl/main/juggernaut/model_index.json",
        "models/sdxl/lora/ink.safetensors",
        "models/sd-1/embedding/easynegative.safetensors",
        "models/any/clip_vision/vision.safetensors",
        "databases/.keep",
    )
    with closing(sqlite3.connect(root / "databases" / "invokeai.db")) as connection:
        connection.execute(f"CREATE TABLE {table} (id TEXT, config TEXT)")
        rows = [(str(number), json.dumps(entry)) for number, entry in enumerate(entries)]
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        connection.commit()
    return root


def cached(cache: Path, hub_id: str, *names: str, revision: str = "0a1b", main: bool = True) -> Path:
    """Write a snapshot into a cache of the hub as huggingface_hub does it, and return its folder."""
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    snapshot = repository / "snapshots" / revision
    for number, name in enumerate(names):
        (blob,) = files(repository, f"blobs/{number:040x}")
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    if main:
        (repository / "refs").mkdir(parents=True, exist_ok=True)
        (repository / "refs" / "main").write_text(revision)
    return snapshot


def configure(text: str) -> None:
    """Write the configuration file."""
    configuration_path().parent.mkdir(parents=True, exist_ok=True)
    configuration_path().write_text(text)


def folders(**named: Path | str) -> None:
    """Write a configuration file that names folders."""
    lines = (f'{key} = "{folder}"' for key, folder in named.items())
    configure("\n".join(["[folders]", *lines]))


def names(shelf: Shelf) -> list[str]:
    """Return the names on a shelf, sorted."""
    return sorted(entry.name for entry in entries(shelf))
