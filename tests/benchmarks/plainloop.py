"""The baseline of the grid benchmarks: a diffusers pipeline called as its manual says.

Run as a program, it is a child of `engine_grid` and `engine_levers` (`paired.Child`).  Pictures are decoded one by one,
and the process has the niceness of warmer's worker, so that other programs slow both alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline

from engine.diffusion.schedulers import OwnScheduler
from engine.rendering.settings import RenderSettings
from latentpng.noise.replay import replay
from tests.benchmarks.gridtask import COUNT, MODEL, SETTINGS, TASKS
from tests.benchmarks.paired import serve


class PlainPipeline:
    """A pipeline and the arguments of its calls.

    Attributes:
        pipe: The diffusers pipeline.
        more: Number of pictures in a call -> further arguments of that call.
    """

    def __init__(
        self,
        pipe: Any,
        settings: RenderSettings,
        noise: Callable[[int, int], Mapping[str, Any]],
        more: Callable[[int], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        """Prepare a pipeline.

        Args:
            pipe: The diffusers pipeline.
            settings: The settings of every picture.
            noise: (first, end) -> the arguments that set the noise of the pictures first to end - 1.
            more: Number of pictures in a call -> further arguments of that call.
        """
        self.pipe, self.more = pipe, more
        self._settings, self._noise = settings, noise
        pipe.set_progress_bar_config(disable=True)
        pipe.vae.enable_slicing()

    def job(self, batch: str) -> bytes:
        """Return the RGB bytes of all pictures, rendered in calls of `batch` pictures, a number in decimal digits."""
        size = int(batch)
        return b"".join(self._call(first, size) for first in range(0, COUNT, size))

    def _call(self, first: int, size: int) -> bytes:
        images = self.pipe(
            self._settings.prompt,
            num_images_per_prompt=size,
            num_inference_steps=self._settings.num_inference_steps,
            guidance_scale=self._settings.guidance_scale,
            width=self._settings.width,
            height=self._settings.height,
            output_type="np",
            **self._noise(first, first + size),
            **self.more(size),
        ).images
        pixels: bytes = (np.nan_to_num(images) * 255).round().astype(np.uint8).tobytes()
        return pixels


def embedded() -> PlainPipeline:
    """Return the embedded model with the noise of all pictures, which is (8, 4, 16, 16), float32."""
    pipe = DiffusionPipeline.from_pretrained(MODEL.path, use_safetensors=True, dtype=torch.float32)
    pipe.scheduler = OwnScheduler.of(pipe).build(SETTINGS.scheduler)
    latents = torch.from_numpy(np.stack([replay(task.lineage, (4, 16, 16), "CHW") for task in TASKS])).float()
    return PlainPipeline(pipe, SETTINGS, lambda first, end: {"latents": latents[first:end]})


if __name__ == "__main__":
    os.nice(10)
    serve(embedded().job)
