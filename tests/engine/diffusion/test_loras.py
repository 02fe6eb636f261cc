"""LoRA files beside the weights, and LoHa, LoKr and differences that are added to them."""

from __future__ import annotations

import hashlib
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.compare import differing_conditions
from engine.diffusion.load import load_model, replace_loras, serves
from engine.diffusion.main import Worker
from engine.errors import ModelError
from engine.models.find import model_identity, same_weights
from engine.rendering.requests import ModelChoice
from engine.worker.wire import Wire
from tests.support.engine.adapters import ATTENTION, kohya, loha, named, write
from tests.support.engine.loading import (
    load,
    picture_of,
    problem_of,
    record_by,
    rendered_by,
    request_for,
    with_loras,
)
from tests.support.engine.overlays import kohya_lora, merged_by_hand, peft_lora

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


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
        with pytest.raises(ModelError, match=r"^the LoRA 'large' does not fit 'tiny': the layer "):
            worker._model_for(request_for(with_loras(tiny, (large, 1.0))))
        fresh = worker._model_for(request_for(tiny))
        assert fresh.pipe is not first.pipe
        assert fresh.choice.loras == ()


def test_a_lora_of_another_family_is_refused_by_its_shapes(
    tiny: ModelChoice, lora: Path, flux: ModelChoice, sdxl: ModelChoice, tmp_path: Path
) -> None:
    assert problem_of(with_loras(flux, (lora, 1.0))) == (
        "the LoRA 'pytorch_lora_weights' changes nothing in 'flux-1': it belongs to another family"
    )
    layer = kohya(f"{ATTENTION}.attn2.to_k")
    tensors = {f"{layer}.lora_down.weight": torch.zeros(2, 768), f"{layer}.lora_up.weight": torch.zeros(16, 2)}
    old = write(tmp_path / "ink.safetensors", tensors)
    assert problem_of(with_loras(sdxl, (old, 1.0))) == (
        "the LoRA 'ink' does not fit 'sdxl': it is made for Stable Diffusion 1, the model is SDXL "
        f"(the layer {layer} takes 768 values, the model's 32)"
    )
    assert problem_of(with_loras(flux, (old, 1.0))) == (
        "the LoRA 'ink' does not fit 'flux-1': it is made for Stable Diffusion 1, the model is Flux.1"
    )
    parts, _ = loha((16, 16))
    other = write(tmp_path / "other.safetensors", named("lora_unet_somewhere", parts))
    assert problem_of(with_loras(flux, (other, 1.0))) == (
        "the LoRA 'other' changes nothing in 'flux-1': none of its 1 layers is one of the model's"
    )
    assert problem_of(with_loras(tiny, (old, 1.0))) == (
        f"the LoRA 'ink' does not fit 'tiny': the layer {layer} takes 768 values, the model's 16"
    )


def test_a_lora_that_fits_in_part_is_loaded_with_a_sentence(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    """A text encoder that the model has not, or a block: once beside the weights, once in them."""
    whole = load_file(lora)
    more = {f"text_encoder_2.layers.0.self_attn.q_proj.lora_{half}.weight": torch.zeros(2, 2) for half in "AB"}
    beside = write(tmp_path / "beside.safetensors", whole, more)
    parts, _ = loha((16, 16))
    merged = write(
        tmp_path / "merged.safetensors",
        named(kohya(f"{ATTENTION}.attn1.to_q"), parts),
        named(kohya("layers.0.self_attn.q_proj", "te2"), parts),
    )
    layers = len(whole) // 2
    for file, used, stored in ((beside, layers, layers + 1), (merged, 1, 2)):
        rendered = rendered_by(load(with_loras(tiny, (file, 1.0))))
        sentence = f"the LoRA '{file.stem}' was used in part: 'tiny' has {used} of its {stored} layers"
        assert rendered.warning == sentence
        assert rendered.record.settings["warnings"] == [sentence]
    assert rendered_by(load(with_loras(tiny, (lora, 1.0)))).warning == ""
