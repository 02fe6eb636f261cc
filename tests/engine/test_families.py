"""The same law for other families: two text encoders, a flow transformer, packed latents; and single files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.diffusion.loading import LoadedModel
from engine.diffusion.render import BatchRenderer, NoiseKind, call_arguments
from engine.errors import InvalidRequest
from engine.events import Picture
from engine.models import resolve_model
from engine.schedulers import scheduler_settings
from latentpng.noise import gauss1
from tests.engine.families import FAMILIES, build_family
from tests.engine.tiny import SETTINGS, load_tiny


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tmp_path_factory.mktemp("families") / request.param
    build_family(request.param).save_pretrained(folder)
    return load_tiny(resolve_model(str(folder)))


def some_scheduler(loaded: LoadedModel, stochastic: bool) -> str:
    if loaded.own.is_flow:
        return "DPM++ 2M SDE" if stochastic else "Euler"
    return "Euler a" if stochastic else "DDIM"


@pytest.mark.parametrize("stochastic", [False, True])
def test_same_noise_and_slot_same_pixels(loaded: LoadedModel, stochastic: bool) -> None:
    renderer = BatchRenderer(loaded)
    settings = replace(SETTINGS, scheduler=scheduler_settings(some_scheduler(loaded, stochastic)))
    assert renderer.noise_kind(settings) == NoiseKind(shape=(4, 16, 16), axes="CHW")
    noise = np.stack([gauss1(5, stream, 1024).reshape(4, 16, 16) for stream in range(4)]).astype(np.float16)
    previews: list[tuple[Picture, ...]] = []
    first = renderer.render(noise[:3], settings, lambda _: None, previews.append)
    other = renderer.render(noise[[3, 1, 0]], settings, lambda _: None)
    np.testing.assert_array_equal(first.pixels[1], other.pixels[1])
    assert not np.array_equal(first.pixels[0], first.pixels[1])
    assert not any((*first.warnings, *other.warnings))
    assert [len(pictures) for pictures in previews] == [3, 3, 3]


def test_every_scheduler_that_a_flow_model_names_runs(loaded: LoadedModel) -> None:
    """Those of the others are tested in `test_render`."""
    renderer = BatchRenderer(loaded)
    noise = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
    for name in loaded.own.usable if loaded.own.is_flow else ():
        settings = replace(SETTINGS, scheduler=scheduler_settings(name))
        assert not any(renderer.render(noise, settings, lambda _: None).warnings), name


def test_flow_models_refuse_schedulers_of_the_others(loaded: LoadedModel) -> None:
    wrong = "DDIM" if loaded.own.is_flow else "FlowMatchEulerDiscrete"
    with pytest.raises(InvalidRequest, match=f"^this model cannot use the scheduler {wrong}; it can use D"):
        loaded.own.build(scheduler_settings(wrong))


class Qwen:
    """A pipeline whose guidance is the "true" one by default."""

    def __call__(
        self,
        prompt: object = None,
        negative_prompt: object = None,
        true_cfg_scale: float = 4.0,
        guidance_scale: object = None,
    ) -> None: ...


class Distilled:
    """A pipeline that has true guidance, but not by default."""

    def __call__(self, prompt: object = None, true_cfg_scale: float = 1.0, guidance_scale: float = 3.5) -> None: ...


def test_guidance_means_what_the_pipeline_does_by_default() -> None:
    assert call_arguments(Qwen(), SETTINGS, 2, []) == {
        "prompt": ["a lake"] * 2,
        "negative_prompt": [" "] * 2,
        "true_cfg_scale": 3.0,
    }
    assert call_arguments(Distilled(), SETTINGS, 1, []) == {"prompt": ["a lake"], "guidance_scale": 3.0}
