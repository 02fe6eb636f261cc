"""Inversion of a photograph with the trained model that ships: what it costs and how well it repeats, by scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.diffusion.load import LoadedModel, load_model
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import scheduler_settings
from engine.rendering.requests import InversionWay, InvertJob, LoadModel
from latentpng.record import JsonObject
from tests.support.engine.inversions import as_epsilon_model, inverted, source_in

pytestmark = pytest.mark.slow

PHOTO = Path(__file__).parents[3] / "cases" / "photos" / "cat.jpg"
FOUR_RENDERINGS = 4 * 2 * 12
"""Evaluations of four renderings with guidance in twelve steps."""
SETTINGS = defaults_of(resolve_model("")).settings("a cat", scheduler_settings("ddim"))
SCHEDULERS = ("ddim", "euler", "dpm++ 2m", "dpm++ 2m karras", "dpmpp_2m, solver_order=3")


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_model(LoadModel(model=resolve_model(""), settings=SETTINGS, device="cpu"), lambda _: None)


@pytest.fixture
def predicts_noise(loaded: LoadedModel) -> Iterator[LoadedModel]:
    loaded.pipe.scheduler = loaded.own.build(scheduler_settings(""))
    handle = as_epsilon_model(loaded.pipe)
    yield loaded
    handle.remove()


def source_of(loaded: LoadedModel, scheduler: str, way: InversionWay = InversionWay.EXACT) -> JsonObject:
    settings = replace(SETTINGS, scheduler=scheduler_settings(scheduler))
    with Image.open(PHOTO) as image:
        rgb = np.array(image.convert("RGB").resize((settings.width, settings.height))).tobytes()
    job = InvertJob(job=1, width=settings.width, height=settings.height, rgb=rgb, settings=settings, way=way, seed=7)
    return source_in(inverted(loaded, job))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_photograph_is_repeated_in_the_time_of_four_renderings(loaded: LoadedModel, scheduler: str) -> None:
    source = source_of(loaded, scheduler)
    assert source["vae_psnr"] > 40.0  # type: ignore[operator]
    assert source["evaluations"] <= FOUR_RENDERINGS  # type: ignore[operator]


@pytest.mark.parametrize("scheduler", ["ddim", "euler", "dpm++ 2m"])
def test_a_model_that_predicts_noise_repeats_it_too(predicts_noise: LoadedModel, scheduler: str) -> None:
    source = source_of(predicts_noise, f"{scheduler}, prediction_type=epsilon")
    assert source["vae_psnr"] > 30.0  # type: ignore[operator]
    assert source["evaluations"] <= FOUR_RENDERINGS  # type: ignore[operator]


def test_the_free_way_repeats_less_exactly(loaded: LoadedModel) -> None:
    exact, free = source_of(loaded, "ddim"), source_of(loaded, "ddim", InversionWay.FREE)
    assert 20.0 < free["vae_psnr"] < exact["vae_psnr"]  # type: ignore[operator]
