"""What a user can name as a model, the message for every mistake, and how a picture finds its model again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models import remembered
from engine.models.defaults import FALLBACK, ModelDefaults, carried_preview
from engine.models.find import NO_MODEL, find_model, model_identity, remember_model
from engine.models.remembered import Remembered
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import FRIENDLY
from engine.rendering.requests import ModelChoice
from tests.support.engine.folders import model_folder, tensors

EMBEDDED = Path(resolve_model("").path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a diffusers model."""
    return model_folder(tmp_path / "landscapes")


def refusal(model: Path | str, config: str = "") -> str:
    """Return the message with which a model is refused."""
    with pytest.raises(ModelError) as caught:
        resolve_model(str(model), config=config)
    return str(caught.value)


def change_index(folder: Path, **entries: object) -> None:
    file = folder / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **entries}))


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
        "'landscapes' (StableDiffusionInpaintPipeline) needs more than a text: a text-to-image model is needed",
    ),
    (
        lambda folder: change_index(folder, _class_name="StableDiffusionXLImg2ImgPipeline"),
        "'landscapes' (StableDiffusionXLImg2ImgPipeline) needs more than a text: a text-to-image model is needed",
    ),
    (
        lambda folder: change_index(folder, _class_name="KandinskyV22CombinedPipeline"),
        "'landscapes' is a combined pipeline (KandinskyV22CombinedPipeline), which has no initial noise of its own: "
        "models in two stages cannot be used",
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
        "there is no folder or file 'org/model'; add --download to fetch it from the Hugging Face hub, "
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


def test_a_single_file_needs_a_config(tmp_path: Path, folder: Path) -> None:
    file = tensors(tmp_path / "model.safetensors")
    assert refusal(file) == (
        "model.safetensors is a single file: add --config FOLDER, a local diffusers folder of the same family "
        "(only its small JSON files are read)"
    )
    assert refusal(file, config="/nowhere") == ("--config needs a diffusers folder: '/nowhere' has no model_index.json")
    choice = resolve_model(str(file), config=str(folder))
    assert choice == ModelChoice(path=str(file), name="model", config=str(folder))
    assert choice.is_single_file
    assert defaults_of(choice).width == 512
    assert model_identity(choice)["pipeline"] == "StableDiffusionPipeline"


def test_other_single_files_are_refused(tmp_path: Path, folder: Path) -> None:
    lora = tensors(tmp_path / "style.safetensors", ("unet.lora_up.weight", "unet.lora_down.weight", "unet.alpha"))
    assert refusal(lora, config=str(folder)) == ("style.safetensors is a LoRA, a change to a model, not a whole model")
    text = tmp_path / "model.gguf"
    text.write_text("GGUF")
    assert refusal(text) == "model.gguf is not a .safetensors file; a model is a diffusers folder or such a file"
    assert refusal(folder / "model_index.json") == (
        "model_index.json is a file in a model's folder: name the folder instead"
    )


def test_a_folder_with_a_single_file_is_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    tensors(tmp_path / "loose" / "model.safetensors")
    assert refusal(tmp_path / "loose") == (
        "'loose' is not a diffusers folder: it has no model_index.json; if you mean model.safetensors, "
        "name the file itself"
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


def test_an_identity_names_the_weights_but_no_path(folder: Path, tmp_path: Path) -> None:
    identity = model_identity(resolve_model(str(folder)))
    assert str(tmp_path) not in json.dumps(identity)
    copy = tmp_path / "elsewhere" / "landscapes"
    shutil.copytree(folder, copy)
    (copy / "README.md").write_text("notes")
    (copy / "warmer.json").write_text("{}")
    assert model_identity(resolve_model(str(copy))) == identity
    tensors(copy / "unet" / "diffusion_pytorch_model.safetensors", byte=b"\2")
    assert model_identity(resolve_model(str(copy)))["fingerprint"] != identity["fingerprint"]


def test_a_changed_configuration_is_a_different_model(folder: Path) -> None:
    before = model_identity(resolve_model(str(folder)))
    (folder / "scheduler" / "scheduler_config.json").write_text('{"prediction_type": "v_prediction"}')
    assert model_identity(resolve_model(str(folder))) != before


def test_a_single_file_with_a_changed_configuration_is_a_different_model(tmp_path: Path, folder: Path) -> None:
    file = tensors(tmp_path / "model.safetensors")
    choice = resolve_model(str(file), config=str(folder))
    before = model_identity(choice)
    remember_model(choice, before)
    tensors(folder / "unet" / "diffusion_pytorch_model.safetensors", byte=b"\7")
    assert model_identity(choice) == before, "the weights beside the configuration are not read"
    assert find_model(before) == choice
    (folder / "scheduler" / "scheduler_config.json").write_text('{"prediction_type": "v_prediction"}')
    assert model_identity(choice)["fingerprint"] != before["fingerprint"]
    assert find_model(before) == NO_MODEL
    shutil.rmtree(folder)
    assert find_model(before) == NO_MODEL


def test_a_picture_finds_its_model_again(folder: Path) -> None:
    choice = resolve_model(str(folder))
    identity = model_identity(choice)
    assert find_model(identity) == NO_MODEL
    remember_model(choice, identity)
    assert find_model(identity) == choice
    tensors(folder / "unet" / "diffusion_pytorch_model.safetensors", byte=b"\3")
    assert find_model(identity) == NO_MODEL, "the weights at the path have changed"
    shutil.rmtree(folder)
    assert find_model(identity) == NO_MODEL


def test_the_embedded_model_is_always_found() -> None:
    assert find_model(model_identity(resolve_model("embedded"))) == resolve_model("")


@pytest.mark.parametrize(
    "recorded", [None, "x", {}, {"fingerprint": 3}, {"fingerprint": ""}, {"fingerprint": "0" * 64}]
)
def test_an_unknown_model_is_not_found(recorded: object) -> None:
    assert find_model(recorded) == NO_MODEL  # type: ignore[arg-type]


def entry(digest: str, path: str = "/x") -> Remembered:
    return Remembered(digest=digest, path=path, name="x", pipeline="StableDiffusionPipeline")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 3}', '[3, {"digest": "a"}]', '[{"digest": "a", "path": 3}]'])
def test_a_damaged_list_of_models_counts_as_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "warmer").mkdir()
    (tmp_path / "warmer" / "models.json").write_text(text)
    assert remembered.recall("a") == ()
    remembered.remember(entry("a"))
    assert remembered.recall("a") == (entry("a"),)


def test_the_list_of_models_forgets_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for number in range(303):
        remembered.remember(entry(str(number), f"/{number}"))
    assert remembered.recall("2") == ()
    assert remembered.recall("3") == (entry("3", "/3"),)


def test_a_path_stands_for_the_last_weights_and_weights_may_have_two_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for known in (entry("a", "/x"), entry("b", "/x"), entry("b", "/y")):
        remembered.remember(known)
    assert remembered.recall("a") == ()
    assert remembered.recall("b") == (entry("b", "/y"), entry("b", "/x"))


def test_a_list_of_models_that_cannot_be_written_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    remembered.remember(entry("a"))


def test_the_embedded_model_brings_its_defaults() -> None:
    defaults = defaults_of(resolve_model(""))
    assert (defaults.width, defaults.height, defaults.num_inference_steps) == (128, 128, 12)
    assert (defaults.guidance_scale, defaults.scale, defaults.scheduler) == (2.5, 0.7, FRIENDLY["DDIM"])
    assert len(defaults.prompts) >= 6
    assert defaults.settings("a lake").prompt == "a lake"


@pytest.mark.parametrize(
    ("pipeline", "name", "size", "steps", "guidance"),
    [
        ("StableDiffusionPipeline", "sd", 512, 25, 7.5),
        ("StableDiffusionXLPipeline", "sdxl", 1024, 25, 5.0),
        ("StableDiffusionXLPipeline", "sdxl-turbo", 512, 4, 0.0),
        ("FluxPipeline", "FLUX.1-schnell", 1024, 4, 0.0),
        ("NewPipeline", "new", FALLBACK.width, FALLBACK.num_inference_steps, FALLBACK.guidance_scale),
    ],
)
def test_families_have_defaults(folder: Path, pipeline: str, name: str, size: int, steps: int, guidance: float) -> None:
    change_index(folder, _class_name=pipeline)
    renamed = folder.rename(folder.parent / name)
    defaults = defaults_of(resolve_model(str(renamed)))
    assert (defaults.width, defaults.height, defaults.num_inference_steps, defaults.guidance_scale) == (
        size,
        size,
        steps,
        guidance,
    )
    assert defaults.scale == 0.4


def test_a_folder_may_bring_some_defaults(folder: Path) -> None:
    (folder / "warmer.json").write_text('{"width": 256, "scheduler": "euler a", "prompts": ["a fox"], "new": 1}')
    assert defaults_of(resolve_model(str(folder))) == ModelDefaults(
        width=256,
        height=512,
        num_inference_steps=25,
        guidance_scale=7.5,
        scheduler=FRIENDLY["Euler a"],
        prompts=("a fox",),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"width": 3}', "width is a number from 8 to 8192, found 3"),
        ('{"steps": "many"}', "settings: steps is a whole number, found 'many'"),
        ('{"scale": 0}', "scale is a number above 0 and at most 1, found 0.0"),
        ('{"scale": true}', "scale is a number, found True"),
        ('{"prompts": "a fox"}', "prompts is a list, found 'a fox'"),
        ('{"scheduler": 3}', "scheduler is a text, found 3"),
    ],
)
def test_wrong_defaults_are_reported_in_one_sentence(folder: Path, text: str, problem: str) -> None:
    (folder / "warmer.json").write_text(text)
    with pytest.raises(ModelError) as caught:
        defaults_of(resolve_model(str(folder)))
    assert str(caught.value) == f"warmer.json of the model 'landscapes' is wrong: {problem}"


@pytest.mark.parametrize("preview", ["[1]", "3", '[["a", 1, 2]]', "[[1, 2]]"])
def test_wrong_colours_are_reported_in_one_sentence(folder: Path, preview: str) -> None:
    (folder / "warmer.json").write_text(f'{{"preview": {preview}}}')
    with pytest.raises(ModelError) as caught:
        carried_preview(folder)
    assert str(caught.value) == ("warmer.json of the model 'landscapes' is wrong: preview is rows of three numbers")
