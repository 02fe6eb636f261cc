"""Files and folders that look like models: valid headers and a few bytes, no weights that anything could run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def empty_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty home directory in a folder, and let nothing in the environment lead to a different one."""
    home = folder / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(home if name == "HOME" else home / name.lower()))
    return home


def tensors(path: Path, names: tuple[str, ...] = ("weight",), byte: bytes = b"\1") -> Path:
    """Write a valid safetensors file with one small tensor for each name."""
    entries = {
        name: {"dtype": "U8", "shape": [4], "data_offsets": [4 * index, 4 * index + 4]}
        for index, name in enumerate(names)
    }
    header = json.dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header + byte * 4 * len(names))
    return path


def model_folder(model: Path, byte: bytes = b"\1") -> Path:
    """Write a folder that looks like a diffusers model; `byte` fills its weights."""
    tensors(model / "unet" / "diffusion_pytorch_model.safetensors", byte=byte)
    (model / "unet" / "config.json").write_text("{}")
    (model / "scheduler").mkdir()
    (model / "scheduler" / "scheduler_config.json").write_text("{}")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
    }
    (model / "model_index.json").write_text(json.dumps(index))
    return model


def change_index(folder: Path, **entries: object) -> None:
    """Change entries of a model_index.json."""
    file = folder / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **entries}))
