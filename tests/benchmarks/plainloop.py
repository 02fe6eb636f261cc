"""Diffusers as its manual says, with `latents=`: what a user would write.  A child of `engine_grid`.

Pictures are decoded one by one, as ours are; it is as nice as our worker, so that others take from both alike.
"""

from __future__ import annotations

import os

import numpy as np
import torch
from diffusers import DiffusionPipeline
from numpy.typing import NDArray

from latentpng.lineage import replay
from tests.benchmarks.gridtask import COUNT, MODEL, SETTINGS, TASKS
from tests.benchmarks.paired import serve


class Plain:
    """The pipeline, and the noise of all pictures: (8, 4, 16, 16)."""

    def __init__(self) -> None:
        self.pipe = DiffusionPipeline.from_pretrained(MODEL.path, use_safetensors=True, dtype=torch.float32)
        self.pipe.set_progress_bar_config(disable=True)
        self.pipe.vae.enable_slicing()
        noises = [replay(task.lineage, (4, 16, 16), "CHW") for task in TASKS]
        self.latents = torch.from_numpy(np.stack(noises)).float()

    def job(self, batch: str) -> bytes:
        """All pictures, in calls of `batch`."""
        size = int(batch)
        images = [self._call(self.latents[first : first + size]) for first in range(0, COUNT, size)]
        return np.concatenate(images).tobytes()

    def _call(self, latents: torch.Tensor) -> NDArray[np.uint8]:
        images = self.pipe(
            SETTINGS.prompt,
            num_images_per_prompt=len(latents),
            num_inference_steps=SETTINGS.steps,
            guidance_scale=SETTINGS.guidance,
            width=SETTINGS.width,
            height=SETTINGS.height,
            latents=latents,
            output_type="np",
        ).images
        pixels: NDArray[np.uint8] = (images * 255).round().astype(np.uint8)
        return pixels


if __name__ == "__main__":
    os.nice(10)
    serve(Plain().job)
