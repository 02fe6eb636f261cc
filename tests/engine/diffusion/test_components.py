"""LoRA files, other VAEs, tiny autoencoders and attention: what they change, what is recorded, what is refused."""

from __future__ import annotations

import hashlib
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from engine.compare import differing_conditions
from engine.diffusion import placement
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel, load_model, replace_loras, serves
from engine.diffusion.main import Worker
from engine.diffusion.placement import choose_device, choose_placement
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.models.find import find_model, model_identity, recorded_loras, recorded_vae, remember_model, same_weights
from engine.models.look import look_at
from engine.models.loras import resolve_lora
from engine.models.memory import Placement, Room, plan_memory
from engine.models.resolve import resolve_model, resolve_preview_vae, resolve_vae
from engine.rendering.events import Event, PictureRendered, PreviewRendered
from engine.rendering.requests import LoadModel, LoraChoice, ModelChoice, PictureTask, RenderJob
from engine.worker.wire import Wire
from latentpng.noise.gauss1 import gauss1
from latentpng.record import LatentRecord, Lineage, SeedRoot
from tests.support.engine.families.catalogue import save_family
from tests.support.engine.overlays import kohya_lora, merged_by_hand, other_vae, peft_lora, tiny_autoencoder
from tests.support.engine.single_file import as_single_file
from tests.support.engine.tiny import SETTINGS, build_tiny, save_tiny, slow_clock

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it

NOISE = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
JOB = RenderJob(
    job=1, tasks=(PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=7))),), settings=SETTINGS, previews=True
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return peft_lora(tmp_path_factory.mktemp("lora"))


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    folder = tmp_path_factory.mktemp("models") / "flux"
    save_family("Flux.1", folder)
    return ModelChoice(path=str(folder), name="flux")


def request_for(choice: ModelChoice, **more: Any) -> LoadModel:
    return LoadModel(model=choice, settings=SETTINGS, device="cpu", **more)


def load(choice: ModelChoice, **more: Any) -> LoadedModel:
    return load_model(request_for(choice, **more), lambda _: None)


def picture_of(loaded: LoadedModel) -> NDArray[np.uint8]:
    return BatchRenderer(loaded).render(NOISE, SETTINGS, lambda _: None).pixels


def run(loaded: LoadedModel) -> list[Event]:
    events: list[Event] = []
    clock = slow_clock(events)
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, clock=clock).run(JOB)
    return events


def record_by(loaded: LoadedModel) -> LatentRecord:
    return next(event.record for event in run(loaded) if isinstance(event, PictureRendered))


def problem_of(choice: ModelChoice, **more: Any) -> str:
    with pytest.raises(ModelError) as caught:
        load(choice, **more)
    return str(caught.value)


def with_loras(choice: ModelChoice, *loras: tuple[Path, float]) -> ModelChoice:
    return replace(choice, loras=tuple(LoraChoice(path=str(path), weight=weight) for path, weight in loras))


@pytest.mark.slow
def test_a_lora_adds_its_product_to_the_weights(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    by_hand = shutil.copytree(tiny.path, tmp_path / "merged")
    merged_by_hand(by_hand, lora, 0.75)
    bare = picture_of(load(tiny))
    laid = picture_of(load(with_loras(tiny, (lora, 0.75))))
    merged = picture_of(load(ModelChoice(path=str(by_hand), name="merged")))
    assert np.abs(laid.astype(int) - merged.astype(int)).max() <= 1
    assert np.abs(laid.astype(int) - bare.astype(int)).max() > 1
    np.testing.assert_array_equal(picture_of(load(with_loras(tiny, (lora, 0.0)))), bare)


def test_a_lora_with_the_names_of_kohya_gives_the_same_pixels(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    traded = kohya_lora(lora, tmp_path / "traded.safetensors")
    one, other = (picture_of(load(with_loras(tiny, (file, 1.0)))) for file in (lora, traded))
    np.testing.assert_array_equal(one, other)


def test_several_loras_add_up(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    second = peft_lora(tmp_path / "second", seed=2)
    by_hand = shutil.copytree(tiny.path, tmp_path / "merged")
    merged_by_hand(by_hand, lora, 0.5)
    merged_by_hand(by_hand, second, -1.0)
    laid = picture_of(load(with_loras(tiny, (lora, 0.5), (second, -1.0))))
    merged = picture_of(load(ModelChoice(path=str(by_hand), name="merged")))
    assert np.abs(laid.astype(int) - merged.astype(int)).max() <= 1


def test_a_record_names_lora_files_by_name_digest_and_weight(tiny: ModelChoice, lora: Path) -> None:
    bare, laid = record_by(load(tiny)), record_by(load(with_loras(tiny, (lora, 0.5))))
    digest = hashlib.sha256(lora.read_bytes()).hexdigest()
    model = laid.settings["model"]
    assert isinstance(model, dict)
    assert model["loras"] == [{"name": "pytorch_lora_weights", "sha256": digest, "weight": 0.5}]
    assert {**model_identity(tiny), "loras": model["loras"]} == model
    assert differing_conditions(bare, laid) == ("LoRA none then, pytorch_lora_weights at 0.5 now",)
    assert not same_weights(bare.settings["model"], model)


@pytest.mark.slow
def test_lora_files_are_replaced_without_loading_weights_and_prompts_are_encoded_again(
    tiny: ModelChoice, lora: Path, tmp_path: Path
) -> None:
    text = peft_lora(tmp_path / "text", text=True)
    fresh = picture_of(load(with_loras(tiny, (text, 1.0))))
    first = request_for(with_loras(tiny, (lora, 1.0)))
    loaded = load_model(first, lambda _: None)
    before = picture_of(loaded)
    second = request_for(with_loras(tiny, (text, 1.0)))
    assert not serves(loaded, first, second)
    changed = replace_loras(loaded, first, second)
    assert changed is not None
    assert changed.pipe is loaded.pipe
    assert changed.identity == model_identity(second.model)
    np.testing.assert_array_equal(picture_of(changed), fresh)
    bare = replace_loras(changed, second, request_for(tiny))
    assert bare is not None
    np.testing.assert_array_equal(picture_of(bare), picture_of(load(tiny)))
    again = replace_loras(bare, request_for(tiny), first)
    assert again is not None
    np.testing.assert_array_equal(picture_of(again), before)
    assert replace_loras(again, first, replace(first, dtype="bfloat16")) is None


@pytest.mark.slow
def test_a_worker_keeps_its_pipeline_for_other_lora_files_until_one_fails(
    tiny: ModelChoice, lora: Path, tmp_path: Path
) -> None:
    here, there = socket.socketpair()
    with here, there:
        worker = Worker(Wire(here))
        first = worker._model_for(request_for(tiny))
        styled = worker._model_for(request_for(with_loras(tiny, (lora, 0.5))))
        assert styled.pipe is first.pipe
        large = tmp_path / "large.safetensors"
        save_file({name: tensor.repeat(2, 2) for name, tensor in load_file(lora).items()}, large)
        with pytest.raises(ModelError, match=r"^the LoRA 'large' does not fit 'tiny': "):
            worker._model_for(request_for(with_loras(tiny, (large, 1.0))))
        fresh = worker._model_for(request_for(tiny))
        assert fresh.pipe is not first.pipe
        assert fresh.choice.loras == ()


def test_a_lora_of_another_family_fails_with_one_sentence(lora: Path, flux: ModelChoice) -> None:
    assert problem_of(with_loras(flux, (lora, 1.0))) == (
        "the LoRA 'pytorch_lora_weights' changes nothing in 'flux': it belongs to another family"
    )


def test_a_lora_of_other_sizes_fails_with_one_sentence(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    file = tmp_path / "large.safetensors"
    save_file({name: tensor.repeat(2, 2) for name, tensor in load_file(lora).items()}, file)
    sentence = problem_of(with_loras(tiny, (file, 1.0)))
    start = (
        "the LoRA 'large' does not fit 'tiny': Error(s) in loading state_dict for UNet2DConditionModel: size mismatch "
    )
    assert sentence.startswith(start)
    assert "\n" not in sentence


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
        "this picture was made with the LoRA 'style', which is not known on this machine: "
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


def test_what_lora_means_on_the_command_line(lora: Path, tmp_path: Path) -> None:
    assert resolve_lora(str(lora)) == LoraChoice(path=str(lora), weight=1.0)
    assert resolve_lora(f"{lora}:0.8") == LoraChoice(path=str(lora), weight=0.8)
    assert resolve_lora(f"{lora}:-1") == LoraChoice(path=str(lora), weight=-1.0)
    colon = Path(shutil.copy(lora, tmp_path / "a:2"))
    with pytest.raises(ModelError, match=r"^a:2 is not a \.safetensors file; a LoRA is such a file$"):
        resolve_lora(str(colon))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{dir}", "--lora needs a .safetensors file: '{dir}' is a folder"),
        ("{dir}/none.safetensors", "--lora needs a .safetensors file: there is no file '{dir}/none.safetensors'"),
        ("{dir}/none:0.5", "--lora needs a .safetensors file: there is no file '{dir}/none'"),
        ("{dir}/style.safetensors:1e9", "the weight of a LoRA is a number from -100 to 100, found '1e9'"),
        ("{dir}/style.safetensors:nan", "the weight of a LoRA is a number from -100 to 100, found 'nan'"),
        ("{dir}/style.safetensors", "style.safetensors holds no LoRA: none of its tensors is named like one"),
        (
            "{dir}/loha.safetensors",
            "loha.safetensors is a LyCORIS adapter, not a LoRA: diffusers cannot load it",
        ),
        (
            "{dir}/style.pt",
            "style.pt is a pickle file, which can run code when it is opened: get the .safetensors version",
        ),
    ],
)
def test_a_file_that_is_no_lora_fails_with_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "style.safetensors")
    save_file({"lora_unet_x.hada_w1_a": torch.zeros(2)}, tmp_path / "loha.safetensors")
    (tmp_path / "style.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError) as caught:
        resolve_lora(text.format(dir=tmp_path))
    assert str(caught.value) == sentence.format(dir=tmp_path)


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
        return plan_memory(wanted, values, value_bytes=4, working=0, room=Room(gpu=0, main=0))

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
