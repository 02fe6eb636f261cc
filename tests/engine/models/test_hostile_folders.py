"""What is refused in a model's folder before any library opens it: each kind in one sentence of ours."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelError
from engine.models.look import look_at_component, look_at_folder
from engine.models.resolve import resolve_model
from tests.support.engine.folders import change_index, model_folder, tensors

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
Change = Callable[[Path], object]


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        look_at_folder(folder)
    return str(caught.value)


def _replace(name: str, target: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return change


def _pipe(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    os.mkfifo(folder / WEIGHTS)


def _deep(folder: Path) -> None:
    place = folder / "unet" / "1" / "2" / "3" / "4"
    place.mkdir(parents=True)
    os.mkfifo(place / "config.json")


def _folder(name: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()

    return change


def _linked_folder(folder: Path) -> None:
    (folder / "unet").rename(folder.parent / "unet")
    (folder / "unet").symlink_to(folder.parent / "unet")


def _sparse(name: str, size: int) -> Change:
    def change(folder: Path) -> None:
        (folder / name).touch()
        os.truncate(folder / name, size)

    return change


def _many(folder: Path) -> None:
    for number in range(4097):
        (folder / "unet" / str(number)).touch()


OUT = "is a link to a file outside the model's folder: put the file itself there"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_replace(WEIGHTS, "/dev/zero"), f"{WEIGHTS} {OUT}"),
        (_replace("unet/config.json", "/dev/zero"), f"unet/config.json {OUT}"),
        (_replace("unet/config.json", "../../outside.json"), f"unet/config.json {OUT}"),
        (_replace("model_index.json", "../outside.json"), f"landscapes/model_index.json {OUT}"),
        (_replace("unet/notes.md", "../../outside.json"), f"unet/notes.md {OUT}"),
        (_deep, "'4' lies more than 4 folders deep, so it belongs to no model: remove it"),
        (_pipe, f"{WEIGHTS} is no regular file, so it belongs to no model: remove it"),
        (_folder(WEIGHTS), f"{WEIGHTS} is a folder, and belongs to no model: remove it"),
        (_folder("unet/merges.txt"), "unet/merges.txt is a folder, and belongs to no model: remove it"),
        (_linked_folder, "landscapes/unet is a link to a folder, so it is not followed: put the folder itself there"),
        (
            _sparse("unet/vocab.json", 2**27),
            "unet/vocab.json has 134,217,728 bytes, and such a file may have 67,108,864: download it again",
        ),
        (
            _sparse("unet/config.json", 2**22 + 1),
            "config.json is larger than the 4,194,304 bytes that a configuration may have",
        ),
        (_many, "'landscapes' has more than 4,096 files, so it is no folder of one model"),
    ],
)
def test_what_no_model_has(folder: Path, change: Change, sentence: str) -> None:
    (folder.parent / "outside.json").write_text("{}")
    change(folder)
    assert refusal(folder) == sentence


def test_links_within_the_folder_and_into_the_cache_of_the_hub_are_followed(tmp_path: Path) -> None:
    snapshot = model_folder(tmp_path / "models--org--name" / "snapshots" / "1234")
    blobs = tmp_path / "models--org--name" / "blobs"
    blobs.mkdir()
    (snapshot / WEIGHTS).rename(blobs / "abcd")
    (snapshot / WEIGHTS).symlink_to("../../../blobs/abcd")
    (snapshot / "unet" / "config.json").rename(snapshot / "common.json")
    (snapshot / "unet" / "config.json").symlink_to("../common.json")
    assert resolve_model(str(snapshot)).name == "org/name"


def test_the_folder_of_a_vae_alone_is_checked_too(folder: Path) -> None:
    (folder / "unet").rename(folder.parent / "vae")
    vae = folder.parent / "vae"
    (vae / "more.json").symlink_to("/dev/zero")
    with pytest.raises(ModelError) as caught:
        look_at_component(vae)
    assert str(caught.value) == f"vae/more.json {OUT}"


PLAIN = "model_index.json of 'landscapes'"


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"_class_name": []}, f"{PLAIN} names no pipeline"),
        ({"_class_name": [[]]}, f"{PLAIN} names no pipeline"),
        ({"_class_name": {"a": 1}}, f"{PLAIN} names no pipeline"),
        ({"_class_name": "x" * 1_000_000}, f"{PLAIN} names no pipeline"),
        ({"_class_name": "os.system"}, f"{PLAIN} names no pipeline"),
        ({"_class_name": ["evil", "Evil"]}, "'landscapes' brings code of its own (evil), which is never run"),
        ({"unet": ["../x", "Y"]}, f"{PLAIN} has a component whose name, library or class is no name"),
        ({"unet": ["os.path", "join"]}, f"{PLAIN} has a component whose name, library or class is no name"),
        ({"../x": ["diffusers", "Y"]}, f"{PLAIN} has a component whose name, library or class is no name"),
        ({"unet": ["diffusers", "x" * 1_000_000]}, f"{PLAIN} has a component whose name, library or class is no name"),
        ({str(number): 1 for number in range(300)}, f"{PLAIN} has more than 256 entries"),
    ],
)
def test_an_index_of_another_form(folder: Path, entries: dict[str, Any], sentence: str) -> None:
    change_index(folder, **entries)
    assert refusal(folder) == sentence


@pytest.mark.parametrize(
    ("shard", "sentence"),
    [
        (
            "diffusion_pytorch_model.bin",
            "{index} names diffusion_pytorch_model.bin, a pickle file, which can run code when it is opened: get the "
            ".safetensors version of this model",
        ),
        ("../unet/x.safetensors", "{index} names '../unet/x.safetensors', which is no file in its folder"),
        ("/x.safetensors", "{index} names '/x.safetensors', which is no file in its folder"),
        (".safetensors", "{index} names '.safetensors', which is no file in its folder"),
        ("weights", "{index} names 'weights', which is no .safetensors file"),
        ("", "{index} names '', which is no .safetensors file"),
        (1, "the weight_map of {index} does not name a file for each tensor: download it again"),
        (["a"], "the weight_map of {index} does not name a file for each tensor: download it again"),
        ("x.safetensors", "the download is not complete: unet/x.safetensors is missing; download it again"),
    ],
)
def test_an_index_of_weights_names_safetensors_files_of_its_folder_only(
    folder: Path, shard: object, sentence: str
) -> None:
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"weight": shard}}))
    assert refusal(folder) == sentence.format(index=f"unet/{index.name}")


@pytest.mark.parametrize("shards", [None, [], "x", {"a": {}}])
def test_a_map_of_weights_of_another_form(folder: Path, shards: object) -> None:
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.fp16.json"
    index.write_text(json.dumps({"weight_map": shards}))
    rule = "does not name a file for each tensor: download it again"
    assert refusal(folder) == f"the weight_map of unet/{index.name} {rule}"


def test_weights_that_are_no_safetensors_file_whatever_their_name(folder: Path) -> None:
    (folder / "unet" / "more.safetensors").write_bytes(b"\x80\x04\x95" + b"x" * 100)
    assert refusal(folder) == "more.safetensors is not a safetensors file, whatever its name says"


def test_what_transformers_would_take_for_a_lora_of_another_model(folder: Path) -> None:
    (folder / "unet" / "adapter_config.json").write_text('{"base_model_name_or_path": "/"}')
    rule = "names another model to be loaded, which is never done: remove it"
    assert refusal(folder) == f"unet/adapter_config.json {rule}"


BEYOND = "a number beyond 67,108,864, which no model needs"
BEYOND_COUNTS = "a number beyond 16,384, which no model needs"
ELSEWHERE = "names a file of weights that is no .safetensors file of this folder"
CODE = "names code that would be fetched and run, which is never done"


@pytest.mark.parametrize(
    ("entries", "rule"),
    [
        ({"num_layers": 10**9}, f"gives 'num_layers' {BEYOND_COUNTS}"),
        (
            {"block_out_channels": [320, 10**6]},
            f"gives 'block_out_channels' {BEYOND_COUNTS}",
        ),
        (
            {"text_config": {"vocab_size": 10**12}},
            f"gives 'vocab_size' {BEYOND}",
        ),
        ({"in_channels": -(10**30)}, f"gives 'in_channels' {BEYOND}"),
        ({"num_labels": 10**7}, f"gives 'num_labels' {BEYOND_COUNTS}"),
        ({"latents_mean": [0.5] * 2**17}, "has more than 131,072 values, which no model needs"),
        ({"id2label": {str(n): [{}] for n in range(2**16)}}, "has more than 131,072 values, which no model needs"),
        ({"x" * 10**6: 10**9}, f"gives '{'x' * 59}…' {BEYOND}"),
        (
            {"transformers_weights": "adapter_model.bin"},
            ELSEWHERE,
        ),
        (
            {"transformers_weights": "../x.safetensors"},
            ELSEWHERE,
        ),
        (
            {"_attn_implementation_internal": "evil/kernel"},
            CODE,
        ),
        (
            {"vision_config": {"attn_implementation": {"": "evil/kernel"}}},
            CODE,
        ),
    ],
)
def test_a_configuration_without_a_bound(folder: Path, entries: dict[str, Any], rule: str) -> None:
    (folder / "unet" / "config.json").write_text(json.dumps(entries))
    assert refusal(folder) == f"unet/config.json {rule}"


def test_a_scheduler_of_endless_timesteps(folder: Path) -> None:
    (folder / "scheduler" / "scheduler_config.json").write_text('{"num_train_timesteps": 1000000}')
    rule = "gives 'num_train_timesteps' a number beyond 100,000, which no model needs"
    assert refusal(folder) == f"scheduler/scheduler_config.json {rule}"


@pytest.mark.parametrize("name", ["unet/config.json", "scheduler/scheduler_config.json", "model_index.json"])
def test_json_that_is_too_deep(folder: Path, name: str) -> None:
    (folder / name).write_text('{"a":' * 40 + "1" + "}" * 40)
    stem = name.rpartition("/")[2]
    assert refusal(folder) == f"{stem} is nested more than 32 levels deep, which no configuration needs"
    (folder / name).write_text("[" * 1_000_000)
    assert refusal(folder) == f"{stem} cannot be read as JSON: download it again"


def test_what_models_have_is_taken(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text(
        json.dumps({"rope_theta": 10**9, "longest_edge": 25_165_824, "attn_implementation": "sdpa", "eps": 1e-6})
    )
    tensors(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")  # beside the others, and never opened
    assert len(look_at_folder(folder).components[1].weights) == 2
