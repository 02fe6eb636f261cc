"""Other VAEs, tiny autoencoders and attention: what they change, what is recorded, what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.compare import differing_conditions
from engine.diffusion import placement
from engine.diffusion.placement import choose_device, choose_placement
from engine.errors import ModelError
from engine.models.find import find_model, model_identity, recorded_loras, recorded_vae, remember_model
from engine.models.look import look_at
from engine.models.memory import Placement, Room, plan_memory
from engine.models.resolve import resolve_model, resolve_preview_vae, resolve_vae
from engine.rendering.events import PictureRendered, PreviewRendered
from engine.rendering.requests import ModelChoice
from tests.support.engine.loading import (
    load,
    picture_of,
    problem_of,
    record_by,
    request_for,
    run,
    with_loras,
)
from tests.support.engine.overlays import other_vae, tiny_autoencoder
from tests.support.engine.single_file import as_single_file
from tests.support.engine.tiny import build_tiny

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


def test_the_lora_and_vae_of_a_file_are_found_again(
    tiny: ModelChoice, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = Path(shutil.copy(lora, tmp_path / "style.safetensors"))
    other_vae(tmp_path / "bright")
    choice = replace(with_loras(tiny, (file, 0.5)), vae=str(tmp_path / "bright"))
    identity = model_identity(choice)
    with pytest.raises(ModelError) as caught:
        recorded_loras(identity)
    assert str(caught.value) == (
        "this picture was made with the LoRA 'style' at the weight 0.5, which is not known on this machine: "
        "name its file with --lora, or go on without it by --lora none"
    )
    remember_model(choice, identity)
    assert recorded_loras(identity) == choice.loras
    assert recorded_vae(identity) == choice.vae
    shutil.rmtree(tmp_path / "bright")
    with pytest.raises(ModelError) as caught:
        recorded_vae(identity)
    assert str(caught.value) == (
        "this picture was made with the VAE 'bright', which is not known on this machine: "
        "name its file with --vae, or go on without it by --vae none"
    )


@pytest.mark.slow
def test_another_vae_is_loaded_from_a_folder_or_a_file(tiny: ModelChoice, tmp_path: Path) -> None:
    vae = other_vae(tmp_path / "bright")
    by_hand = shutil.copytree(tiny.path, tmp_path / "whole")
    vae.save_pretrained(by_hand / "vae")
    file = tmp_path / "single.safetensors"
    pipe = load(tiny).pipe
    pipe.vae = vae
    start = "first_stage_model."
    names = {name: tensor for name, tensor in as_single_file(pipe).items() if name.startswith(start)}
    save_file({name.removeprefix(start): tensor for name, tensor in names.items()}, file)
    whole = picture_of(load(ModelChoice(path=str(by_hand), name="whole")))
    assert (whole != picture_of(load(tiny))).any()
    for place in (tmp_path / "bright", by_hand, file):
        loaded = load(replace(tiny, vae=resolve_vae(str(place))))
        np.testing.assert_array_equal(picture_of(loaded), whole)
        recorded = loaded.identity["vae"]
        assert isinstance(recorded, dict)
        assert recorded["name"] == place.stem
    phrases = differing_conditions(record_by(load(tiny)), record_by(loaded))
    assert phrases == ("VAE of the model then, single now",)


def test_a_vae_of_another_family_fails_with_one_sentence(tiny: ModelChoice, tmp_path: Path) -> None:
    other_vae(tmp_path / "wide", latent_channels=16)
    assert problem_of(replace(tiny, vae=str(tmp_path / "wide"))) == (
        "the VAE 'wide' belongs to another family: 16 latent channels, the model needs 4"
    )
    save_file({"something.else": torch.zeros(2)}, tmp_path / "not.safetensors")
    assert problem_of(replace(tiny, vae=str(tmp_path / "not.safetensors"))) == (
        "not.safetensors holds none of the weights of 'vae' (AutoencoderKL): it is of another family, or no model"
    )
    save_file({"decoder.conv_in.weight": torch.zeros(512, 16, 3, 3)}, tmp_path / "ae.safetensors")
    assert problem_of(replace(tiny, vae=str(tmp_path / "ae.safetensors"))) == (
        "the VAE 'ae.safetensors' belongs to another family: 16 latent channels, the model needs 4"
    )


def test_a_tiny_autoencoder_draws_larger_previews_and_changes_no_picture(tiny: ModelChoice, tmp_path: Path) -> None:
    folder = tiny_autoencoder(tmp_path / "taesd")
    plain, drawn = run(load(tiny)), run(load(tiny, preview_vae=resolve_preview_vae(str(folder))))
    pictures = [event for events in (plain, drawn) for event in events if isinstance(event, PictureRendered)]
    assert pictures[0].picture == pictures[1].picture
    assert pictures[0].record == pictures[1].record
    previews = [event.picture for event in drawn if isinstance(event, PreviewRendered)]
    assert [(picture.width, picture.height) for picture in previews] == [(32, 32)] * 3
    assert len({picture.rgb for picture in previews}) == 3


def test_a_preview_vae_of_another_family_fails_with_one_sentence(tiny: ModelChoice, tmp_path: Path) -> None:
    tiny_autoencoder(tmp_path / "taef1", channels=16)
    assert problem_of(tiny, preview_vae=str(tmp_path / "taef1")) == (
        "the preview VAE 'taef1' belongs to another family: it takes 16 latent channels, not 4"
    )


def test_attention_is_set_and_recorded_and_used_again(flux: ModelChoice) -> None:
    plain, other = load(flux), load(flux, attention="_native_math")
    assert (plain.attention, other.attention) == ("", "_native_math")
    one, two = record_by(plain), record_by(other)
    assert "attention" not in one.software
    assert two.software["attention"] == "_native_math"
    assert differing_conditions(one, two) == ("attention native then, _native_math now",)
    assert load(flux, attention_then="_native_math").attention == "_native_math"
    assert load(flux, attention_then="sage").attention == "", "it is not installed, and nobody asked for it"
    assert load(flux, attention="native", attention_then="_native_math").attention == ""


def test_attention_that_cannot_be_used_fails_with_one_sentence(flux: ModelChoice, tiny: ModelChoice) -> None:
    assert problem_of(tiny, attention="_native_math") == (
        "this model (StableDiffusionPipeline) has only one attention: leave out --attention"
    )
    for name in ("quick", "flash_hub"):
        assert problem_of(flux, attention=name).startswith("--attention must be one of flash, flash_varlen, ")
    assert problem_of(flux, attention="sage").startswith("the attention 'sage' cannot be used here: ")


def test_a_path_that_is_no_vae_fails_with_one_sentence(tiny: ModelChoice, tmp_path: Path) -> None:
    for resolve, option in ((resolve_vae, "--vae"), (resolve_preview_vae, "--preview-vae")):
        kind = "a VAE" if option == "--vae" else "a tiny autoencoder"
        with pytest.raises(ModelError) as caught:
            resolve(str(tmp_path))
        assert str(caught.value) == f"{option} needs the folder of {kind}: {str(tmp_path)!r} has no config.json"
    with pytest.raises(ModelError, match=r"^--vae needs a folder or a .safetensors file: there is no '/none'$"):
        resolve_vae("/none")
    with pytest.raises(ModelError) as caught:
        resolve_preview_vae(f"{tiny.path}/vae")
    assert str(caught.value) == f"--preview-vae needs an AutoencoderTiny, found 'AutoencoderKL' in '{tiny.path}/vae'"


def test_loras_and_another_vae_count_when_memory_is_planned(
    tiny: ModelChoice, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[dict[str, int]] = []

    def plan(wanted: str, values: dict[str, int], *, lora_values: int, **_: Any) -> Placement:
        counted.append({**values, "laid over": lora_values})
        return plan_memory(wanted, values, value_bytes=4, working=0, room=Room(gpu=0, main=2**30))

    monkeypatch.setattr(placement, "plan_memory", plan)
    vae = tmp_path / "vae"
    other_vae(vae)
    laid = replace(with_loras(tiny, (lora, 1.0), (lora, 0.5)), vae=str(vae))
    for choice in (tiny, laid):
        choose_placement(request_for(choice), choice, look_at(choice), "cpu", torch.float32)
    bare, more = counted
    numbers = sum(tensor.numel() for tensor in load_file(lora).values())
    stored = sum(tensor.numel() for file in vae.glob("*.safetensors") for tensor in load_file(file).values())
    assert numbers > 0
    assert stored > 0
    assert bare["laid over"] == 0
    assert more == {**bare, "laid over": 2 * numbers, "vae": stored}


@pytest.mark.slow
def test_another_vae_completes_a_single_file_without_one(tiny: ModelChoice, tmp_path: Path) -> None:
    file, vae = tmp_path / "bare.safetensors", tmp_path / "vae"
    whole = as_single_file(build_tiny())
    save_file({name: value for name, value in whole.items() if not name.startswith("first_stage_model")}, file)
    config = shutil.copytree(tiny.path, tmp_path / "config")
    for weights in (config / "vae").glob("*.safetensors"):
        weights.unlink()
    with pytest.raises(
        ModelError, match=r"^bare\.safetensors needs a VAE, which it does not hold: give its file with --vae$"
    ):
        resolve_model(str(file), config=str(config))
    other_vae(vae)
    choice = replace(resolve_model(str(file), config=str(config), other_vae=True), vae=str(vae))
    expected = picture_of(load(replace(tiny, vae=str(vae))))
    np.testing.assert_array_equal(picture_of(load(choice)), expected)


def test_a_model_may_have_the_name_embedded(tiny: ModelChoice, tmp_path: Path) -> None:
    own = resolve_model(str(shutil.copytree(tiny.path, tmp_path / "embedded")))
    assert own.name == "embedded"
    identity = model_identity(own)
    remember_model(own, identity)
    assert find_model(identity) == own


def test_the_second_gpu_is_the_current_one_while_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    current: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(torch, "empty", lambda *_, **__: None)
    assert [choose_device(name) for name in ("cuda:1", "cuda", "cpu")] == ["cuda:1", "cuda", "cpu"]
    assert current == [torch.device("cuda:1")]
