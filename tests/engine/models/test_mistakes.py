"""What people do wrong with model files, and the one sentence that says so.

A row is a name, how the mistake is made in a folder, and today's whole sentence.  Mistakes that show only when weights
are loaded are in tests/engine/diffusion/test_single_files.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.resolve import resolve_model, resolve_preview_vae, resolve_vae
from engine.models.shipped import config_folder
from tests.support.engine.folders import model_folder, tensors
from tests.support.engine.headers import CHECKPOINTS, VAE, Shapes, checkpoint, clip, unet, write_header

Mistake = Callable[[Path], object]


def model(shapes: Shapes, name: str = "x.safetensors", config: str = "") -> Mistake:
    """Name a file with these tensors as the model."""
    return lambda folder: resolve_model(str(write_header(folder / name, shapes)), config=config)


def vae(shapes: Shapes) -> Mistake:
    """Name a file with these tensors as the VAE."""
    return lambda folder: resolve_vae(str(write_header(folder / "x.safetensors", shapes)))


def as_model(write: Callable[[Path], object], config: str = "") -> Mistake:
    """Write something, and name it as the model."""

    def make(folder: Path) -> object:
        path = folder / "x.safetensors"
        write(path)
        return resolve_model(str(path), config=config)

    return make


def truncated(path: Path) -> None:
    checkpoint(path, "SDXL")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)


def named(name: str, data: bytes) -> Mistake:
    """Name a file of this name as the model."""

    def make(folder: Path) -> object:
        (folder / name).write_bytes(data)
        return resolve_model(str(folder / name))

    return make


def webui(folder: Path) -> object:
    for name in ("ponyMix.safetensors", "realMix.safetensors"):
        tensors(folder / "stable-diffusion-webui" / "models" / "Stable-diffusion" / name)
    return resolve_model(str(folder / "stable-diffusion-webui"))


def hub_cache(inside: str) -> Mistake:
    """Name a folder of the hub's cache as the model."""

    def make(folder: Path) -> object:
        model_folder(folder / "hub" / "models--org--name" / "snapshots" / "0123")
        return resolve_model(str(folder / "hub" / inside))

    return make


def wrong_config(family: str, config_family: str) -> Mistake:
    """Name a checkpoint with the configuration of another family."""

    def make(folder: Path) -> object:
        small = folder / "their-config"
        small.mkdir()
        for part in ("model_index.json", "unet/config.json", "transformer/config.json"):
            source = config_folder(config_family) / part
            if source.is_file():
                (small / part).parent.mkdir(exist_ok=True)
                (small / part).write_bytes(source.read_bytes())
        return resolve_model(str(checkpoint(folder / "mix.safetensors", family)), config=str(small))

    return make


def config_file(folder: Path) -> object:
    (folder / "unet.json").write_text("{}")
    return resolve_model(str(checkpoint(folder / "x.safetensors", "SDXL")), config=str(folder / "unet.json"))


def without_vae(folder: Path) -> object:
    shapes = {name: shape for name, shape in CHECKPOINTS["SDXL"].items() if name not in VAE}
    return resolve_model(str(write_header(folder / "x.safetensors", shapes)))


_KNOWN_LORA: Shapes = {"lora_unet_x.lora_up.weight": (1, 1), "lora_unet_x.lora_down.weight": (1, 1)}
_UPSCALER: Shapes = {"model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)}
_TAESD: Shapes = {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}
_SAME_FAMILY = "add --config FOLDER, a local diffusers folder of the same family (only its small files are read)"
_NO_MODEL = "it is no model, and cannot be used here"

ROWS: dict[str, tuple[Mistake, str]] = {
    "the folder of A1111": (
        webui,
        "'stable-diffusion-webui' is not a diffusers folder: it has no model_index.json; models/Stable-diffusion is a "
        "folder of checkpoints, so name one of its files: ponyMix.safetensors, realMix.safetensors",
    ),
    "a model in the cache of the hub": (
        hub_cache("models--org--name"),
        "'models--org--name' is not a diffusers folder: it has no model_index.json; name the folder inside its "
        "'snapshots'",
    ),
    "the cache of the hub": (
        hub_cache(""),
        "'hub' is the cache of the Hugging Face hub: name one of its models, for example org/name",
    ),
    "a component's folder": (
        lambda folder: resolve_model(str(model_folder(folder / "sdxl") / "unet")),
        "'unet' is a part of the model in the folder 'sdxl': name that folder",
    ),
    "a component's file": (
        lambda folder: resolve_model(
            str(model_folder(folder / "sdxl") / "unet" / "diffusion_pytorch_model.safetensors")
        ),
        "diffusion_pytorch_model.safetensors is a part (unet) of the model in the folder 'sdxl': name that folder",
    ),
    "one of several pieces": (
        model(CHECKPOINTS["SDXL"], "model-00001-of-00002.safetensors"),
        "model-00001-of-00002.safetensors is one of several pieces: name the diffusers folder that they belong to, or "
        "get the model as one file",
    ),
    "a pickle file": (
        named("old.ckpt", b"\x80\x04."),
        "old.ckpt is a pickle file, which can run code when it is opened: get the .safetensors version",
    ),
    "a login page": (
        named("mix.safetensors", b"<!DOCTYPE html><html>log in</html>"),
        "mix.safetensors is not a safetensors file, whatever its name says",
    ),
    "a pointer of Git LFS": (
        named("mix.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
        "mix.safetensors is only a pointer of Git LFS, not the weights: run `git lfs pull`",
    ),
    "something else": (
        named("notes.txt", b"notes"),
        "notes.txt is not a .safetensors file; a model is a diffusers folder or such a file",
    ),
    "a truncated file": (
        as_model(truncated),
        "x.safetensors is cut short or damaged (212,570,434 bytes do not match its header): download it again",
    ),
    "a GGUF file that is none": (
        named("flux.gguf", b"GGUF"),
        "flux.gguf is damaged or is not a GGUF file (it is cut short): download it again",
    ),
    "a LoRA": (
        model(_KNOWN_LORA),
        "x.safetensors is a LoRA, a change to a model: name a model with --model, and this file with --lora",
    ),
    "a ControlNet": (
        model({"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}),
        f"x.safetensors is a ControlNet, which steers a model by a picture: {_NO_MODEL}",
    ),
    "an embedding": (
        model({"emb_params": (8, 768)}),
        "x.safetensors is a textual inversion, a word for prompts: name a model with --model, and write the file's "
        "name in the prompt",
    ),
    "a text encoder": (
        model(clip("")),
        "x.safetensors is a text encoder, a part of a model: name a model with --model, and this file with "
        "--text-encoder",
    ),
    "a VAE": (
        model({name.removeprefix("first_stage_model."): shape for name, shape in VAE.items()}),
        "x.safetensors is a VAE, a part of a model: name a model with --model, and this file with --vae",
    ),
    "a tiny autoencoder": (
        model(_TAESD),
        "x.safetensors is a tiny autoencoder, which draws previews: name a model with --model, and this file with "
        "--preview-vae",
    ),
    "an upscaler": (
        model(_UPSCALER),
        f"x.safetensors is an upscaler, which enlarges finished pictures: {_NO_MODEL}",
    ),
    "an IP-Adapter": (
        model({"ip_adapter.1.to_k_ip.weight": (320, 768)}),
        f"x.safetensors is an IP-Adapter, which steers a model by a picture: {_NO_MODEL}",
    ),
    "a motion module": (
        model({"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": (320,)}),
        f"x.safetensors is a motion module, which makes a model draw videos: {_NO_MODEL}",
    ),
    "an image encoder": (
        model({"vision_model.embeddings.patch_embedding.weight": (1280, 3, 14, 14)}),
        "x.safetensors is an image encoder (CLIP vision), which reads pictures: it is no model of pictures",
    ),
    "an inpainting model": (
        model({**CHECKPOINTS["Stable Diffusion 1"], **unet(768, inputs=9)}),
        "x.safetensors is a Stable Diffusion 1 model for inpainting, which needs more than a text: a text-to-image "
        "model is needed",
    ),
    "an instruct-pix2pix model": (
        model({**CHECKPOINTS["Stable Diffusion 1"], **unet(768, inputs=8)}),
        "x.safetensors is a Stable Diffusion 1 model for instruct-pix2pix, which needs more than a text: a "
        "text-to-image model is needed",
    ),
    "the refiner of SDXL": (
        model({**unet(1280, sizes=True), "conditioner.embedders.0.model.token_embedding.weight": (49408, 1280)}),
        "x.safetensors is the refiner of SDXL, which finishes the pictures of another model: name an SDXL model",
    ),
    "a video model": (
        model({"head.modulation": (1, 2, 5120), "patch_embedding.weight": (5120, 16, 1, 2, 2)}),
        "x.safetensors is a Wan model, which makes videos: a text-to-image model is needed",
    ),
    "a family whose vocabulary has its own licence": (
        model({"layers.0.adaLN_modulation.1.weight": (1, 1), "cap_embedder.0.weight": (2304,)}),
        "x.safetensors is a Lumina 2 model, whose text encoder (Gemma) has a vocabulary under a licence of its own, so "
        f"it does not ship with warmer: {_SAME_FAMILY}",
    ),
    "a family that does not ship": (
        model({"double_layers.0.attn.w1q.weight": (1, 1)}),
        f"x.safetensors is an AuraFlow model, whose configuration does not ship with warmer: {_SAME_FAMILY}",
    ),
    "tensors that nobody knows": (
        model({"weight": (4,)}),
        f"x.safetensors holds no model that is known here; if it is one, {_SAME_FAMILY}",
    ),
    "a UNet alone": (
        model(unet(768)),
        "x.safetensors needs the text encoder CLIP-L, which it does not hold: give its file with --text-encoder (for "
        "example clip_l.safetensors)",
    ),
    "no VAE inside": (
        without_vae,
        "x.safetensors needs a VAE, which it does not hold: give its file with --vae",
    ),
    "an SDXL file with the configuration of SD 1": (
        wrong_config("SDXL", "Stable Diffusion 1"),
        "mix.safetensors is an SDXL model, but the folder of --config, 'their-config', describes a Stable Diffusion 1 "
        "model: leave --config out, or name a folder of the same family",
    ),
    "an SD 1 file with the configuration of SDXL": (
        wrong_config("Stable Diffusion 1", "SDXL"),
        "mix.safetensors is a Stable Diffusion 1 model, but the folder of --config, 'their-config', describes an SDXL "
        "model: leave --config out, or name a folder of the same family",
    ),
    "an SD 1 file with the configuration of SD 2": (
        wrong_config("Stable Diffusion 1", "Stable Diffusion 2"),
        "mix.safetensors is a Stable Diffusion 1 model, but the folder of --config, 'their-config', describes a Stable "
        "Diffusion 2 model: leave --config out, or name a folder of the same family",
    ),
    "an SDXL file with the configuration of Flux": (
        wrong_config("SDXL", "Flux.1 dev"),
        "mix.safetensors is an SDXL model, but the folder of --config, 'their-config', describes a Flux.1 dev model: "
        "leave --config out, or name a folder of the same family",
    ),
    "a file for --config": (
        config_file,
        "--config needs a diffusers folder: '{folder}/unet.json' is a file",
    ),
    "an upscaler for --vae": (vae(_UPSCALER), "--vae needs a VAE: x.safetensors is an upscaler"),
    "an SDXL file without its VAE for --vae": (
        vae({name: shape for name, shape in CHECKPOINTS["SDXL"].items() if name not in VAE}),
        "--vae needs a VAE: x.safetensors is a checkpoint that holds none",
    ),
    "a LoRA for --vae": (vae(_KNOWN_LORA), "--vae needs a VAE: x.safetensors is a LoRA"),
    "a tiny autoencoder for --vae": (
        vae(_TAESD),
        "--vae needs a VAE: x.safetensors is a tiny autoencoder for previews: name it with --preview-vae",
    ),
    "a UNet for --vae": (
        vae(unet(768)),
        "--vae needs a VAE: x.safetensors is a diffusion model without text encoders that holds none",
    ),
    "a VAE for --preview-vae": (
        lambda folder: resolve_preview_vae(str(write_header(folder / "x.safetensors", VAE))),
        "x.safetensors holds no tiny autoencoder (TAESD, TAESDXL, TAESD3 or TAEF1)",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_mistake_is_one_sentence(tmp_path: Path, name: str) -> None:
    make, sentence = ROWS[name]
    with pytest.raises(ModelError) as caught:
        make(tmp_path)
    assert str(caught.value) == sentence.format(folder=tmp_path)


def test_what_looks_like_a_mistake_and_is_none(tmp_path: Path) -> None:
    for family in CHECKPOINTS:
        choice = resolve_model(str(checkpoint(tmp_path / f"{family}.safetensors", family)))
        assert json.loads((choice.folder / "model_index.json").read_text())["_class_name"].startswith("StableDiffusion")
        index = str(config_folder(family) / "model_index.json")
        assert resolve_model(choice.path, config=index) == choice, "the index stands for its folder"
    whole = write_header(tmp_path / "whole.safetensors", CHECKPOINTS["SDXL"])
    assert resolve_vae(str(whole)) == str(whole), "the VAE of a checkpoint is one"
