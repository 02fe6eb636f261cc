"""The arguments that a pipeline is called with, and the settings that it has no argument for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from engine.rendering.settings import RenderSettings


def call_arguments(
    pipe: Any, settings: RenderSettings, count: int, step_generators: list[torch.Generator]
) -> dict[str, Any]:
    """Return the arguments that render `count` pictures of one prompt, as far as the pipeline takes them.

    Where "true" guidance is on by default (Qwen), `guidance_scale` sets that one, which needs a negative prompt.

    Args:
        pipe: The pipeline.
        settings: What is rendered.
        count: The number of pictures in the batch.
        step_generators: One for each picture.
    """
    parameters = inspect.signature(type(pipe).__call__).parameters
    arguments: dict[str, Any] = {
        "prompt": [settings.prompt] * count,
        "width": settings.width,
        "height": settings.height,
        "num_inference_steps": settings.num_inference_steps,
        "generator": step_generators,
        "output_type": "np",
    }
    if _has_true_guidance(parameters):
        arguments["true_cfg_scale"] = settings.guidance_scale
        arguments["negative_prompt"] = [settings.negative_prompt or " "] * count
    else:
        arguments["guidance_scale"] = settings.guidance_scale
        if settings.negative_prompt:
            arguments["negative_prompt"] = [settings.negative_prompt] * count
    if settings.guidance_rescale:
        arguments["guidance_rescale"] = settings.guidance_rescale
    return {name: value for name, value in arguments.items() if name in parameters}


def ignored_settings(pipe: Any, settings: RenderSettings) -> tuple[str, ...]:
    """Return a warning for each setting that is recorded, but ignored by this pipeline or its scheduler."""
    parameters = inspect.signature(type(pipe).__call__).parameters
    takes_negative = "negative_prompt" in parameters and (
        "true_cfg_scale" not in parameters or _has_true_guidance(parameters)  # without it (Flux) there is no negative
    )
    ignored = {
        "this pipeline takes no negative prompt: it was ignored": settings.negative_prompt and not takes_negative,
        "this pipeline takes no guidance scale: it was ignored": settings.guidance_scale not in (0.0, 1.0)
        and not {"guidance_scale", "true_cfg_scale"} & set(parameters),
        "this pipeline takes no guidance rescale: it was ignored": settings.guidance_rescale
        and "guidance_rescale" not in parameters,
        "this pipeline takes no width and height: they were ignored": not {"width", "height"} <= set(parameters),
        "this scheduler takes no eta: it was ignored": settings.scheduler.eta
        and "eta" not in inspect.signature(pipe.scheduler.step).parameters,
    }
    return tuple(sentence for sentence, is_ignored in ignored.items() if is_ignored)


def _has_true_guidance(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Return whether guidance with a negative prompt is on by default, beside a guidance that is distilled."""
    default = parameters["true_cfg_scale"].default if "true_cfg_scale" in parameters else 0.0
    return isinstance(default, int | float) and default > 1.0
