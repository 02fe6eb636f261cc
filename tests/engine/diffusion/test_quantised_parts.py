"""Quantised files, tiny: scaled fp8 in both forms, and GGUF, for denoisers and text encoders; and their arithmetic."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5EncoderModel

from engine.diffusion import gguf, parts, text_encoders
from engine.diffusion.load import load_model
from engine.diffusion.render import BatchRenderer
from engine.diffusion.state_dicts import read_part, scaled
from engine.diffusion.text_encoders import as_transformers
from engine.errors import ModelError
from engine.models.parts import Part
from engine.models.resolve import resolve_model
from engine.models.weights import read_weights
from engine.rendering.requests import LoadModel, ModelChoice
from latentpng.noise.gauss1 import gauss1
from tests.support.engine import comfy_files
from tests.support.engine.comfy_files import State
from tests.support.engine.families import qwen, sd3
from tests.support.engine.tiny import SETTINGS

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it

NOISE = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
Change = Callable[[State], State]


def picture_of(choice: ModelChoice) -> NDArray[np.int64]:
    loaded = load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu"), lambda _: None)
    return BatchRenderer(loaded).render(NOISE, SETTINGS, lambda _: None).pixels.astype(np.int64)


class Model:
    """The folder of a tiny pipeline, its configuration, and its parts as states."""

    def __init__(self, root: Path, pipe: Any, parts: dict[str, State]) -> None:
        self.root, self.parts = root, {**parts, "vae/vae": comfy_files.autoencoder(pipe)}
        pipe.save_pretrained(root / "folder")
        shutil.copytree(root / "folder", root / "config", ignore=shutil.ignore_patterns("*.safetensors*"))
        self.picture = picture_of(resolve_model(str(root / "folder")))

    def tree(self, name: str, change: Change, *changed: str) -> ModelChoice:
        """Write a tree in which the parts whose names begin like `changed` are changed."""
        for part, state in self.parts.items():
            is_changed = part.startswith(changed)
            comfy_files.write(self.root / name / f"{part}.safetensors", state, change if is_changed else dict)
        return self.resolved(name)

    def resolved(self, name: str, suffix: str = ".safetensors") -> ModelChoice:
        return resolve_model(str(self.root / name / f"unet/model{suffix}"), config=str(self.root / "config"))

    def difference(self, choice: ModelChoice) -> float:
        return float(np.abs(picture_of(choice) - self.picture).mean())


@pytest.fixture(scope="module")
def z_image(tmp_path_factory: pytest.TempPathFactory) -> Model:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = qwen.z_image()
    parts = {
        "unet/model": comfy_files.z_image_file(pipe.transformer),
        "clip/qwen": comfy_files.qwen_file(pipe.text_encoder),
    }
    return Model(tmp_path_factory.mktemp("z_image"), pipe, parts)


@pytest.fixture(scope="module")
def stable_diffusion(tmp_path_factory: pytest.TempPathFactory) -> Model:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = sd3.sd3(second=32)
    parts = {
        "unet/model": comfy_files.sd3_transformer(pipe),
        "clip/clip_l": comfy_files.clip_file(pipe.text_encoder),
        "clip/clip_g": comfy_files.clip_file(pipe.text_encoder_2),
        "clip/t5": comfy_files.t5_file(pipe.text_encoder_3),
    }
    return Model(tmp_path_factory.mktemp("sd3"), pipe, parts)


@pytest.mark.parametrize("newer", [False, True], ids=["scale_weight", "comfy_quant"])
def test_scaled_fp8_is_near_the_folder_and_without_its_scales_far_from_it(z_image: Model, newer: bool) -> None:
    def change(state: State) -> State:
        return comfy_files.scaled_fp8(state, newer=newer)

    def ignoring(state: State) -> State:
        return comfy_files.without_scales(change(state))

    near = z_image.difference(z_image.tree(f"scaled{newer}", change, "unet", "clip"))
    far = z_image.difference(z_image.tree(f"ignored{newer}", ignoring, "unet"))
    assert 0 < near < 2.0
    assert far > 20 * near
    assert z_image.difference(z_image.tree("same", dict, "unet")) == 0


def test_scaled_fp8_in_one_file_with_prefixes(z_image: Model) -> None:
    unet, words = "model.diffusion_model.", "text_encoders.qwen3_4b.transformer."
    whole = {
        **comfy_files.scaled_fp8(comfy_files.with_prefix(unet, z_image.parts["unet/model"]), unet),
        **comfy_files.scaled_fp8(comfy_files.with_prefix(words, z_image.parts["clip/qwen"]), words),
        **comfy_files.with_prefix("vae.", z_image.parts["vae/vae"]),
    }
    file = comfy_files.write(z_image.root / "one" / "z.safetensors", whole)
    near = z_image.difference(resolve_model(str(file), config=str(z_image.root / "config")))
    assert 0 < near < 2.0


def test_t5_in_scaled_or_plain_fp8_is_near_the_folder(stable_diffusion: Model) -> None:
    for name, change in (("scaled", comfy_files.scaled_fp8), ("plain", comfy_files.plain_fp8)):
        difference = stable_diffusion.difference(stable_diffusion.tree(name, change, "clip/t5"))
        assert 0 <= difference < 1.0


@pytest.mark.parametrize(("kind", "highest"), [("F32", 0.0), ("Q8_0", 1.0)])
def test_gguf_files_of_the_denoiser_and_of_a_language_model(z_image: Model, kind: str, highest: float) -> None:
    name = f"gguf{kind}"
    z_image.tree(name, dict)
    for part, architecture in (("unet/model", "lumina2"), ("clip/qwen", "qwen3")):
        file = z_image.root / name / f"{part}.safetensors"
        state = z_image.parts[part] if part.startswith("unet") else comfy_files.as_llama_cpp(z_image.parts[part])
        comfy_files.save_gguf(state, file.with_suffix(".gguf"), architecture, kind=kind)
        file.unlink()
    choice = z_image.resolved(name, ".gguf")
    assert [Path(file).name for file in choice.text_encoders] == ["qwen.gguf"]
    assert z_image.difference(choice) <= highest


@pytest.mark.parametrize(("kind", "highest"), [("F32", 0.0), ("Q8_0", 1.0)])
def test_a_gguf_file_of_t5(stable_diffusion: Model, kind: str, highest: float) -> None:
    name = f"gguf{kind}"
    stable_diffusion.tree(name, dict)
    file = stable_diffusion.root / name / "clip" / "t5.safetensors"
    state = comfy_files.as_llama_cpp(stable_diffusion.parts["clip/t5"])
    comfy_files.save_gguf(state, file.with_suffix(".gguf"), "t5encoder", kind=kind)
    file.unlink()
    assert stable_diffusion.difference(stable_diffusion.resolved(name)) <= highest


def test_the_names_of_llama_cpp_are_translated_for_the_gated_t5_of_true_models() -> None:
    config = T5Config(
        vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=2, num_heads=2, feed_forward_proj="gated-gelu"
    )
    state = comfy_files.t5_file(T5EncoderModel(config))
    assert any(name.endswith("wi_1.weight") for name in state)
    translated = as_transformers(comfy_files.as_llama_cpp(state), "T5EncoderModel")
    assert {name: id(value) for name, value in translated.items()} == {name: id(value) for name, value in state.items()}


def test_a_type_that_the_package_gguf_cannot_expand_is_named(tmp_path: Path) -> None:
    name = b"a"
    entry = struct.pack("<Q", len(name)) + name + struct.pack("<IQIQ", 1, 128, 41, 0)
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + entry
    file = tmp_path / "model.gguf"
    file.write_bytes(data + bytes(-len(data) % 32 + 18))
    with pytest.raises(ModelError) as caught:
        gguf.read_gguf(file, torch.bfloat16)
    assert str(caught.value) == (
        "model.gguf holds weights of the type Q1_0, which the package gguf cannot expand: get the file in another "
        "quantisation"
    )


def test_without_the_package_gguf_the_sentence_names_it(z_image: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    z_image.tree("nothing", dict)
    (z_image.root / "nothing" / "unet" / "model.safetensors").unlink()
    state = z_image.parts["unet/model"]
    comfy_files.save_gguf(state, z_image.root / "nothing" / "unet" / "model.gguf", "lumina2")
    monkeypatch.setattr(gguf, "find_spec", lambda _: None)
    with pytest.raises(ModelError) as caught:
        picture_of(z_image.resolved("nothing", ".gguf"))
    assert str(caught.value) == ("model.gguf is a GGUF file, which needs the package gguf: pip install 'warmer[gguf]'")


@pytest.mark.parametrize("place", [parts, text_encoders], ids=["denoiser", "text encoder"])
@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")],
    ids=["Python", "torch"],
)
def test_too_little_memory_for_a_part_is_said_of_the_model(
    z_image: Model, monkeypatch: pytest.MonkeyPatch, place: ModuleType, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    choice = z_image.tree("whole", dict)
    monkeypatch.setattr(place, "read_part", fails)
    with pytest.raises(ModelError) as caught:
        picture_of(choice)
    assert str(caught.value) == (
        "there is not enough memory to load 'model': end other programs, or choose a smaller model"
    )


@pytest.mark.parametrize(
    ("part", "component", "lost"),
    [
        ("clip/t5", "text_encoder_3", "encoder.block.0.layer.0.SelfAttention.k.weight"),
        ("clip/clip_l", "text_encoder", "text_model.encoder.layers.1.mlp.fc1.bias"),
        ("unet/model", "transformer", "joint_blocks.0.x_block.mlp.fc1.bias"),
        ("unet/model", "transformer", "context_embedder.bias"),
        ("vae/vae", "vae", "decoder.conv_out.bias"),
    ],
)
def test_a_missing_tensor_is_one_sentence(stable_diffusion: Model, part: str, component: str, lost: str) -> None:
    def without(state: State) -> State:
        assert lost in state
        return {name: value for name, value in state.items() if name != lost}

    with pytest.raises(ModelError) as caught:
        picture_of(stable_diffusion.tree(f"lost{lost}", without, part))
    sentence, name = str(caught.value), part.rpartition("/")[2]
    assert sentence.endswith(", download it again")
    assert "\n" not in sentence
    assert sentence.startswith(f"{name}.safetensors is damaged: some weights of {component!r} are missing")


def part_of(folder: Path, state: State, **metadata: str) -> Part:
    folder.mkdir(exist_ok=True)
    save_file(state, folder / "model.safetensors", metadata=metadata or None)
    return Part(component="transformer", file=read_weights(folder / "model.safetensors"))


def test_what_is_stored_in_an_unknown_format_is_refused_by_its_own_words(tmp_path: Path) -> None:
    form = torch.tensor(list(json.dumps({"format": "mxfp8"}).encode()), dtype=torch.uint8)
    weight = torch.zeros(2, 2, dtype=torch.uint8)
    sentence = (
        "model.safetensors stores its weights as 'mxfp8', which cannot be read here: get the bf16, fp16, fp8 or GGUF "
        "version of this file"
    )
    for part in (
        part_of(tmp_path / "tensor", {"a.weight": weight, "a.comfy_quant": form}),
        part_of(
            tmp_path / "header",
            {"a.weight": weight},
            _quantization_metadata=json.dumps({"layers": {"a": {"format": "mxfp8"}}}),
        ),
    ):
        with pytest.raises(ModelError) as caught:
            read_part(part, torch.float32)
        assert str(caught.value) == sentence


def test_tensors_that_are_no_weights_are_left_out(tmp_path: Path) -> None:
    state = comfy_files.scaled_fp8({"a.weight": torch.ones(2, 2), "a.bias": torch.ones(2)})
    read = read_part(part_of(tmp_path, {**state, "spiece_model": torch.zeros(9, dtype=torch.uint8)}), torch.bfloat16)
    assert {name: value.dtype for name, value in read.items()} == {"a.weight": torch.bfloat16, "a.bias": torch.float32}
    assert torch.equal(read["a.weight"], torch.ones(2, 2, dtype=torch.bfloat16))
    assert set(load_file(tmp_path / "model.safetensors")) > set(read)


@pytest.mark.parametrize(
    ("rows", "columns", "shape", "index"),
    [
        (4, 6, (), lambda _row, _column: ()),
        (4, 6, (1,), lambda _row, _column: (0,)),
        (4, 6, (4,), lambda row, _column: (row,)),
        (4, 6, (4, 1), lambda row, _column: (row, 0)),
        (4, 6, (4, 3, 1), lambda row, column: (row, column // 2, 0)),
        (256, 384, (2, 3), lambda row, column: (row // 128, column // 128)),
        (200, 300, (2, 3), lambda row, column: (row // 128, column // 128)),
    ],
    ids=["one", "one in a list", "rows", "rows in a column", "blocks of rows", "squares", "squares that are cut off"],
)
def test_each_weight_is_multiplied_by_its_own_scale(
    rows: int, columns: int, shape: tuple[int, ...], index: Callable[[int, int], tuple[int, ...]]
) -> None:
    generator = torch.Generator().manual_seed(1)
    value = torch.randn(rows, columns, generator=generator).to(torch.float8_e4m3fn)
    scale = torch.rand(shape, generator=generator) + 0.5
    real = scaled(value, scale)
    for row, column in ((0, 0), (1, 2), (rows - 1, columns - 1), (rows // 2, columns // 2)):
        assert real[row, column] == value.float()[row, column] * scale[index(row, column)]
    assert real.shape == value.shape


def test_a_scale_of_another_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^a scale of shape \(3,\) does not fit a weight of shape \(4, 6\)$"):
        scaled(torch.zeros(4, 6), torch.zeros(3))
