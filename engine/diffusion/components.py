"""What is laid over a pipeline: LoRA files, another VAE, and a tiny autoencoder for its previews.

Refuses what does not belong to the model, which the libraries would leave out without a word.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderTiny

from engine.errors import ModelError
from engine.models.files import ModelFiles
from engine.rendering.requests import LoraChoice, ModelChoice


def lay_loras(pipe: Any, choice: ModelChoice) -> None:
    """Loads the LoRA files of a choice over a pipeline that has none, each with its weight.  ModelError."""
    if not choice.loras:
        return
    if not hasattr(pipe, "load_lora_weights"):
        raise ModelError(f"{choice.name!r} ({type(pipe).__name__}) takes no LoRA")
    names = [f"lora{number}" for number in range(len(choice.loras))]
    for name, lora in zip(names, choice.loras, strict=True):
        _lay(pipe, lora, name, choice.name)
    pipe.set_adapters(names, [lora.weight for lora in choice.loras])


def take_loras_off(pipe: Any) -> None:
    """The pipeline as it was without them."""
    if hasattr(pipe, "unload_lora_weights"):
        pipe.unload_lora_weights()


def other_vae(choice: ModelChoice, index: Mapping[str, Any], precision: Mapping[str, torch.dtype]) -> Any:
    """The VAE that stands in place of the model's own.  ModelError."""
    library, name = index.get("vae") or ("", "")
    kind = getattr(diffusers, str(name), None) if library == "diffusers" else None
    if kind is None:
        raise ModelError(f"{choice.name!r} has no VAE of diffusers that another could replace")
    path = Path(choice.vae)
    try:
        if path.suffix == ".safetensors":
            vae = kind.from_single_file(
                choice.vae, config=str(choice.folder), subfolder="vae", local_files_only=True, **precision
            )
        else:
            vae = kind.from_pretrained(choice.vae, local_files_only=True, use_safetensors=True, **precision)
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        raise ModelError(f"the VAE {path.name!r} cannot be loaded as {name}: {first_line(error)}") from error
    own = kind.load_config(choice.folder / "vae", local_files_only=True)
    _check_like_its_own(vae.config, own, path.name)
    if any(tensor.is_meta for tensor in vae.state_dict().values()):
        raise ModelError(f"the VAE {path.name!r} is damaged: some of its weights are missing, download it again")
    return vae


def missing_parts(choice: ModelChoice, files: ModelFiles, dtype: torch.dtype) -> dict[str, Any]:
    """What a single file lacks, from the folder of its configuration: text encoders, a VAE.  ModelError."""
    parts: dict[str, Any] = {}
    for lacking in files.components:
        library, name = lacking.library, lacking.class_name
        kind = getattr({"diffusers": diffusers, "transformers": transformers}.get(library), name, None)
        if kind is None:
            raise ModelError(f"{choice.name!r} needs a {name} of {library}, which is not known here")
        try:
            part = kind.from_pretrained(lacking.folder, local_files_only=True, use_safetensors=True)
        except Exception as error:  # a broken model fails in as many ways as there are libraries
            raise ModelError(f"{lacking.name!r} of --config cannot be loaded: {first_line(error)}") from error
        parts[lacking.name] = part.to(dtype).eval()
    return parts


def tiny_vae(path: str, pipe: Any, precision: Mapping[str, torch.dtype]) -> AutoencoderTiny:
    """The autoencoder that draws the previews of this pipeline.  ModelError."""
    name = Path(path).name
    try:
        tiny = AutoencoderTiny.from_pretrained(path, local_files_only=True, use_safetensors=True, **precision)
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        raise ModelError(f"the preview VAE {name!r} cannot be loaded: {first_line(error)}") from error
    wanted = getattr(getattr(getattr(pipe, "vae", None), "config", None), "latent_channels", None)
    found = tiny.config.latent_channels
    if wanted != found:
        raise ModelError(f"the preview VAE {name!r} is of another family: it takes {found} channels, not {wanted}")
    return tiny


def first_line(error: BaseException) -> str:
    """What an error says, short, and without the home directory of the user."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    text = f"{lines[0]} {lines[1].strip()}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return text.replace(str(Path.home()), "~")[:300]


def _lay(pipe: Any, lora: LoraChoice, name: str, model: str) -> None:
    path = Path(lora.path)
    if not path.is_file():
        raise ModelError(f"there is no file for the LoRA {lora.name!r}")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")  # several of them are meant
            pipe.load_lora_weights(
                str(path.parent),
                weight_name=path.name,
                adapter_name=name,
                local_files_only=True,
                use_safetensors=True,
            )
    except Exception as error:  # as many ways as there are formats
        raise ModelError(f"the LoRA {lora.name!r} does not fit {model!r}: {first_line(error)}") from error
    if not any(name in layers for layers in pipe.get_list_adapters().values()):
        raise ModelError(f"the LoRA {lora.name!r} changes nothing in {model!r}: it belongs to another family")


def _check_like_its_own(config: Mapping[str, Any], own: Mapping[str, Any], name: str) -> None:
    """ModelError unless it takes the latents of the model's own: as many channels, as much smaller."""
    for found, wanted, what in (
        (config.get("latent_channels"), own.get("latent_channels"), "channels"),
        (_scale(config), _scale(own), "times smaller latents"),
    ):
        if found != wanted:
            raise ModelError(f"the VAE {name!r} is of another family: {found} {what}, the model needs {wanted}")


def _scale(config: Mapping[str, Any]) -> int:
    return int(2 ** (len(config.get("block_out_channels", (0,))) - 1))
