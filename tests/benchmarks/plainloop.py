"""Diffusers as its manual says: what a user would write.  As a program, a child of `engine_grid`.

Pictures are decoded one by one, as ours are; it is as nice as our worker, so that others take from both alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline

from engine.rendering.settings import RenderSettings
from latentpng.noise.replay import replay
from tests.benchmarks.gridtask import COUNT, MODEL, SETTINGS, TASKS
from tests.benchmarks.paired import serve


class Plain:
    """A pipeline and what it is asked for.

    noise: for the pictures from one number up to another, what the pipeline is told of their noise.
    more: other arguments of its call, for so many pictures.
    """

    def __init__(
        self,
        pipe: Any,
        settings: RenderSettings,
        noise: Callable[[int, int], Mapping[str, Any]],
        more: Callable[[int], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        self.pipe, self.more = pipe, more
        self._settings, self._noise = settings, noise
        pipe.set_progress_bar_config(disable=True)
        pipe.vae.enable_slicing()

    def job(self, batch: str) -> bytes:
        """All pictures, in calls of `batch`."""
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


def embedded() -> Plain:
    """The embedded model, with the noise of all pictures: (8, 4, 16, 16)."""
    pipe = DiffusionPipeline.from_pretrained(MODEL.path, use_safetensors=True, dtype=torch.float32)
    latents = torch.from_numpy(np.stack([replay(task.lineage, (4, 16, 16), "CHW") for task in TASKS])).float()
    return Plain(pipe, SETTINGS, lambda first, after: {"latents": latents[first:after]})


if __name__ == "__main__":
    os.nice(10)
    serve(embedded().job)
