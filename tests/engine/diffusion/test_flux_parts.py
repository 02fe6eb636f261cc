"""Flux.1 and Chroma as ComfyUI users hold them, of true width and one block of each kind, against their folders.

diffusers converts these files at their original width only, so these models are large; the other forms and
families are tried with tiny models in test_parts.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.diffusion.load import load_model
from engine.diffusion.render import BatchRenderer
from engine.models.resolve import resolve_model, resolve_vae
from engine.rendering.requests import LoadModel, ModelChoice
from latentpng.noise.gauss1 import gauss1
from tests.support.engine import comfy_files
from tests.support.engine.families import flux
from tests.support.engine.tiny import SETTINGS

pytestmark = pytest.mark.slow  # half a billion weights are written and loaded

NOISE = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)


WIDE: dict[str, Any] = {"heads": 24, "head_dim": 128, "axes": (16, 56, 56)}
"""The original width."""


def wide(build: Callable[..., Any]) -> Any:
    """Return a pipeline of the original width, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(**WIDE).to(torch.bfloat16)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ComfyUI tree, a diffusers folder of the same weights, and its configuration alone."""
    root = tmp_path_factory.mktemp("flux")
    pipe = wide(flux.flux)
    pipe.save_pretrained(root / "folder")
    shutil.copytree(root / "folder", root / "config", ignore=shutil.ignore_patterns("*.safetensors*"))
    layout = comfy_files.flux_file(pipe.transformer)
    own, words = comfy_files.clip_file(pipe.text_encoder), comfy_files.t5_file(pipe.text_encoder_2)
    autoencoder = comfy_files.autoencoder(pipe)
    comfy_files.write(root / "models/diffusion_models/flux1-dev.safetensors", layout)
    comfy_files.write(root / "models/diffusion_models/scaled.safetensors", comfy_files.scaled_fp8(layout))
    comfy_files.save_gguf(layout, root / "models/diffusion_models/flux1-dev-Q8_0.gguf", "flux")
    comfy_files.write(root / "models/text_encoders/clip_l.safetensors", own)
    comfy_files.write(root / "models/text_encoders/t5xxl_fp16.safetensors", words)
    comfy_files.write(root / "models/vae/ae.safetensors", autoencoder)
    whole = {
        **comfy_files.with_prefix("model.diffusion_model.", comfy_files.plain_fp8(layout)),
        **comfy_files.with_prefix("text_encoders.clip_l.transformer.", own),
        **comfy_files.with_prefix("text_encoders.t5xxl.transformer.", words),
        **comfy_files.with_prefix("vae.", autoencoder),
    }
    comfy_files.write(root / "models/checkpoints/flux1-dev-fp8.safetensors", whole)
    yield root
    shutil.rmtree(root)


def picture_of(choice: ModelChoice) -> NDArray[np.int64]:
    settings = replace(SETTINGS, num_inference_steps=2)
    loaded = load_model(LoadModel(model=choice, settings=settings, device="cpu", dtype="bfloat16"), lambda _: None)
    return BatchRenderer(loaded).render(NOISE, settings, lambda _: None).pixels.astype(np.int64)


@pytest.fixture(scope="module")
def folder_picture(models: Path) -> NDArray[np.int64]:
    return picture_of(resolve_model(str(models / "folder")))


def test_parts_of_a_tree_are_found_and_named_ones_come_first(models: Path) -> None:
    parts, model = models / "models", str(models / "models/diffusion_models/flux1-dev.safetensors")
    found = resolve_model(model, config=str(models / "config"))
    encoders = tuple(str(parts / "text_encoders" / name) for name in ("clip_l.safetensors", "t5xxl_fp16.safetensors"))
    assert found == ModelChoice(
        path=model,
        name="flux1-dev",
        config=str(models / "config"),
        text_encoders=encoders,
        vae=resolve_vae(str(parts / "vae/ae.safetensors")),
    )
    named = resolve_model(model, config=str(models / "config"), text_encoders=encoders[::-1], other_vae=True)
    assert (named.text_encoders, named.vae) == (encoders, "")


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("diffusion_models/flux1-dev.safetensors", 0.0, 0.0),
        ("checkpoints/flux1-dev-fp8.safetensors", 0.0001, 2.0),
        ("diffusion_models/scaled.safetensors", 0.0001, 1.5),
        ("diffusion_models/flux1-dev-Q8_0.gguf", 0.0001, 0.8),
    ],
    ids=["separate files", "all in one, fp8, tied T5", "scaled fp8", "GGUF"],
)
def test_each_form_draws_the_picture_of_the_folder(
    models: Path, folder_picture: NDArray[np.int64], name: str, lowest: float, highest: float
) -> None:
    """The bounds are mean differences of 255; what a reader draws that ignores the scales differs by more than 100."""
    choice = resolve_model(str(models / "models" / name), config=str(models / "config"))
    difference = np.abs(picture_of(choice) - folder_picture).mean()
    assert lowest <= difference <= highest


def test_chroma_from_separate_files_draws_the_picture_of_its_folder(tmp_path: Path) -> None:
    pipe = wide(flux.chroma)
    pipe.save_pretrained(tmp_path / "folder")
    shutil.copytree(tmp_path / "folder", tmp_path / "config", ignore=shutil.ignore_patterns("*.safetensors*"))
    model = comfy_files.write(tmp_path / "unet/chroma.safetensors", comfy_files.flux_file(pipe.transformer))
    comfy_files.write(tmp_path / "clip/t5.safetensors", comfy_files.t5_file(pipe.text_encoder))
    comfy_files.write(tmp_path / "vae/ae.safetensors", comfy_files.autoencoder(pipe))
    del pipe
    separate = picture_of(resolve_model(str(model), config=str(tmp_path / "config")))
    folder = picture_of(resolve_model(str(tmp_path / "folder")))
    shutil.rmtree(tmp_path / "folder")
    assert folder.std() > 0
    np.testing.assert_array_equal(separate, folder)
