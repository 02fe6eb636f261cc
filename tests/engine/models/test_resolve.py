"""What a user can name as a model, and the message for every mistake."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.configuration.read import configuration_path
from engine.errors import ModelError
from engine.models.find import model_identity
from engine.models.library import shown
from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.requests import ModelChoice
from tests.support.engine.folders import change_index, tensors

EMBEDDED = Path(resolve_model("").path)


def refusal(model: Path | str, config: str = "") -> str:
    """Return the message with which a model is refused."""
    with pytest.raises(ModelError) as caught:
        resolve_model(str(model), config=config)
    return str(caught.value)


def only_pickle(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))


def truncated(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])


def cut_in_the_header(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:20])


def garbage(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes((6).to_bytes(8, "little") + b"[1, 2]")


def pointer(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")


def missing_shard(folder: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))


def only_index(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()


BROKEN: tuple[tuple[Callable[[Path], object], str], ...] = (
    (
        only_pickle,
        "the weights in 'unet' are pickle files, which can run code when they are opened: "
        "get the .safetensors version of this model",
    ),
    (
        truncated,
        "diffusion_pytorch_model.safetensors is cut short or damaged (76 bytes do not match its header): "
        "download it again",
    ),
    (
        cut_in_the_header,
        "diffusion_pytorch_model.safetensors is cut short or is not a safetensors file: download it again",
    ),
    (garbage, "diffusion_pytorch_model.safetensors is not a safetensors file, whatever its name says"),
    (
        pointer,
        "diffusion_pytorch_model.safetensors is only a pointer of Git LFS, not the weights: run `git lfs pull`",
    ),
    (
        missing_shard,
        "the download is not complete: unet/model-00001-of-00002.safetensors is missing; download it again",
    ),
    (only_index, "the download is not complete: 'unet' has no weights (.safetensors); download it again"),
    (
        lambda folder: shutil.rmtree(folder / "unet"),
        "the download is not complete: the folder 'unet' is missing; download it again",
    ),
    (
        lambda folder: (folder / "unet" / "config.json").unlink(),
        "the download is not complete: unet/config.json is missing; download it again",
    ),
    (
        lambda folder: (folder / "scheduler" / "scheduler_config.json").unlink(),
        "the download is not complete: scheduler/scheduler_config.json is missing; download it again",
    ),
    (
        lambda folder: (folder / "model_index.json").unlink(),
        "'landscapes' is not a diffusers folder: it has no model_index.json",
    ),
    (
        lambda folder: (folder / "model_index.json").write_text("{"),
        "model_index.json cannot be read as JSON: download it again",
    ),
    (
        lambda folder: (folder / "model_index.json").write_text("[]"),
        "model_index.json is not a JSON object: download it again",
    ),
    (lambda folder: change_index(folder, _class_name=""), "model_index.json of 'landscapes' names no pipeline"),
    (
        lambda folder: change_index(folder, _class_name=["pipeline", "MyPipeline"]),
        "'landscapes' brings code of its own (pipeline), which is never run",
    ),
    (
        lambda folder: change_index(folder, vae=["my_code.py", "Vae"]),
        "'landscapes' brings code of its own (my_code.py), which is never run",
    ),
    (
        lambda folder: change_index(folder, _class_name="StableDiffusionInpaintPipeline"),
        "'landscapes' (StableDiffusionInpaintPipeline) needs an image as well as a text: "
        "a text-to-image model is needed",
    ),
    (
        lambda folder: change_index(folder, _class_name="StableDiffusionXLImg2ImgPipeline"),
        "'landscapes' (StableDiffusionXLImg2ImgPipeline) needs an image as well as a text: "
        "a text-to-image model is needed",
    ),
    (
        lambda folder: change_index(folder, _class_name="KandinskyV22CombinedPipeline"),
        "'landscapes' (KandinskyV22CombinedPipeline) works in two stages, which warmer cannot do: "
        "a text-to-image model is needed",
    ),
)


@pytest.mark.parametrize(("harm", "sentence"), BROKEN, ids=[sentence[:40] for _, sentence in BROKEN])
def test_a_broken_folder_is_refused_in_one_sentence(
    folder: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    assert resolve_model(str(folder)).name == "landscapes"
    harm(folder)
    assert refusal(folder) == sentence


def test_a_path_that_is_no_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert refusal("/no/such/model") == "there is no folder or file '/no/such/model'"
    assert refusal("org/model") == (
        "there is no folder or file 'org/model', and no folder of models is known here: name yours in "
        f"{shown(configuration_path())}; add --download to fetch it from the Hugging Face hub, "
        "if it is the name of a model there"
    )
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty") == "'empty' is not a diffusers folder: it has no model_index.json"


def test_a_hub_name_is_a_model_only_with_download() -> None:
    assert resolve_model("org/model", download=True) == ModelChoice(path="org/model", name="org/model", download=True)


@pytest.mark.parametrize("suffix", [".ckpt", ".bin", ".pt", ".pth"])
def test_pickle_files_are_refused(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"model{suffix}"
    file.write_bytes(b"\x80\x04.")
    assert refusal(file) == (
        f"model{suffix} is a pickle file, which can run code when it is opened: get the .safetensors version"
    )


def test_a_file_of_an_unknown_kind_needs_a_config(tmp_path: Path, folder: Path) -> None:
    file = tensors(tmp_path / "model.safetensors")
    assert refusal(file) == (
        "model.safetensors holds no model that is known here; if it is one, add --config FOLDER, a local diffusers "
        "folder of the same family (only its small files are read)"
    )
    assert refusal(file, config="/nowhere") == ("--config needs a diffusers folder: '/nowhere' has no model_index.json")
    choice = resolve_model(str(file), config=str(folder))
    assert choice == ModelChoice(path=str(file), name="model", config=str(folder))
    assert choice.is_single_file
    assert defaults_of(choice).width == 512
    assert model_identity(choice)["pipeline"] == "StableDiffusionPipeline"


def test_other_single_files_are_refused(tmp_path: Path, folder: Path) -> None:
    lora = tensors(tmp_path / "style.safetensors", ("unet.lora_up.weight", "unet.lora_down.weight", "unet.alpha"))
    assert refusal(lora, config=str(folder)) == (
        "style.safetensors is a LoRA, a change to a model: name a model with --model, and this file with --lora"
    )
    text = tmp_path / "model.gguf"
    text.write_text("GGUF")
    assert refusal(text) == "model.gguf is damaged or is not a GGUF file (it is cut short): download it again"
    other = tmp_path / "model.onnx"
    other.write_text("ONNX")
    assert refusal(other) == "model.onnx is not a .safetensors file; a model is a diffusers folder or such a file"
    assert refusal(folder / "model_index.json") == (
        "model_index.json is a file in a model's folder: name the folder instead"
    )


def test_a_folder_with_a_single_file_is_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    tensors(tmp_path / "loose" / "model.safetensors")
    assert refusal(tmp_path / "loose") == (
        "'loose' is not a diffusers folder: it has no model_index.json; if you mean model.safetensors, "
        "name the file itself"
    )


def test_a_folder_of_checkpoints_is_refused_with_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "webui" / "models" / "Stable-diffusion"
    for name in "gfedcba":
        tensors(folder / f"{name}.safetensors")
    names = "a.safetensors, b.safetensors, c.safetensors, d.safetensors, e.safetensors and 2 more"
    assert refusal(folder) == f"'Stable-diffusion' is a folder of checkpoints, so name one of its files: {names}"
    assert refusal(tmp_path / "webui") == (
        "'webui' is not a diffusers folder: it has no model_index.json; "
        f"models/Stable-diffusion is a folder of checkpoints, so name one of its files: {names}"
    )


def test_the_cache_of_the_hub_is_refused_with_the_name_of_a_model(tmp_path: Path) -> None:
    (tmp_path / "hub" / "models--org--name" / "snapshots").mkdir(parents=True)
    assert refusal(tmp_path / "hub") == (
        "'hub' is the cache of the Hugging Face hub: name one of its models, for example org/name"
    )


def test_a_folder_without_safetensors_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "cache" / "snapshots").mkdir(parents=True)
    assert refusal(tmp_path / "cache") == (
        "'cache' is not a diffusers folder: it has no model_index.json; name the folder inside its 'snapshots'"
    )
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model.ckpt").write_bytes(b"\x80\x04.")
    assert refusal(tmp_path / "old") == (
        "'old' is not a diffusers folder: it has no model_index.json; and pickle files are never opened"
    )


def test_a_snapshot_in_the_cache_of_the_hub_has_the_name_of_its_model(tmp_path: Path, folder: Path) -> None:
    snapshot = tmp_path / "models--org--name" / "snapshots" / "0123"
    shutil.copytree(folder, snapshot)
    assert resolve_model(str(snapshot)).name == "org/name"
