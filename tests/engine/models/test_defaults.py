"""The defaults of a model: those of its family, and those that its folder brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.defaults import FALLBACK, ModelDefaults, carried_preview
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import FRIENDLY
from tests.support.engine.folders import change_index


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
