"""What is laid over a model: LoRA files and another VAE, from what the user typed, every mistake told in one sentence.

Also the tiny autoencoder that only draws previews.  No torch: files are looked at from outside.
"""

from __future__ import annotations

import math
from pathlib import Path

from engine.errors import ModelError
from engine.models.fingerprints import file_digest, model_fingerprint
from engine.models.weights import check_component, check_safetensors, check_weights_file, read_json, tensor_names
from engine.rendering.requests import LoraChoice, ModelChoice
from latentpng.record import Json

NONE = "none"
"""In place of a file: nothing of this kind, whatever a picture records."""
MOST_WEIGHT = 100.0
_TINY = "AutoencoderTiny"
_OTHER_ADAPTERS = ("hada_", "lokr_", "oft_", "glora")
"""Parts of names that LyCORIS gives to what is no LoRA."""


def resolve_lora(text: str) -> LoraChoice:
    """What `--lora` means: FILE, or FILE:WEIGHT.  ModelError."""
    name, weight = _split(text)
    path = Path(name).expanduser()
    if path.is_dir():
        raise ModelError(f"--lora needs a .safetensors file: {name!r} is a folder")
    if not path.is_file():
        raise ModelError(f"--lora needs a .safetensors file: there is no file {name!r}")
    check_weights_file(path, "a LoRA is such a file")
    check_safetensors(path)
    names = tensor_names(path)
    if any(part in tensor for tensor in names for part in _OTHER_ADAPTERS):
        raise ModelError(f"{path.name} is an adapter of LyCORIS, not a LoRA, which diffusers cannot load")
    if not any("lora" in tensor.casefold() for tensor in names):
        raise ModelError(f"{path.name} holds no LoRA")
    return LoraChoice(path=str(path.resolve()), weight=weight)


def resolve_vae(text: str) -> str:
    """What `--vae` means: a VAE's folder, a model's folder, or a .safetensors file; its path.  ModelError."""
    path = Path(text).expanduser()
    if path.is_dir():
        folder = path if (path / "config.json").is_file() else path / "vae"
        if not (folder / "config.json").is_file():
            raise ModelError(f"--vae needs the folder of a VAE: {text!r} has no config.json")
        check_component(folder)
        return str(folder.resolve())
    if not path.is_file():
        raise ModelError(f"--vae needs a folder or a .safetensors file: there is no {text!r}")
    check_weights_file(path, "a VAE is a folder or such a file")
    check_safetensors(path)
    return str(path.resolve())


def resolve_preview_vae(text: str) -> str:
    """What `--preview-vae` means: the folder of a tiny autoencoder; its path.  ModelError."""
    folder = Path(text).expanduser()
    if not (folder / "config.json").is_file():
        raise ModelError(f"--preview-vae needs the folder of a tiny autoencoder: {text!r} has no config.json")
    kind = read_json(folder / "config.json").get("_class_name")
    if kind != _TINY:
        raise ModelError(f"--preview-vae needs an {_TINY}, found {kind!r} in {text!r}")
    check_component(folder)
    return str(folder.resolve())


def parts_identity(choice: ModelChoice) -> dict[str, Json]:
    """What a file records of them: names, digests, weights; never a path.  OSError."""
    identity: dict[str, Json] = {}
    if choice.vae:
        identity["vae"] = {"name": vae_name(choice.vae), "fingerprint": model_fingerprint(Path(choice.vae))}
    if choice.loras:
        identity["loras"] = [
            {"name": lora.name, "sha256": file_digest(Path(lora.path)), "weight": lora.weight} for lora in choice.loras
        ]
    return identity


def vae_name(path: str) -> str:
    """A VAE's name: that of its file or folder, or of the model that it belongs to."""
    place = Path(path)
    return place.stem if place.suffix == ".safetensors" else place.parent.name if place.name == "vae" else place.name


def _split(text: str) -> tuple[str, float]:
    name, colon, number = text.rpartition(":")
    if not colon or Path(text).expanduser().exists():
        return text, 1.0
    try:
        weight = float(number)
    except ValueError:
        return text, 1.0
    if not math.isfinite(weight) or abs(weight) > MOST_WEIGHT:
        raise ModelError(f"the weight of a LoRA is a number from -100 to 100, found {number!r}")
    return name, weight
