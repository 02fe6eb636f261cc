"""One call of a pipeline from initial noise: what rendering and inversion share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.arguments import call_arguments
from engine.diffusion.load import LoadedModel
from engine.diffusion.seams.guidance import set_guider_scale
from engine.diffusion.seams.noise import initial_noise
from engine.rendering.events import Picture
from engine.rendering.settings import RenderSettings


def call_pipeline(
    loaded: LoadedModel,
    noise: torch.Tensor,
    settings: RenderSettings,
    control: Callable[[Any], AbstractContextManager[list[torch.Generator]]],
) -> Any:
    """Call the pipeline of a model with a fresh scheduler, and return its output.

    Whatever is raised in the call leaves the model ready for the next one.

    Args:
        loaded: The model.
        noise: (n, *shape), what the pipeline gets as its initial noise.
        settings: Shared by all n pictures.
        control: Takes the scheduler; the context is open during the call, and yields a generator for each picture.
    """
    pipe = loaded.pipe
    vae = getattr(pipe, "vae", None)
    precision = getattr(vae, "dtype", None)
    pipe.scheduler = loaded.own.build(settings.scheduler)
    set_guider_scale(pipe, settings.guidance_scale)
    try:
        with initial_noise(pipe, noise), control(pipe.scheduler) as step_generators:
            return pipe(**call_arguments(pipe, settings, len(noise), step_generators))
    finally:
        if vae is not None and vae.dtype != precision:  # SDXL decodes in float32, and goes back only at the end
            vae.to(dtype=precision)
        pipe.maybe_free_model_hooks()


def colours_of(output: Any) -> NDArray[np.float32]:
    """Return the pictures of an output, (n, height, width, 3), 0 to 1.

    Transparent parts (Qwen-Image 2.1 draws RGBA) are shown on white.
    """
    images = np.asarray(output.images if hasattr(output, "images") else output.image)  # Kandinsky 5: "image"
    if images.shape[-1] != 4:
        return images
    alpha = np.clip(images[..., 3:], 0.0, 1.0)
    colours: NDArray[np.float32] = images[..., :3] * alpha + (1.0 - alpha)
    return colours


def picture_of(pixels: NDArray[np.uint8]) -> Picture:
    """Return pixels, (height, width, 3), as a picture."""
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.tobytes())


def pixels_of(colours: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return colours in 0..1 as 8-bit pixels; NaN becomes black."""
    pixels: NDArray[np.uint8] = (np.nan_to_num(colours) * 255).round().astype(np.uint8)
    return pixels
