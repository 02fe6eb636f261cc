"""Edits: what changes, what is recorded, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.edit import (
    EDITING,
    Edit,
    edited,
    edited_picture,
    is_edit,
    options_before,
    record_at,
    without_edits,
)
from engine.edit_noise import noise_notice, other_noise_notice
from engine.errors import InvalidRequestError, ModelError, UnknownModelError
from engine.models.find import model_identity, remember_model
from engine.options import Options
from engine.rendering.events import ModelReady
from engine.rendering.requests import LoadModel, LoraChoice
from engine.target import Target, target_for_prompt, target_for_record
from latentpng.ancestors import settings_at
from latentpng.noise.replay import record_of, replay
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Round, SeedRoot, TensorRoot
from tests.support.engine.folders import change_index, empty_home, model_folder, tensors
from tests.support.latentpng.pictures import altered

PICK = Round(seed=5, scale=0.5, of=4, marks=(2,))
SIZE_OF_NOISE = (4, 16, 16)
"""Of the pictures below, which have 128 x 128 pixels."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory."""
    return empty_home(tmp_path, monkeypatch)


@pytest.fixture
def sd(tmp_path: Path) -> Path:
    """The folders of A1111, with a model of Stable Diffusion, two LoRA files and a textual inversion."""
    root = tmp_path / "sd"
    model_folder(root / "models" / "Stable-diffusion" / "lakes")
    tensors(root / "models" / "Lora" / "ink.safetensors", ("lora_up.weight",))
    tensors(root / "models" / "Lora" / "moss.safetensors", ("lora_down.weight",))
    tensors(root / "embeddings" / "mist.safetensors", ("emb_params",))
    return root


def lakes(sd: Path, **more: object) -> Options:
    return Options(model=str(sd / "models/Stable-diffusion/lakes"), size=(128, 128), **more)  # type: ignore[arg-type]  # by name


def record_with(settings: JsonObject, *rounds: Round) -> LatentRecord:
    lineage = Lineage(root=SeedRoot(seed=7), rounds=rounds)
    noise = replay(lineage, SIZE_OF_NOISE, "CHW")
    return record_of(lineage, noise, axes="CHW", settings=settings, software={"device": "cpu"})


def made(options: Options, prompt: str, *rounds: Round) -> LatentRecord:
    """Return a record as the worker writes it, with the model remembered."""
    target = target_for_prompt(options, prompt)
    identity = model_identity(target.load.model)
    remember_model(target.load.model, identity)
    return record_with({**target.settings.to_json(), "model": identity, "slot": [1, 0]}, *rounds)


def rendered(record: LatentRecord, round_: Round, load: LoadModel) -> LatentRecord:
    """Return the record of the picture after an edit, as the worker writes it."""
    identity = model_identity(load.model)
    remember_model(load.model, identity)
    settings = {**load.settings.to_json(), "model": identity, "slot": [1, 0]}
    return record_with(settings, *record.lineage.rounds, round_)


EDITS: tuple[tuple[Edit, dict[str, Json], dict[str, Json]], ...] = (
    (Edit(prompt="a sea"), {"prompt": "a sea"}, {"prompt": "a lake"}),
    (Edit(negative_prompt="fog"), {"negative_prompt": "fog"}, {"negative_prompt": None}),
    (Edit(num_inference_steps=30, guidance_scale=4), {"steps": 30, "guidance": 4}, {"steps": 6, "guidance": 2.5}),
    (
        Edit(scheduler="Euler a"),
        {"scheduler": {"name": "EulerAncestralDiscreteScheduler"}},
        {"scheduler": {"name": "UniPCMultistepScheduler"}},
    ),
    (Edit(scheduler=""), {"scheduler": None}, {"scheduler": {"name": "UniPCMultistepScheduler"}}),
    (Edit(size=(192, 128)), {"width": 192}, {"width": 128}),
    (Edit(clip_skip=2), {"clip_skip": 2}, {"clip_skip": None}),
    (Edit(prompt_style="comfyui"), {"prompt_style": "comfyui"}, {"prompt_style": None}),
)


@pytest.mark.parametrize(("edit", "after", "before"), EDITS)
def test_an_edit_records_what_changes_and_what_it_replaced(
    edit: Edit, after: dict[str, Json], before: dict[str, Json]
) -> None:
    record = made(Options(), "a lake", PICK)
    found = edited(Options(), record, edit)
    assert found.round_.settings == after
    assert found.round_.before == before
    assert (found.round_.seed, found.round_.scale, found.round_.of, found.round_.marks) == (0, 0.0, 1, (0,))
    assert found.variant.settings.step_seed == target_for_record(Options(), record).settings.step_seed
    child = rendered(record, found.round_, found.variant.load)
    assert {key: child.settings.get(key) for key in after} == after
    old = {key: value for key, value in record.settings.items() if key != "slot"}
    assert settings_at(child, 2) == child.settings
    assert settings_at(child, 1) == settings_at(child, 0) == old
    assert target_for_record(Options(), record_at(child, 1)).settings == target_for_record(Options(), record).settings


def test_the_edits_of_an_edit_lead_back_step_by_step() -> None:
    record, ways = made(Options(), "a lake"), []
    for edit in (Edit(prompt="a sea"), Edit(num_inference_steps=3), Edit(prompt="a lake"), Edit(negative_prompt="x")):
        ways.append(record.settings)
        found = edited(Options(), record, edit)
        record = rendered(record, found.round_, found.variant.load)
    for rounds, settings in enumerate(ways):
        assert settings_at(record, rounds) == {key: value for key, value in settings.items() if key != "slot"}


@pytest.mark.parametrize(
    "edit", [Edit(), Edit(prompt="a lake"), Edit(num_inference_steps=6), Edit(model="embedded", loras=("none",))]
)
def test_an_edit_that_changes_nothing_is_refused(edit: Edit) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        edited(Options(), made(Options(), "a lake"), edit)
    assert str(caught.value) == "nothing changes: the picture has these settings already"


def test_what_was_asked_for_at_the_start_does_not_undo_an_earlier_edit() -> None:
    start = Options(num_inference_steps=5, negative_prompt="fog", device="cpu", memory="resident")
    record = made(Options(), "a lake")
    found = edited(start, record, Edit(prompt="a sea"))
    assert found.round_.settings == {"prompt": "a sea"}
    assert (found.variant.load.device, found.variant.load.memory) == ("cpu", "resident")
    assert not is_edit(without_edits(start))
    assert is_edit(start)
    assert {name for name in EDITING if getattr(Options(), name) in (None, "", ())} == EDITING


def test_nothing_is_loaded_again_when_only_the_words_change(sd: Path) -> None:
    now = target_for_prompt(lakes(sd), "a lake <lora:ink:0.8>").load
    record = made(lakes(sd), "a lake <lora:ink:0.8>")
    found = edited(lakes(sd), record, Edit(prompt="a sea", num_inference_steps=3), now)
    assert found.variant.load == replace(now, settings=found.variant.settings)
    assert found.variant.load.load_key == now.load_key
    other = edited(lakes(sd), record, Edit(loras=("none",)), now).variant.load
    assert other == replace(now, model=replace(now.model, loras=()))


def test_an_edited_prompt_is_read_like_a_new_one(sd: Path) -> None:
    record = made(lakes(sd), "a lake <lora:ink:0.8>")
    found = edited(Options(), record, Edit(prompt="a mist, <lora:ink:0.3> <lora:moss> <lora:none:1>"))
    loras = {Path(lora.path).stem: lora.weight for lora in found.variant.load.model.loras}
    assert loras == {"ink": 0.3, "moss": 1.0}
    assert [choice.word for choice in found.variant.load.model.embeddings] == ["mist"]
    assert found.variant.settings.prompt == "a mist,   <lora:none:1>"
    assert sorted(found.round_.settings) == ["model", "prompt"]
    assert found.notice.startswith("the LoRA 'none' of the prompt is unknown")
    child = rendered(record, found.round_, found.variant.load)
    back = target_for_record(Options(), record_at(child, 0))
    assert back.load.model.loras == (LoraChoice(path=str(sd / "models/Lora/ink.safetensors"), weight=0.8),)
    assert back.load.model.embeddings == ()
    again = edited(Options(), child, Edit(prompt="a sea"))
    assert again.variant.load.model.embeddings == (), "the new words do not name it"
    assert {lora.weight for lora in again.variant.load.model.loras} == {0.3, 1.0}, "they were not asked to go"


def test_the_words_of_a_prompt_that_stays_load_nothing_new(sd: Path) -> None:
    record = made(lakes(sd), "a moor <lora:later:1>")
    tensors(sd / "models" / "Lora" / "later.safetensors", ("lora_up.weight",), byte=b"\3")
    tensors(sd / "embeddings" / "moor.safetensors", ("emb_params",), byte=b"\3")
    found = edited(Options(), record, Edit(negative_prompt="mist"))
    assert found.round_.settings["negative_prompt"] == "mist"
    assert found.variant.load.model.loras == ()
    assert [choice.word for choice in found.variant.load.model.embeddings] == ["mist"]


def test_a_prompt_that_cannot_be_read_is_refused(sd: Path) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        edited(Options(), made(lakes(sd), "a lake"), Edit(prompt="a cat AND a dog"))
    assert str(caught.value) == (
        "the prompt joins prompts with AND, which warmer cannot do: write and in small letters, "
        "or add --prompt-style plain"
    )


def test_loras_and_weights_are_part_of_the_model(sd: Path) -> None:
    ink, moss = (str(sd / "models" / "Lora" / f"{name}.safetensors") for name in ("ink", "moss"))
    record = made(lakes(sd, loras=(f"{ink}:0.5",)), "a lake")
    found = edited(Options(), record, Edit(loras=(f"{ink}:0.9", moss)))
    before, after = found.round_.before["model"], found.round_.settings["model"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert [(entry["name"], entry["weight"]) for entry in before["loras"]] == [("ink", 0.5)]
    assert [(entry["name"], entry["weight"]) for entry in after["loras"]] == [("ink", 0.9), ("moss", 1.0)]
    assert found.notice == "", "what was asked for need not be said"
    with pytest.raises(ModelError) as caught:
        edited(Options(), record, Edit(loras=("nowhere",)))
    assert str(caught.value).startswith("--lora needs a .safetensors file: there is no file 'nowhere'")


def test_the_style_of_a_prompt_follows_the_family(sd: Path, tmp_path: Path) -> None:
    plain = made(Options(), "a (lake:1.2)")
    found = edited(Options(), plain, Edit(model=str(sd / "models/Stable-diffusion/lakes")))
    assert found.variant.settings.prompt_style == "a1111"
    assert found.round_.settings["prompt_style"] == "a1111"
    assert found.round_.before["prompt_style"] is None
    change_index(model_folder(tmp_path / "flux"), _class_name="FluxPipeline")
    weighted = made(lakes(sd), "a (lake:1.2)")
    found = edited(Options(), weighted, Edit(model=str(tmp_path / "flux")))
    assert (found.round_.settings["prompt_style"], found.round_.before["prompt_style"]) == (None, "a1111")
    chosen = made(lakes(sd, prompt_style="plain"), "a (lake:1.2)")
    other = model_folder(tmp_path / "other")
    tensors(other / "unet" / "more.safetensors", ("more",))
    assert target_for_record(Options(model=str(other)), chosen).settings.prompt_style == "plain", "it was a choice"


def test_a_size_draws_the_noise_of_a_seed_anew() -> None:
    record = made(Options(), "a lake", Round(seed=3, scale=0.5, bands=(1.0, 0.5, 0.25)))
    found = edited(Options(), record, Edit(size=(192, 128)))
    assert found.notice == "at 192x128 the noise is drawn anew from the same seeds, so expect a different picture"
    with pytest.raises(InvalidRequestError) as caught:
        edited(Options(), record, Edit(size=(256, 256)))
    assert str(caught.value) == (
        "the size cannot change to 256x256: the rounds of this picture move 3 octaves of its noise, and at that size "
        "there are 4; choose a size whose shorter side is about as long as now"
    )
    assert edited(Options(), made(Options(), "a lake", PICK), Edit(size=(256, 256))).round_.settings["height"] == 256


def test_a_region_that_has_more_cells_than_the_noise_at_a_size_is_refused() -> None:
    fine = replace(PICK, region="/".join(["1" * 12] * 11 + ["0" * 12]))
    record = made(Options(), "a lake", fine)
    assert edited(Options(), record, Edit(size=(96, 96))).round_.settings["height"] == 96
    with pytest.raises(InvalidRequestError) as caught:
        edited(Options(), record, Edit(size=(128, 80)))
    assert str(caught.value) == (
        "the size cannot change to 128x80: the rounds of this picture move parts of it that are drawn in 12 x 12 "
        "cells, and at that size its noise has 10 x 16; choose a larger size"
    )


def test_stored_noise_has_one_size() -> None:
    record = made(Options(), "a lake")
    stored = replay(record.lineage, SIZE_OF_NOISE, "CHW")
    record = record_of(Lineage(root=TensorRoot()), stored, axes="CHW", root_tensor=stored, settings=record.settings)
    assert edited(Options(), record, Edit(prompt="a sea")).round_.settings == {"prompt": "a sea"}
    with pytest.raises(InvalidRequestError) as caught:
        edited(Options(), record, Edit(size=(192, 128)))
    assert str(caught.value) == (
        "the size cannot change to 192x128: the noise of this picture is stored and has no seed, so it exists at one "
        "size only"
    )


def test_a_model_with_noise_of_another_shape_is_noticed() -> None:
    record = made(Options(), "a lake")
    load = target_for_record(Options(), record).load
    same = ModelReady(
        request=load, noise_shape=SIZE_OF_NOISE, noise_axes="CHW", pipeline="", schedulers=(), device="", dtype=""
    )
    other = replace(same, noise_shape=(16, 16, 16))
    sentence = (
        "this model starts from noise of 16 x 16 x 16 values and the picture from 4 x 16 x 16: the noise is drawn anew "
        "from the same seeds, so expect a different picture"
    )
    assert noise_notice(record, same) == other_noise_notice(same, same) == ""
    assert noise_notice(record, other) == other_noise_notice(same, other) == sentence
    settings = replace(load.settings, width=256)
    larger = replace(same, request=replace(load, settings=settings), noise_shape=(4, 16, 32))
    assert noise_notice(record, larger) == other_noise_notice(same, larger) == "", "that is said already"


def test_stored_noise_is_not_said_to_be_drawn_anew() -> None:
    noise = replay(Lineage(root=SeedRoot(seed=7)), SIZE_OF_NOISE, "CHW")
    stored = record_of(Lineage(root=TensorRoot()), noise, axes="CHW", root_tensor=noise)
    stored = altered(stored, settings=made(Options(), "a lake").settings)
    ready = ModelReady(
        request=target_for_record(Options(), stored).load,
        noise_shape=(16, 16, 16),
        noise_axes="CHW",
        pipeline="",
        schedulers=(),
        device="",
        dtype="",
    )
    assert noise_notice(stored, ready) == ""


def test_a_picture_that_records_no_weights_keeps_its_model() -> None:
    model: dict[str, Json] = {"name": "lakes", "hash": "6ce0161689"}
    settings: dict[str, Json] = {"prompt": "a cat", "width": 128, "height": 128, "scheduler": {"name": "restart"}}
    record = record_with({**settings, "model": model})
    plain = edited_picture(Options(model="embedded", scheduler="DDIM"), record)
    (round_,) = plain.rounds
    assert dict(round_.settings) == {"scheduler": {"name": "DDIMScheduler"}}
    assert dict(round_.before) == {"scheduler": {"name": "restart"}}
    known = altered(record, settings={**settings, "scheduler": {"name": "Euler"}, "model": model})
    assert edited_picture(Options(model="embedded"), known).rounds == (), "the option says which model is meant"
    assert edited_picture(Options(model="embedded", prompt="a dog"), known).rounds[0].before == {"prompt": "a cat"}


def test_quantised_weights_are_no_edit(sd: Path) -> None:
    record = made(lakes(sd), "a lake")
    assert edited_picture(Options(memory="8bit"), record).rounds == ()
    found = edited_picture(Options(memory="8bit", prompt="a sea"), record)
    assert found.rounds[0].settings == {"prompt": "a sea"}
    assert found.target.notice == (
        "some conditions differ from when this picture was made: quantisation none then, 8bit now"
    )


def test_a_model_that_is_gone_stays_replaced_by_the_one_that_was_chosen(sd: Path) -> None:
    record = made(Options(), "a lake")
    gone = altered(record, settings={**record.settings, "model": {"name": "gone", "fingerprint": "0" * 64}})
    chosen = lakes(sd)
    with pytest.raises(UnknownModelError):
        edited(Options(), gone, Edit(prompt="a sea"))
    found = edited(chosen, gone, Edit(prompt="a sea"))
    assert found.variant.load.model.name == "lakes"
    assert options_before(chosen, gone) == replace(chosen, size=())
    assert options_before(chosen, record) == Options()
    assert options_before(Options(num_inference_steps=3), record) == Options()


def test_the_settings_of_a_target_are_those_of_the_record_when_nothing_is_asked_for() -> None:
    record = made(Options(), "a lake", PICK)
    picture = edited_picture(Options(device="cpu", strict=True), record)
    assert (picture.rounds, picture.lineage) == ((), record.lineage)
    assert isinstance(picture.target, Target)
    assert record_at(record, 1) is record
    assert record_at(record, 0).lineage == record.lineage.ancestor(0)
