"""LoRA files and autoencoders for the tiny pipeline, made by peft and diffusers or written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from tests.support.engine.tiny import build_tiny

RANK = 2
LAYERS = ("to_q", "to_v")


def peft_lora(folder: Path, *, seed: int = 1, text: bool = False) -> Path:
    """Write a LoRA for the UNet of the tiny pipeline, and for its text encoder with `text`, as diffusers does."""
    pipe = build_tiny()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = {"unet_lora_layers": _layers_of(pipe.unet, LAYERS)}
        if text:
            layers["text_encoder_lora_layers"] = _layers_of(pipe.text_encoder, ("q_proj", "v_proj"))
    StableDiffusionPipeline.save_lora_weights(folder, **layers, safe_serialization=True)
    return folder / "pytorch_lora_weights.safetensors"


def kohya_lora(source: Path, target: Path) -> Path:
    """Write the same LoRA with the names that kohya-ss uses, and with the `alpha` of each layer."""
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in load_file(source).items():
        layer, _, half = name.removeprefix("unet.").removesuffix(".weight").rpartition(".lora_")
        key = f"lora_unet_{layer.replace('.', '_')}"
        renamed[f"{key}.lora_{'down' if half == 'A' else 'up'}.weight"] = tensor
        renamed[f"{key}.alpha"] = torch.tensor(float(RANK))
    save_file(renamed, target)
    return target


def merged_by_hand(folder: Path, lora: Path, weight: float) -> None:
    """Add weight * B A to the stored weights of a tiny pipeline's UNet: the definition of a LoRA, without peft."""
    (file,) = (folder / "unet").glob("*.safetensors")
    weights, halves = load_file(file), load_file(lora)
    for name in [name for name in halves if name.endswith(".lora_A.weight")]:
        layer = name.removeprefix("unet.").removesuffix(".lora_A.weight")
        up, down = halves[name.replace("lora_A", "lora_B")], halves[name]
        weights[f"{layer}.weight"] = weights[f"{layer}.weight"] + weight * up @ down
    save_file(weights, file, metadata={"format": "pt"})


def other_vae(folder: Path, **changes: Any) -> Any:
    """Save a VAE with other weights than those of the tiny pipeline, and return it."""
    vae = build_tiny().vae
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = type(vae).from_config({**vae.config, **changes})
    made.save_pretrained(folder)
    return made


def tiny_autoencoder(folder: Path, channels: int = 4) -> Path:
    """Save an AutoencoderTiny with random weights, and return its folder."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        tiny = AutoencoderTiny(
            latent_channels=channels,
            encoder_block_out_channels=(8, 8),
            decoder_block_out_channels=(8, 8),
            num_encoder_blocks=(1, 1),
            num_decoder_blocks=(1, 1),
        )
    tiny.save_pretrained(folder)
    return folder


def _layers_of(module: Any, layers: tuple[str, ...]) -> dict[str, torch.Tensor]:
    module.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(layers), init_lora_weights=False))
    found: dict[str, torch.Tensor] = get_peft_model_state_dict(module)
    return {name: tensor.contiguous() for name, tensor in found.items()}
