"""Inversion under what changes the model or its prompt: coarse precisions, LoRA files, weighted prompts, hooks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from diffusers import AutoencoderTiny

from engine.diffusion.load import LoadedModel, load_model
from engine.rendering.requests import LoadModel, LoraChoice, ModelChoice
from tests.support.engine.inversions import calibrate, invert_job, inverted, source_in
from tests.support.engine.tiny import SETTINGS, load_tiny

WEIGHTED = replace(SETTINGS, prompt="a (lake:1.4) [of] ((gold))", prompt_style="a1111", clip_skip=1)


def calibrated(request: LoadModel) -> LoadedModel:
    loaded = load_model(request, lambda _: None)
    calibrate(loaded, SETTINGS)
    return loaded


def test_a_lora_and_a_weighted_prompt_are_those_of_the_rendering(tiny: ModelChoice, lora: Path) -> None:
    choice = replace(tiny, loras=(LoraChoice(path=str(lora), weight=0.8),))
    loaded = calibrated(LoadModel(model=choice, settings=WEIGHTED, device="cpu"))
    result = inverted(loaded, invert_job(WEIGHTED))
    assert source_in(result)["vae_psnr"] > 60.0  # type: ignore[operator]
    assert result.record.settings["prompt_style"] == "a1111"
    assert result.record.settings["model"]["loras"][0]["weight"] == 0.8  # type: ignore[index, call-overload]


@pytest.mark.parametrize("scheduler", ["ddim", "euler", "dpm++ 2m"])
def test_bfloat16_repeats_a_photograph_as_well_as_it_can(tiny: ModelChoice, scheduler: str) -> None:
    loaded = calibrated(LoadModel(model=tiny, settings=SETTINGS, device="cpu", dtype="bfloat16"))
    source = source_in(inverted(loaded, invert_job(SETTINGS, scheduler)))
    assert source["vae_psnr"] > 40.0  # type: ignore[operator]


def test_a_tiny_autoencoder_may_be_that_of_the_model(tiny: ModelChoice) -> None:
    loaded, blocks = load_tiny(tiny), (8, 8)
    loaded.pipe.vae = AutoencoderTiny(
        encoder_block_out_channels=blocks,
        decoder_block_out_channels=blocks,
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).eval()
    calibrate(loaded, SETTINGS)
    assert source_in(inverted(loaded, invert_job()))["vae_psnr"] > 40.0  # type: ignore[operator]


def test_offloaded_parts_are_freed_after_every_call(tiny: ModelChoice, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, freed = load_tiny(tiny), Mock()
    monkeypatch.setattr(loaded.pipe, "maybe_free_model_hooks", freed)
    calls = Mock(wraps=loaded.pipe.unet.forward)
    monkeypatch.setattr(loaded.pipe.unet, "forward", calls)
    inverted(loaded, invert_job())
    assert calls.called
    assert freed.call_count > 1
