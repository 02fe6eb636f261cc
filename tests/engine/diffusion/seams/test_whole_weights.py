"""Canary: no library makes up a weight unseen, and those that no file needs to have are not missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, T5Config, T5EncoderModel

from engine.diffusion.seams.whole_weights import MissingWeightsError, whole_weights
from tests.support.engine.canary import broken
from tests.support.engine.tiny import build_tiny

TOLD = broken("whole_weights", "the library tells which weights it made up", library="transformers")
Change = Callable[[dict[str, torch.Tensor]], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    build_tiny().save_pretrained(path)
    return path


def changed(source: Path, target: Path, change: Change) -> Path:
    """Return a copy of a component whose tensors are changed."""
    target.mkdir()
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    (file,) = target.glob("*.safetensors")
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file, metadata={"format": "pt"})
    return target


def lost(tensors: dict[str, torch.Tensor]) -> None:
    tensors.pop(sorted(tensors)[3])


def renamed(tensors: dict[str, torch.Tensor]) -> None:
    tensors["something.else"] = tensors.pop(sorted(tensors)[3])


@pytest.mark.parametrize("change", [lost, renamed])
@pytest.mark.parametrize(
    ("component", "kind"),
    [("text_encoder", CLIPTextModel), ("unet", UNet2DConditionModel), ("vae", AutoencoderKL)],
)
def test_a_weight_that_is_not_there_is_named(
    folder: Path, tmp_path: Path, component: str, kind: Any, change: Change
) -> None:
    (file,) = (folder / component).glob("*.safetensors")
    name = sorted(load_file(file))[3]
    copy = changed(folder / component, tmp_path / component, change)
    with pytest.raises(MissingWeightsError) as caught, whole_weights():
        kind.from_pretrained(copy, local_files_only=True)
    assert name.removeprefix("text_model.") in caught.value.weight, TOLD
    assert str(caught.value) == f"some weights of {component!r} are missing ({caught.value.weight}, for example)"
    kind.from_pretrained(copy, local_files_only=True)  # outside of the block, a library may do as it likes


def test_weights_that_no_file_needs_to_have_are_not_missed(folder: Path, tmp_path: Path) -> None:
    t5 = T5EncoderModel(T5Config(vocab_size=32, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2))
    t5.save_pretrained(tmp_path / "t5")
    (file,) = (tmp_path / "t5").glob("*.safetensors")
    assert "encoder.embed_tokens.weight" not in load_file(file), "it is tied to the one that is stored"
    config = CLIPTextConfig.from_pretrained(folder / "text_encoder")
    CLIPTextModelWithProjection(config).save_pretrained(tmp_path / "projection")

    def add_positions(tensors: dict[str, torch.Tensor]) -> None:
        tensors["text_model.embeddings.position_ids"] = torch.arange(config.max_position_embeddings)[None]

    older = changed(folder / "text_encoder", tmp_path / "older", add_positions)
    with whole_weights():
        T5EncoderModel.from_pretrained(tmp_path / "t5")
        CLIPTextModel.from_pretrained(tmp_path / "projection")
        CLIPTextModel.from_pretrained(older)
