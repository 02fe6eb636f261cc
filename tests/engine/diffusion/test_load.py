"""Loading: single files, and models that only diffusers recognises as unusable."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.diffusion.load import load_model, serves
from engine.diffusion.placement import choose_dtype
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.models.find import model_identity
from engine.models.resolve import resolve_model
from engine.rendering.requests import LoadModel, ModelChoice
from latentpng.noise.gauss1 import gauss1
from tests.support.engine.families.flux import flux
from tests.support.engine.families.sd3 import sd3
from tests.support.engine.families.unets import sdxl
from tests.support.engine.overlays import other_vae, tiny_autoencoder
from tests.support.engine.single_file import as_single_file, sd3_file, sdxl_file
from tests.support.engine.tiny import SETTINGS, build_tiny, load_tiny, save_tiny

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


def problem_of(choice: ModelChoice, *, device: str = "cpu", dtype: str = "auto", preview_vae: str = "") -> str:
    stages: list[str] = []
    with pytest.raises(ModelError) as caught:
        load_model(
            LoadModel(model=choice, settings=SETTINGS, device=device, dtype=dtype, preview_vae=preview_vae),
            stages.append,
        )
    return str(caught.value)


def test_a_folder_with_one_variant_only_loads(tmp_path: Path) -> None:
    build_tiny().save_pretrained(tmp_path / "half", variant="fp16")
    assert list((tmp_path / "half" / "unet").glob("*.fp16.safetensors"))
    assert load_tiny(resolve_model(str(tmp_path / "half"))).dtype == "float32"


@pytest.mark.parametrize(
    ("pipeline", "sentence"),
    [
        ("NoSuchPipeline", "'tiny' is a NoSuchPipeline, which diffusers "),
        ("DDPMPipeline", "'tiny' (DDPMPipeline) draws without a text: a text-to-image model is needed"),
        (
            "TextToVideoSDPipeline",
            "'tiny' (TextToVideoSDPipeline) makes videos: a text-to-image model is needed",
        ),
        ("LTXPipeline", "'tiny' (LTXPipeline) makes videos: a text-to-image model is needed"),
        (
            "KandinskyV22Pipeline",
            "'tiny' (KandinskyV22Pipeline) is only the second of two stages, which needs the result of the first: "
            "a text-to-image model is needed",
        ),
    ],
)
def test_unusable_pipelines_are_refused_before_weights_are_read(tmp_path: Path, pipeline: str, sentence: str) -> None:
    save_tiny(tmp_path / "tiny")
    index = tmp_path / "tiny" / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "_class_name": pipeline}))
    (tmp_path / "tiny" / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert problem_of(ModelChoice(path=str(tmp_path / "tiny"), name="tiny")).startswith(sentence)


def test_a_damaged_configuration_fails_with_one_sentence(tmp_path: Path) -> None:
    choice = save_tiny(tmp_path / "tiny")
    (tmp_path / "tiny" / "vae" / "config.json").write_text('{"_class_name": "AutoencoderKL", "latent_channels": 7}')
    sentence = problem_of(choice)
    assert sentence.startswith("'tiny' cannot be loaded: ")
    assert "\n" not in sentence


def without_a_weight(folder: Path, *, renamed: bool) -> str:
    """Take a weight out of a component's file, or rename it, and return the end of its name."""
    (file,) = folder.glob("*.safetensors")
    tensors = load_file(file)
    name = sorted(tensors)[3]
    value = tensors.pop(name)
    if renamed:
        tensors["something.else"] = value
    save_file(tensors, file, metadata={"format": "pt"})
    return name.removeprefix("text_model.")


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("part", ["text_encoder", "unet", "vae"])
def test_missing_weights_are_not_replaced_by_random_ones(tmp_path: Path, part: str, renamed: bool) -> None:
    choice = save_tiny(tmp_path / "tiny")
    name = without_a_weight(tmp_path / "tiny" / part, renamed=renamed)
    sentence = problem_of(choice)
    assert sentence.startswith(f"'tiny' is damaged: some weights of {part!r} are missing (")
    assert sentence.endswith(f"{name}, for example), download it again")


@pytest.mark.parametrize("renamed", [False, True])
def test_missing_weights_beside_a_model_are_not_replaced_either(tmp_path: Path, renamed: bool) -> None:
    choice = save_tiny(tmp_path / "tiny")
    unet = as_single_file(build_tiny())
    save_file({key: value for key, value in unet.items() if "cond_stage" not in key}, tmp_path / "a.safetensors")
    single = resolve_model(str(tmp_path / "a.safetensors"), config=choice.path)
    load_tiny(single)
    tiny_autoencoder(tmp_path / "taesd")
    name = without_a_weight(tmp_path / "taesd", renamed=renamed)
    assert problem_of(choice, preview_vae=str(tmp_path / "taesd")) == (
        f"the preview VAE 'taesd' cannot be loaded: some weights of 'taesd' are missing ({name}, for example)"
    )
    other_vae(tmp_path / "other")
    name = without_a_weight(tmp_path / "other", renamed=renamed)
    assert problem_of(replace(choice, vae=str(tmp_path / "other"))) == (
        f"the VAE 'other' is damaged: some of its weights are missing ({name}, for example), download it again"
    )
    name = without_a_weight(tmp_path / "tiny" / "text_encoder", renamed=renamed)
    sentence = problem_of(single)
    assert sentence.startswith("'text_encoder' of --config cannot be loaded: some weights of 'text_encoder' are")
    assert f"{name}, for example" in sentence


def test_a_wrong_device_or_dtype_fails_with_one_sentence(tiny: ModelChoice) -> None:
    assert problem_of(tiny, device="cuda:99").startswith("the device 'cuda:99' cannot be used here: ")
    assert problem_of(tiny, dtype="int4") == "--dtype must be one of auto, float32, float16, bfloat16, found 'int4'"


def test_a_missing_model_fails_with_one_sentence() -> None:
    assert problem_of(ModelChoice(path="/gone", name="gone")) == (
        "there is no folder or file for the model 'gone': it was moved or deleted"
    )


def test_a_file_of_another_family_fails_with_one_sentence(tiny: ModelChoice, tmp_path: Path) -> None:
    save_file({"something.else": torch.zeros(2)}, tmp_path / "other.safetensors")
    choice = resolve_model(str(tmp_path / "other.safetensors"), config=tiny.path)
    assert problem_of(choice) == (
        "other.safetensors holds none of the weights of 'unet' (UNet2DConditionModel): it is of another family, or no "
        "model"
    )


def test_a_single_file_renders_what_its_folder_renders(tiny: ModelChoice, tmp_path: Path) -> None:
    file = tmp_path / "single.safetensors"
    save_file(as_single_file(build_tiny()), file)
    noise = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
    single, folder = (
        BatchRenderer(load_tiny(choice)).render(noise, SETTINGS, lambda _: None).pixels
        for choice in (resolve_model(str(file), config=tiny.path), tiny)
    )
    np.testing.assert_array_equal(single, folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "as_file"), [(lambda: sdxl(second=32), sdxl_file), (sd3, sd3_file)], ids=["SDXL", "SD 3"]
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_single_files_of_other_families_render_what_their_folders_render(
    tmp_path: Path, build: Callable[[], Any], as_file: Callable[[Any], dict[str, torch.Tensor]], dtype: str
) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = build()
    pipe.save_pretrained(tmp_path / "folder")
    file = tmp_path / "single.safetensors"
    save_file(as_file(pipe), file)
    noise = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
    choices = (resolve_model(str(file), config=str(tmp_path / "folder")), resolve_model(str(tmp_path / "folder")))
    loaded = [
        load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu", dtype=dtype), lambda _: None)
        for choice in choices
    ]
    for name, part in loaded[1].pipe.components.items():
        if isinstance(part, torch.nn.Module):
            assert loaded[0].pipe.components[name].dtype == part.dtype
    single, folder = (BatchRenderer(one).render(noise, SETTINGS, lambda _: None).pixels for one in loaded)
    np.testing.assert_array_equal(single, folder)


def test_components_beside_a_single_file_are_part_of_its_fingerprint_and_required(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = sd3()
    pipe.save_pretrained(tmp_path / "folder")
    file = tmp_path / "single.safetensors"
    save_file(sd3_file(pipe), file)
    choice = resolve_model(str(file), config=str(tmp_path / "folder"))
    before = model_identity(choice)
    text = tmp_path / "folder" / "text_encoder_3" / "model.safetensors"
    tensors = load_file(text)
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, text, metadata={"format": "pt"})
    assert model_identity(choice)["fingerprint"] != before["fingerprint"], "its T5 is another one now"
    text.unlink()
    without = model_identity(resolve_model(str(file), config=str(tmp_path / "folder")))
    assert without["fingerprint"] != before["fingerprint"], "it does without its T5"
    (tmp_path / "folder" / "text_encoder_2" / "model.safetensors").unlink()
    with pytest.raises(ModelError) as caught:
        resolve_model(str(file), config=str(tmp_path / "folder"))
    assert str(caught.value) == (
        "single.safetensors needs the text encoder CLIP of width 16, which it does not hold: "
        "give its file with --text-encoder"
    )


def test_a_single_file_is_not_quantised(tiny: ModelChoice, tmp_path: Path) -> None:
    save_file(as_single_file(build_tiny()), tmp_path / "single.safetensors")
    choice = resolve_model(str(tmp_path / "single.safetensors"), config=tiny.path)
    with pytest.raises(ModelError) as caught:
        load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu", memory="8bit"), lambda _: None)
    assert str(caught.value) == "--memory 8bit needs a diffusers folder, single.safetensors is a single file"


def test_a_flux_file_without_most_of_its_weights_fails_with_one_sentence(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = flux()
    pipe.save_pretrained(tmp_path / "folder")
    weights = pipe.transformer.state_dict()
    start = "model.diffusion_model."
    names = {
        f"{start}double_blocks.0.img_attn.norm.key_norm.scale": torch.ones(16),
        f"{start}single_blocks.0.linear1.weight": torch.zeros(7 * 32, 32),
        f"{start}single_blocks.0.linear1.bias": torch.zeros(7 * 32),
        f"{start}img_in.weight": weights["x_embedder.weight"],
        f"{start}guidance_in.in_layer.weight": torch.zeros(32, 256),
    }
    save_file(names, tmp_path / "single.safetensors")
    choice = resolve_model(str(tmp_path / "single.safetensors"), config=str(tmp_path / "folder"))
    assert problem_of(choice) == (
        "single.safetensors is damaged: some weights of 'transformer' are missing (time_in.in_layer.weight, for "
        "example), download it again"
    )


@pytest.mark.parametrize(
    ("wanted", "device", "made_with", "has_unet", "dtype"),
    [
        ("auto", "cpu", ("", ""), True, torch.float32),
        ("auto", "cpu", ("cpu", "bfloat16"), True, torch.bfloat16),
        ("auto", "cpu", ("cuda", "bfloat16"), True, torch.float32),
        ("auto", "cpu", ("cpu", "int4"), True, torch.float32),
        ("auto", "cuda", ("", ""), True, torch.float16),
        ("auto", "cuda", ("", ""), False, torch.bfloat16),
        ("auto", "cuda:1", ("cuda", "float32"), False, torch.float32),
        ("auto", "cuda", ("cpu", "float32"), True, torch.float16),
        ("auto", "mps", ("", ""), False, torch.float16),
        ("float32", "cpu", ("cpu", "bfloat16"), True, torch.float32),
        ("float16", "cuda", ("cuda", "bfloat16"), True, torch.float16),
    ],
)
def test_an_automatic_dtype_follows_the_picture_on_the_same_kind_of_device(
    wanted: str, device: str, made_with: tuple[str, str], has_unet: bool, dtype: torch.dtype
) -> None:
    assert choose_dtype(wanted, device, made_with=made_with, has_unet=has_unet) is dtype


def test_a_model_is_loaded_again_for_another_dtype(tiny: ModelChoice) -> None:
    plain = LoadModel(model=tiny, settings=SETTINGS, device="cpu")
    like, unlike = replace(plain, made_with=("cpu", "float32")), replace(plain, made_with=("cpu", "bfloat16"))
    loaded = load_model(unlike, lambda _: None)
    assert loaded.dtype == "bfloat16"
    assert serves(loaded, unlike, replace(plain, dtype="bfloat16"))
    assert not any(serves(loaded, unlike, request) for request in (plain, like))
    assert serves(load_model(plain, lambda _: None), plain, like)
    assert not serves(loaded, unlike, replace(unlike, device="cuda"))
    assert not serves(loaded, unlike, replace(unlike, model=replace(tiny, path="/elsewhere")))
