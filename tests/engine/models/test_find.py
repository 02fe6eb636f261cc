"""What identifies a model, how a picture finds its model again, and which models are offered when it does not."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError, UnknownModelError
from engine.models.find import (
    NO_MODEL,
    find_model,
    model_identity,
    near_models,
    recorded_loras,
    recorded_model,
    recorded_vae,
    remember_model,
    same_weights,
)
from engine.models.fingerprints import file_digest
from engine.models.resolve import resolve_model
from engine.rendering.requests import LoraChoice
from latentpng.record import Json
from tests.support.engine.folders import model_folder, tensors


def known(folder: Path, byte: bytes = b"\1", pipeline: str = "StableDiffusionPipeline") -> dict[str, Json]:
    """Make a model that was loaded on this machine, and return what pictures record of it."""
    model_folder(folder, byte)
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", pipeline))
    choice = resolve_model(str(folder))
    identity = model_identity(choice)
    remember_model(choice, identity)
    return {**identity}


def test_the_same_weights_are_found_at_a_second_path(tmp_path: Path) -> None:
    identity = known(tmp_path / "a" / "lakes")
    assert known(tmp_path / "b" / "lakes") == identity
    assert find_model(identity) == resolve_model(str(tmp_path / "b" / "lakes"))
    shutil.rmtree(tmp_path / "b")
    assert find_model(identity) == resolve_model(str(tmp_path / "a" / "lakes"))


def test_similar_models_are_offered_those_with_the_same_name_first(tmp_path: Path) -> None:
    gone = known(tmp_path / "old" / "lakes", b"\1")
    shutil.rmtree(tmp_path / "old")
    known(tmp_path / "hills", b"\2")
    known(tmp_path / "new" / "lakes", b"\3")
    known(tmp_path / "sea", b"\4", "FluxPipeline")
    assert [(near.choice.name, near.why) for near in near_models(gone)] == [
        ("lakes", "the same name, different weights"),
        ("hills", "the same family"),
    ]
    with pytest.raises(UnknownModelError) as caught:
        recorded_model(gone)
    assert str(caught.value) == (
        "this picture was made with the model 'lakes', which is not known on this machine: choose one with "
        f"--model; similar ones here: {tmp_path}/new/lakes (the same name, different weights) or {tmp_path}/hills "
        "(the same family)"
    )
    assert caught.value.near == ((f"{tmp_path}/new/lakes", ""), (f"{tmp_path}/hills", ""))


def test_a_picture_of_an_earlier_embedded_model_is_offered_the_present_one() -> None:
    with pytest.raises(UnknownModelError) as caught:
        recorded_model({"name": "embedded", "fingerprint": "0" * 64, "pipeline": "StableDiffusionPipeline"})
    assert str(caught.value) == (
        "this picture was made with a model that shipped with another version of warmer: choose one with "
        "--model; similar ones here: embedded (the one that ships now)"
    )
    ((path, config),) = caught.value.near
    assert resolve_model(path, config=config) == resolve_model("embedded") == resolve_model("")


def test_without_similar_models_none_is_offered() -> None:
    for recorded, made in (
        (
            {"name": "lakes", "fingerprint": "0" * 64},
            "this picture was made with the model 'lakes', which is not known on this machine",
        ),
        (None, "this picture records no model"),
        (
            {"name": "a\x1b[2Jb"},
            "this picture was made with the model 'a[2Jb', which is not known on this machine",
        ),
    ):
        with pytest.raises(UnknownModelError) as caught:
            recorded_model(recorded)
        assert str(caught.value) == f"{made}: choose one with --model"


@pytest.mark.parametrize("loras", [3, "x", None, {}, ()])
def test_a_record_of_loras_that_is_no_list_counts_as_empty(loras: object) -> None:
    assert recorded_loras({"loras": loras}) == ()  # type: ignore[dict-item]


@pytest.mark.parametrize("lora", [3, "x", None, {}, {"sha256": 3}, {"sha256": "0" * 64}])
def test_an_unknown_lora_is_reported_whatever_the_picture_records(lora: object) -> None:
    with pytest.raises(ModelError) as caught:
        recorded_loras({"loras": [lora]})  # type: ignore[list-item]
    assert str(caught.value) == (
        "this picture was made with the LoRA 'without a name', which is not known on this machine: "
        "name its file with --lora, or go on without it by --lora none"
    )


@pytest.mark.parametrize(("weight", "shown"), [("1", "1"), (True, "True"), (1e9, "1000000000.0"), (None, "None")])
def test_an_impossible_weight_is_reported_in_one_sentence(tmp_path: Path, weight: object, shown: str) -> None:
    file = tensors(tmp_path / "style.safetensors", ("lora_up",))
    choice = resolve_model("")
    lora = LoraChoice(path=str(file))
    remember_model(replace(choice, loras=(lora,)), model_identity(choice))
    recorded = {"loras": [{"sha256": file_digest(file), "weight": weight}]}
    with pytest.raises(ModelError) as caught:
        recorded_loras(recorded)  # type: ignore[arg-type]
    assert (
        str(caught.value)
        == f"this picture records a LoRA with the weight {shown}: give the LoRA and its weight by --lora"
    )


def test_weights_are_compared_by_digest_not_by_name_or_path() -> None:
    lora: dict[str, Json] = {"name": "a", "sha256": "1", "weight": 0.5}
    one: dict[str, Json] = {"name": "x", "fingerprint": "1", "loras": [lora], "vae": {"name": "v", "fingerprint": "2"}}
    assert same_weights(one, {**one, "name": "y", "loras": ({**lora, "name": "b"},)})
    changes: tuple[dict[str, Json], ...] = (
        {"fingerprint": "3"},
        {"loras": [{**lora, "weight": 0.6}]},
        {"loras": [lora, lora]},
        {"vae": None},
        {"quantised": "8bit"},
    )
    for change in changes:
        assert not same_weights(one, {**one, **change})


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


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders of a configuration file, on a machine that never loaded anything."""
    root = tmp_path / "all"
    config = tmp_path / "config.toml"
    config.write_text("\n".join(["[folders]", *(f'{name} = "{root / name}"' for name in ("models", "loras", "vaes"))]))
    for name in ("models", "loras", "vaes"):
        (root / name).mkdir(parents=True)
    monkeypatch.setenv("WARMER_CONFIG", str(config))
    return root


def test_another_machine_finds_a_model_by_its_name_and_fingerprint(tmp_path: Path, shelves: Path) -> None:
    recorded = {**model_identity(resolve_model(str(model_folder(tmp_path / "here" / "lakes", b"\1"))))}
    shutil.rmtree(tmp_path / "here")
    assert find_model(recorded) == NO_MODEL
    model_folder(shelves / "models" / "old" / "lakes", b"\2")
    assert [(near.choice.path, near.why) for near in near_models(recorded)] == [
        (str(shelves / "models/old/lakes"), "the same name, different weights")
    ]
    model_folder(shelves / "models" / "new" / "lakes", b"\1")
    assert find_model(recorded) == resolve_model(str(shelves / "models/new/lakes"))
    assert find_model({**recorded, "name": "../models/new/lakes"}) == NO_MODEL


def test_another_machine_finds_lora_files_and_vaes_by_their_names_and_digests(tmp_path: Path, shelves: Path) -> None:
    lora, vae = tensors(tmp_path / "a" / "ink.safetensors", ("lora_up",)), tensors(tmp_path / "a" / "mse.safetensors")
    choice = replace(resolve_model(""), loras=(LoraChoice(path=str(lora), weight=0.4),), vae=str(vae))
    recorded = {**model_identity(choice)}
    other = tensors(shelves / "loras" / "x" / "ink.safetensors", ("lora_up",), byte=b"\2")
    with pytest.raises(ModelError) as caught:
        recorded_loras(recorded)
    assert str(caught.value) == (
        "this picture was made with the LoRA 'ink' at the weight 0.4, which is not known on this machine: "
        "name its file with --lora, or go on without it by --lora none"
    )
    shutil.copy(lora, shelves / "loras" / "ink.safetensors")
    shutil.copy(vae, shelves / "vaes" / "mse.safetensors")
    assert other.exists()
    assert recorded_loras(recorded) == (LoraChoice(path=str(shelves / "loras/ink.safetensors"), weight=0.4),)
    assert recorded_vae(recorded) == str(shelves / "vaes/mse.safetensors")


def test_a_model_that_was_loaded_here_and_is_in_the_library_is_offered_once(tmp_path: Path, shelves: Path) -> None:
    gone = known(tmp_path / "old" / "lakes", b"\1")
    shutil.rmtree(tmp_path / "old")
    known(tmp_path / "hills", b"\2")
    known(shelves / "models" / "a" / "lakes", b"\3")
    model_folder(shelves / "models" / "b" / "lakes", b"\4")
    assert [near.choice.path for near in near_models(gone)] == [
        str(shelves / "models/a/lakes"),
        str(shelves / "models/b/lakes"),
        str(tmp_path / "hills"),
    ]


def test_a_pipe_of_the_recorded_name_is_not_read(tmp_path: Path, shelves: Path) -> None:
    lora = tensors(tmp_path / "ink.safetensors", ("lora_up",))
    recorded = {**model_identity(replace(resolve_model(""), loras=(LoraChoice(path=str(lora)),)))}
    os.mkfifo(shelves / "loras" / "ink.safetensors")
    with pytest.raises(ModelError, match=r"^this picture was made with the LoRA 'ink', which is not known"):
        recorded_loras(recorded)
