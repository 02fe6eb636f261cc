"""Models in separate files, tiny: each family and each form against the diffusers folder of the same weights."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKLQwenImage,
)
from numpy.typing import NDArray

from engine.diffusion.load import LoadedModel, load_model
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.models.resolve import resolve_model
from engine.rendering.requests import LoadModel, ModelChoice
from latentpng.noise.gauss1 import gauss1
from tests.support.engine import comfy_files
from tests.support.engine.comfy_files import State
from tests.support.engine.families import chat_texts, pixart, qwen, sd3, unets
from tests.support.engine.families.parts import WIDTH
from tests.support.engine.single_file import as_single_file, sdxl_file
from tests.support.engine.tiny import SETTINGS, load_tiny

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


def picture_of(
    choice: ModelChoice, dtype: str = "auto", shape: tuple[int, ...] = (4, 16, 16), side: int = 32
) -> NDArray[np.int64]:
    request = LoadModel(model=choice, settings=SETTINGS, device="cpu", dtype=dtype)
    return rendered(load_model(request, lambda _: None), shape, side)


def rendered(loaded: LoadedModel, shape: tuple[int, ...] = (4, 16, 16), side: int = 32) -> NDArray[np.int64]:
    settings = replace(SETTINGS, width=side, height=side, num_inference_steps=2)
    noise = gauss1(5, 0, math.prod(shape)).reshape(1, *shape).astype(np.float16)
    return BatchRenderer(loaded).render(noise, settings, lambda _: None).pixels.astype(np.int64)


def saved(root: Path, build: Callable[[], Any]) -> Any:
    """Save a pipeline as a folder, and its configuration alone, and return it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = build()
    pipe.save_pretrained(root / "folder")
    shutil.copytree(root / "folder", root / "config", ignore=shutil.ignore_patterns("*.safetensors*"))
    return pipe


def unet_file(pipe: Any, *, prefix: bool = False) -> State:
    start = "model.diffusion_model."
    whole = {name: value for name, value in sdxl_file(pipe).items() if name.startswith(start)}
    return whole if prefix else {name.removeprefix(start): value for name, value in whole.items()}


def open_clip(pipe: Any) -> State:
    start = "conditioner.embedders.1.model."
    return {name.removeprefix(start): value for name, value in sdxl_file(pipe).items() if name.startswith(start)}


def sd3_parts(pipe: Any) -> dict[str, State]:
    return {
        "diffusion_models/model": comfy_files.sd3_transformer(pipe),
        "text_encoders/clip_l": comfy_files.clip_file(pipe.text_encoder),
        "text_encoders/clip_g": comfy_files.clip_file(pipe.text_encoder_2),
        "text_encoders/t5": comfy_files.t5_file(pipe.text_encoder_3),
    }


def z_image_parts(pipe: Any) -> dict[str, State]:
    return {
        "diffusion_models/model": comfy_files.z_image_file(pipe.transformer),
        "text_encoders/qwen": comfy_files.qwen_file(pipe.text_encoder),
    }


def klein() -> Any:
    """Return Flux.2 klein, whose Qwen3 has a layer behind the last one that is read."""
    return chat_texts.klein(layers=28, is_distilled=True)


def klein_parts(pipe: Any) -> dict[str, State]:
    return {
        "diffusion_models/model": comfy_files.flux2_file(pipe.transformer),
        "text_encoders/qwen": comfy_files.qwen_file(pipe.text_encoder),
        "vae/vae": comfy_files.flux2_autoencoder(pipe),
    }


def klein_parts_of_others(pipe: Any) -> dict[str, State]:
    return {**klein_parts(pipe), "vae/vae": dict(pipe.vae.state_dict())}


def pixart_parts(pipe: Any) -> dict[str, State]:
    return {
        "diffusion_models/model": comfy_files.pixart_file(pipe.transformer),
        "text_encoders/t5": comfy_files.t5_file(pipe.text_encoder),
        "vae/vae": dict(pipe.vae.state_dict()),
    }


def pixart_parts_of_others(pipe: Any) -> dict[str, State]:
    return {**pixart_parts(pipe), "diffusion_models/model": dict(pipe.transformer.state_dict())}


def qwen_image() -> Any:
    """Return Qwen-Image with a VAE of the true structure, which its files are translated by."""
    pipe = qwen.qwen_image()
    autoencoder = AutoencoderKLQwenImage(base_dim=4, z_dim=4, latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    pipe.register_modules(vae=autoencoder)
    return pipe


def qwen_image_parts(pipe: Any) -> dict[str, State]:
    return {
        "diffusion_models/model": dict(pipe.transformer.state_dict()),
        "text_encoders/qwen": comfy_files.qwen_vl_file(pipe.text_encoder),
        "vae/vae": comfy_files.wan_autoencoder(pipe.vae),
    }


def sd1_parts(pipe: Any) -> dict[str, State]:
    start = "model.diffusion_model."
    whole = {name: value for name, value in as_single_file(pipe).items() if name.startswith(start)}
    clip = comfy_files.clip_file(pipe.text_encoder)
    extra = {"logit_scale": torch.tensor(4.6), "text_model.embeddings.position_ids": torch.arange(77)[None]}
    return {"diffusion_models/model": whole, "text_encoders/clip_l": {**clip, **extra}}


def sdxl_parts(pipe: Any) -> dict[str, State]:
    return {
        "diffusion_models/model": unet_file(pipe),
        "text_encoders/clip_l": comfy_files.clip_file(pipe.text_encoder),
        "text_encoders/clip_g": comfy_files.clip_file(pipe.text_encoder_2),
    }


def sdxl_parts_of_others(pipe: Any) -> dict[str, State]:
    return {
        **sdxl_parts(pipe),
        "diffusion_models/model": unet_file(pipe, prefix=True),
        "text_encoders/clip_g": open_clip(pipe),
    }


def as_tree(root: Path, pipe: Any, parts: dict[str, State]) -> ModelChoice:
    """Write a ComfyUI tree, and return the model that is resolved from its diffusion model alone."""
    for name, state in parts.items():
        comfy_files.write(root / "models" / f"{name}.safetensors", state)
    if "vae/vae" not in parts:
        comfy_files.write(root / "models/vae/vae.safetensors", comfy_files.autoencoder(pipe))
    return resolve_model(str(root / "models/diffusion_models/model.safetensors"), config=str(root / "config"))


@pytest.mark.parametrize(
    ("build", "parts"),
    [
        (lambda: sd3.sd3(second=32), sd3_parts),
        (qwen.z_image, z_image_parts),
        (unets.sd1, sd1_parts),
        (lambda: unets.sdxl(second=32), sdxl_parts),
        (lambda: unets.sdxl(second=32), sdxl_parts_of_others),
    ],
    ids=["SD 3", "Z-Image", "SD 1", "SDXL", "SDXL, OpenCLIP"],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_separate_files_draw_the_picture_of_the_folder(
    tmp_path: Path, build: Callable[[], Any], parts: Callable[[Any], dict[str, State]], dtype: str
) -> None:
    pipe = saved(tmp_path, build)
    choice = as_tree(tmp_path, pipe, parts(pipe))
    folder = picture_of(resolve_model(str(tmp_path / "folder")), dtype)
    assert folder.std() > 0
    np.testing.assert_array_equal(picture_of(choice, dtype), folder)


def test_layers_of_t5_that_overflow_in_float16_stay_in_float32_as_in_the_folder(tmp_path: Path) -> None:
    pipe = saved(tmp_path, lambda: sd3.sd3(second=32))
    choice = as_tree(tmp_path, pipe, sd3_parts(pipe))
    request = LoadModel(model=choice, settings=SETTINGS, device="cpu", dtype="float16")
    loaded = load_model(request, lambda _: None)
    kinds = {str(value.dtype) for name, value in loaded.pipe.text_encoder_3.named_parameters() if ".wo." in name}
    assert kinds == {"torch.float32"}
    np.testing.assert_array_equal(rendered(loaded), picture_of(resolve_model(str(tmp_path / "folder")), "float16"))


@pytest.mark.parametrize(
    ("build", "parts", "shape", "side"),
    [
        (klein, klein_parts, (16, 8, 8), 32),
        (klein, klein_parts_of_others, (16, 8, 8), 32),
        (pixart.pixart_sigma, pixart_parts, (4, 32, 32), 256),
        (pixart.pixart_sigma, pixart_parts_of_others, (4, 32, 32), 256),
        (qwen_image, qwen_image_parts, (1, 4, 8, 8), 64),
    ],
    ids=["Flux.2 klein", "Flux.2 klein, VAE of diffusers", "PixArt", "PixArt of diffusers", "Qwen-Image"],
)
def test_separate_files_of_larger_noise_draw_the_picture_of_the_folder(
    tmp_path: Path,
    build: Callable[[], Any],
    parts: Callable[[Any], dict[str, State]],
    shape: tuple[int, ...],
    side: int,
) -> None:
    pipe = saved(tmp_path, build)
    choice = as_tree(tmp_path, pipe, parts(pipe))
    assert choice.vae == str(tmp_path / "models/vae/vae.safetensors")
    folder = picture_of(resolve_model(str(tmp_path / "folder")), shape=shape, side=side)
    assert folder.std() > 0
    np.testing.assert_array_equal(picture_of(choice, shape=shape, side=side), folder)


def test_a_clip_l_without_a_projection_projects_by_the_identity_and_a_clip_g_is_damaged(tmp_path: Path) -> None:
    def build() -> Any:
        pipe = sd3.sd3(second=32)
        with torch.no_grad():
            pipe.text_encoder.text_projection.weight.copy_(torch.eye(WIDTH))
        return pipe

    pipe = saved(tmp_path, build)
    parts = sd3_parts(pipe)
    parts["text_encoders/clip_l"].pop("text_projection.weight")
    choice = as_tree(tmp_path, pipe, parts)
    np.testing.assert_array_equal(picture_of(choice), picture_of(resolve_model(str(tmp_path / "folder"))))
    parts["text_encoders/clip_g"].pop("text_projection.weight")
    with pytest.raises(ModelError) as caught:
        picture_of(as_tree(tmp_path, pipe, parts))
    assert str(caught.value) == (
        "clip_g.safetensors is damaged: some weights of 'text_encoder_2' are missing (text_projection.weight, for "
        "example), download it again"
    )


def test_stable_diffusion_3_draws_without_t5_what_the_pipeline_draws_without_it(tmp_path: Path) -> None:
    pipe = saved(tmp_path, lambda: sd3.sd3(second=32))
    parts = sd3_parts(pipe)
    parts.pop("text_encoders/t5")
    separate = picture_of(as_tree(tmp_path, pipe, parts))
    loaded = load_tiny(resolve_model(str(tmp_path / "folder")))
    with_t5 = rendered(loaded)
    loaded.pipe.register_modules(text_encoder_3=None, tokenizer_3=None)
    loaded.prompt_cache.clear()
    np.testing.assert_array_equal(separate, rendered(loaded))
    assert (separate != with_t5).any()
