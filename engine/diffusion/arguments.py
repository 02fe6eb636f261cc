"""The arguments that a pipeline is called with, and the settings that it has no argument for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch

from engine.diffusion.seams.guidance import guiders_of, has_guider_slot
from engine.models.defaults import class_defaults
from engine.rendering.settings import RenderSettings

_GUIDANCE = ("guidance_scale", "distilled_guidance_scale")
"""Arguments for the guidance scale."""
_NO_REWRITING = MappingProxyType({"use_pe": False, "enable_prompt_rewrite": False})
"""Arguments of pipelines that let a language model write another prompt (ERNIE-Image, LongCat-Image) by default.

Each picture of a batch would get its own, drawn at random: what a picture's file says would not be what was drawn.
"""
_NO_GUIDANCE = (0.0, 1.0)
_SPRINT_STEPS = 2
_ONE_TEXT = ("DreamLitePipeline", "DreamLiteMobilePipeline")
"""Pipelines whose prompt is a text, and no list of them."""


def call_arguments(
    pipe: Any, settings: RenderSettings, count: int, step_generators: list[torch.Generator]
) -> dict[str, Any]:
    """Return the arguments that render `count` pictures of one prompt, as far as the pipeline takes them.

    Where "true" guidance is on by default (Qwen), or is all there is (Qwen-Image 2.1), `guidance_scale` sets that one,
    which needs a negative prompt.

    Args:
        pipe: The pipeline.
        settings: What is rendered.
        count: The number of pictures in the batch.
        step_generators: One for each picture.
    """
    parameters = _parameters(pipe)
    arguments: dict[str, Any] = {
        "prompt": [settings.prompt] * count,
        "width": settings.width,
        "height": settings.height,
        "num_inference_steps": settings.num_inference_steps,
        "generator": step_generators,
        "output_type": "np",
        _guidance_of(parameters): settings.guidance_scale,
        "guidance_schedule": None,  # Ideogram 4: one guidance for each step, in place of a scale
        **_NO_REWRITING,
    }
    if settings.negative_prompt or _has_true_guidance(parameters):
        arguments["negative_prompt"] = [settings.negative_prompt or " "] * count
    if settings.guidance_rescale:
        arguments["guidance_rescale"] = settings.guidance_rescale
    if settings.num_inference_steps != _SPRINT_STEPS:
        arguments["intermediate_timesteps"] = None  # Sana-Sprint: the time between its steps, if there are two
    if type(pipe).__name__ in _ONE_TEXT and count == 1:
        for name in ("prompt", "negative_prompt") if settings.negative_prompt else ("prompt",):
            arguments[name] = arguments[name][0]
    return {name: value for name, value in arguments.items() if name in parameters}


def ignored_settings(pipe: Any, settings: RenderSettings) -> tuple[str, ...]:
    """Return a warning for each setting that is recorded, but ignored by this pipeline or its scheduler.

    Args:
        pipe: The pipeline; it has rendered a picture with these settings.
        settings: What was rendered.
    """
    parameters, takes_negative = _parameters(pipe), _takes_negative(pipe)
    takes_guidance = _guidance_of(parameters) in parameters or bool(guiders_of(pipe))
    ignored = {
        "this pipeline takes no negative prompt: it was ignored": settings.negative_prompt and not takes_negative,
        "this guidance scale turns guidance off, so the negative prompt was ignored": (
            settings.negative_prompt and takes_negative and not _is_guided(pipe, settings)
        ),
        "this pipeline takes no guidance scale: it was ignored": not takes_guidance
        and settings.guidance_scale not in (*_NO_GUIDANCE, class_defaults(type(pipe).__name__).guidance_scale),
        "this pipeline takes no guidance rescale: it was ignored": settings.guidance_rescale
        and "guidance_rescale" not in parameters,
        "this pipeline takes no width and height: they were ignored": not {"width", "height"} <= set(parameters),
        "this scheduler takes no eta: it was ignored": settings.scheduler.eta
        and "eta" not in inspect.signature(pipe.scheduler.step).parameters,
    }
    return tuple(sentence for sentence, is_ignored in ignored.items() if is_ignored)


def _parameters(pipe: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(type(pipe).__call__).parameters


def _guidance_of(parameters: Mapping[str, inspect.Parameter]) -> str:
    """Return the name of the argument that says how strictly the prompt is followed."""
    if _has_true_guidance(parameters):
        return "true_cfg_scale"
    return next((name for name in _GUIDANCE if name in parameters), _GUIDANCE[0])


def _has_true_guidance(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Return whether guidance with a negative prompt is on by default, or is the only guidance."""
    if "true_cfg_scale" not in parameters:
        return False
    default = parameters["true_cfg_scale"].default
    return "guidance_scale" not in parameters or (isinstance(default, int | float) and default > 1.0)


def _takes_negative(pipe: Any) -> bool:
    parameters = _parameters(pipe)
    if "negative_prompt" not in parameters:
        return False
    if has_guider_slot(pipe):
        return bool(guiders_of(pipe))  # a distilled HunyuanImage has none
    return "true_cfg_scale" not in parameters or _has_true_guidance(
        parameters
    )  # without it (Flux) there is no negative


def _is_guided(pipe: Any, settings: RenderSettings) -> bool:
    """Return whether the last picture was guided away from its negative prompt, as far as is known."""
    if _has_true_guidance(_parameters(pipe)):
        return settings.guidance_scale > 1.0
    return bool(getattr(pipe, "do_classifier_free_guidance", True))
