"""The arguments that pipelines of different signatures are called with, and the settings that they ignore."""

from __future__ import annotations

from dataclasses import replace

import diffusers
import pytest

from engine.diffusion.arguments import call_arguments, ignored_settings
from engine.models.defaults import FALLBACK
from tests.support.engine.tiny import SETTINGS


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


class TrueAlone:
    """A pipeline that has no other guidance than the "true" one, which is off by default (Qwen-Image 2.1)."""

    def __call__(self, prompt: object = None, negative_prompt: object = None, true_cfg_scale: float = 1.0) -> None: ...


class Scheduled:
    """A pipeline with one guidance for each step by default, beside which it refuses a scale (Ideogram 4)."""

    def __call__(
        self, prompt: object = None, guidance_scale: object = None, guidance_schedule: object = (7.0, 3.0)
    ) -> None: ...


class Sprint:
    """A pipeline with a time between two steps, which it refuses with other numbers of steps (Sana-Sprint)."""

    def __call__(
        self, prompt: object = None, num_inference_steps: int = 2, intermediate_timesteps: object = 1.3
    ) -> None: ...


class Rewriting:
    """A pipeline that lets a language model rewrite the prompt by default (ERNIE-Image, LongCat-Image)."""

    def __call__(self, prompt: object = None, *, use_pe: bool = True, enable_prompt_rewrite: bool = True) -> None: ...


class Unguided:
    """A pipeline without guidance (Flux2KleinKV)."""

    scheduler = diffusers.DDIMScheduler()

    def __call__(self, prompt: object = None, width: int = 8, height: int = 8) -> None: ...


class Rescaling:
    """A pipeline that can rescale its guidance."""

    def __call__(self, prompt: object = None, guidance_scale: float = 7.5, guidance_rescale: float = 0.0) -> None: ...


def test_guidance_scale_sets_the_guidance_that_is_on_by_default() -> None:
    assert call_arguments(Qwen(), SETTINGS, 2, []) == {
        "prompt": ["a lake"] * 2,
        "negative_prompt": [" "] * 2,
        "true_cfg_scale": 3.0,
    }
    assert call_arguments(Distilled(), SETTINGS, 1, []) == {"prompt": ["a lake"], "guidance_scale": 3.0}
    rescaled = replace(SETTINGS, guidance_rescale=0.7)
    assert call_arguments(Rescaling(), SETTINGS, 1, []) == {"prompt": ["a lake"], "guidance_scale": 3.0}
    assert call_arguments(Rescaling(), rescaled, 1, [])["guidance_rescale"] == 0.7


def test_the_only_guidance_is_the_one_that_is_set() -> None:
    assert call_arguments(TrueAlone(), SETTINGS, 2, []) == {
        "prompt": ["a lake"] * 2,
        "negative_prompt": [" "] * 2,
        "true_cfg_scale": 3.0,
    }
    assert call_arguments(Scheduled(), SETTINGS, 1, []) == {
        "prompt": ["a lake"],
        "guidance_scale": 3.0,
        "guidance_schedule": None,
    }


def test_a_pipeline_for_two_steps_takes_any_number() -> None:
    two = replace(SETTINGS, num_inference_steps=2)
    assert call_arguments(Sprint(), two, 1, []) == {"prompt": ["a lake"], "num_inference_steps": 2}
    assert call_arguments(Sprint(), SETTINGS, 1, []) == {
        "prompt": ["a lake"],
        "num_inference_steps": 4,
        "intermediate_timesteps": None,
    }


def test_no_language_model_rewrites_a_prompt() -> None:
    assert call_arguments(Rewriting(), SETTINGS, 1, []) == {
        "prompt": ["a lake"],
        "use_pe": False,
        "enable_prompt_rewrite": False,
    }


@pytest.mark.parametrize("guidance", [0.0, 1.0, FALLBACK.guidance_scale])
def test_no_guidance_and_that_of_an_unknown_class_are_not_said_to_be_ignored(guidance: float) -> None:
    assert ignored_settings(Unguided(), replace(SETTINGS, guidance_scale=guidance)) == ()


def test_guidance_that_somebody_chose_is_said_to_be_ignored() -> None:
    assert ignored_settings(Unguided(), SETTINGS) == ("this pipeline takes no guidance scale: it was ignored",)
