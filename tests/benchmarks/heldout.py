"""What `embedded_model` judges: a pipeline of plain diffusers, and scenes that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from engine.diffusion.schedulers import OwnScheduler
from engine.embedded.training.classifier import labels
from engine.embedded.training.data import HELD_OUT
from engine.embedded.training.scenes.captions import Caption, describe
from engine.embedded.training.scenes.picture import draw_scene
from engine.embedded.training.scenes.scene import sample_scene
from engine.embedded.training.text_encoder import settled
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import scheduler_settings
from engine.rendering.settings import RenderSettings

Pixels = NDArray[np.uint8]
BATCH = 16


class Model:
    """A pipeline folder as plain diffusers loads it, with the default settings of the model."""

    def __init__(self, folder: str, steps: int, guidance: float, scheduler: str | None = None) -> None:
        """Load a pipeline.

        Args:
            folder: The pipeline folder; "" for the embedded model.
            steps: Number of denoising steps; 0 for the model's default.
            guidance: Guidance scale; 0 for the model's default.
            scheduler: A scheduler as `--scheduler` takes it; "" for the model's own, None for the model's default.
        """
        choice = resolve_model(folder)
        self.folder = choice.folder
        chosen = None if scheduler is None else scheduler_settings(scheduler)
        self.settings: RenderSettings = defaults_of(choice).settings("", chosen)
        self.steps = steps or self.settings.num_inference_steps
        self.guidance = guidance or self.settings.guidance_scale
        self.pipe = StableDiffusionPipeline.from_pretrained(
            self.folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
        self.pipe.scheduler = OwnScheduler.of(self.pipe).build(self.settings.scheduler)
        self.pipe.set_progress_bar_config(disable=True)

    def generate(self, prompts: list[str], noise: NDArray[np.float16]) -> Pixels:
        """Render a picture for each prompt.

        Args:
            prompts: N prompts.
            noise: Initial noise, (N, 4, 16, 16), unit variance.

        Returns:
            The pictures, (N, 128, 128, 3), uint8.
        """
        parts = []
        for at in range(0, len(prompts), BATCH):
            latents = torch.from_numpy(noise[at : at + BATCH].astype(np.float32))
            images = self.pipe(
                prompts[at : at + BATCH],
                latents=latents,
                num_inference_steps=self.steps,
                guidance_scale=self.guidance,
                generator=torch.Generator().manual_seed(0),
                output_type="np",
            ).images
            parts.append((images * 255).round().astype(np.uint8))
        return np.concatenate(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """Scenes that the model was not trained on.

    Attributes:
        captions: N captions.
        pixels: The drawn pictures, (N, 128, 128, 3).
        answers: What each caption says, (N, attributes); UNKNOWN where it says nothing about an attribute.
    """

    captions: tuple[Caption, ...]
    pixels: Pixels
    answers: NDArray[np.int64]


def held_out(count: int, first: int = HELD_OUT) -> HeldOut:
    """Draw the scenes of the seeds first to first + count - 1, each with one caption."""
    scenes = [sample_scene(seed) for seed in range(first, first + count)]
    captions = tuple(describe(scene, Random(first + k)) for k, scene in enumerate(scenes))
    return HeldOut(
        captions=captions,
        pixels=np.stack([draw_scene(scene).pixels for scene in scenes]),
        answers=np.array([settled(said, labels(scene)) for said, scene in zip(captions, scenes, strict=True)]),
    )


def noise_of(count: int, seed: int) -> NDArray[np.float16]:
    """Draw initial noise: (count, 4, 16, 16), float16, unit variance."""
    return np.random.default_rng(seed).standard_normal((count, 4, 16, 16)).astype(np.float16)
