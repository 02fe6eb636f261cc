"""What --lora means, and the mistakes that people make with it, each with its sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.errors import ModelError
from engine.models.loras import resolve_lora
from engine.rendering.requests import LoraChoice

LORA: dict[str, tuple[int, ...]] = {
    "lora_unet_x.lora_down.weight": (2, 8),
    "lora_unet_x.lora_up.weight": (8, 2),
    "lora_unet_x.alpha": (),
}
FILES: dict[str, dict[str, tuple[int, ...]]] = {
    "ink": LORA,
    "loha": {f"lora_unet_x.hada_w{half}": (2, 2) for half in ("1_a", "1_b", "2_a", "2_b")},
    "lokr": {"lora_unet_x.lokr_w1": (2, 2), "lora_unet_x.lokr_w2": (4, 4)},
    "difference": {"lora_unet_x.diff": (8, 8), "lora_unet_x.diff_b": (8,)},
    "oft": {"lora_unet_x.oft_blocks": (2, 4, 4), "lora_unet_x.alpha": ()},
    "dora": {"lora_unet_x.lokr_w1": (2, 2), "lora_unet_x.lokr_w2": (4, 4), "lora_unet_x.dora_scale": (8, 1)},
    "word": {"emb_params": (2, 768)},
    "sdxl-word": {"clip_l": (2, 768), "clip_g": (2, 1280)},
    "vae": {"decoder.conv_in.weight": (64, 4, 3, 3)},
    "style": {"weight": (2,)},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, shapes in FILES.items():
        tensors = {each: np.zeros(shape, np.float32) for each, shape in shapes.items()}
        save_file(tensors, tmp_path / f"{name}.safetensors")
    (tmp_path / "style.pt").write_bytes(b"\x80\x04.")
    return tmp_path


@pytest.mark.parametrize("name", ["ink", "loha", "lokr", "difference"])
def test_what_lora_means_on_the_command_line(folder: Path, name: str) -> None:
    file = folder / f"{name}.safetensors"
    for text, weight in (("", 1.0), (":0.8", 0.8), (":-1", -1.0), (": 2 ", 2.0), (":1e-1", 0.1)):
        assert resolve_lora(f"{file}{text}") == LoraChoice(path=str(file), weight=weight)


def test_a_name_with_a_colon_is_a_name_if_there_is_such_a_file(folder: Path) -> None:
    colon = Path(shutil.copy(folder / "ink.safetensors", folder / "a:2"))
    with pytest.raises(ModelError, match=r"^a:2 is not a \.safetensors file; a LoRA is such a file$"):
        resolve_lora(str(colon))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "--lora needs a .safetensors file: '{dir}/' is a folder"),
        ("ink.safetensors:0,8", "the weight of a LoRA has a point, not a comma: write 0.8 for '0,8'"),
        ("ink.safetensors:-,5", "the weight of a LoRA has a point, not a comma: write -.5 for '-,5'"),
        (
            "ink.safetensors:abc",
            "the weight of a LoRA is a number from -100 to 100, found 'abc' after 'ink.safetensors'",
        ),
        ("ink.safetensors:", "the weight of a LoRA is a number from -100 to 100, found '' after 'ink.safetensors'"),
        ("ink.safetensors:1e9", "the weight of a LoRA is a number from -100 to 100, found '1e9'"),
        ("ink.safetensors:101", "the weight of a LoRA is a number from -100 to 100, found '101'"),
        ("ink.safetensors:nan", "the weight of a LoRA is a number from -100 to 100, found 'nan'"),
        ("style.safetensors", "style.safetensors holds no LoRA: none of its tensors is named like one"),
        (
            "word.safetensors",
            "word.safetensors is a textual inversion, not a LoRA: leave it out, and write its name in the prompt",
        ),
        (
            "sdxl-word.safetensors:0.8",
            "sdxl-word.safetensors is a textual inversion, not a LoRA: leave it out, and write its name in the prompt",
        ),
        ("vae.safetensors", "vae.safetensors is a VAE, not a LoRA"),
        (
            "oft.safetensors",
            "oft.safetensors is an adapter of the kind OFT, which is not read: LoRA, LoHa and LoKr are",
        ),
        ("dora.safetensors", "dora.safetensors is a DoRA of LyCORIS, which is not read: LoRA, LoHa and LoKr are"),
        (
            "style.pt",
            "style.pt is a pickle file, which can run code when it is opened: get the .safetensors version",
        ),
    ],
)
def test_a_mistake_is_one_sentence(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(ModelError) as caught:
        resolve_lora(f"{folder}/{text}")
    assert str(caught.value) == sentence.format(dir=folder)


@pytest.mark.parametrize("text", ["none.safetensors", "none:0.5"])
def test_a_file_that_is_not_there_is_named_without_its_weight(folder: Path, text: str) -> None:
    with pytest.raises(ModelError) as caught:
        resolve_lora(f"{folder}/{text}")
    name = f"{folder}/{text.removesuffix(':0.5')}"
    assert str(caught.value).startswith(f"--lora needs a .safetensors file: there is no file {name!r}")
