"""What is said of an inversion: the `source` in the record of its picture, and what speaks against varying it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.diffusion.render import RenderedBatch
from engine.photos.quality import NoiseStatistics, psnr, warning_of
from engine.rendering.requests import InversionWay, InvertJob
from engine.rendering.settings import RenderSettings
from latentpng.record import Json

_MOST_DB = 99.9
"""Shown and recorded for equal pictures, since no file can hold an infinite number."""
_FEW_DB = 30.0
"""Below this, a picture that is rendered from the noise is visibly another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The noise that was found, and the pictures by which it is judged.

    Attributes:
        noise: Without the batch, float16.
        rendered: What it gives.
        photo: The photograph.
        shown: What the autoencoder alone makes of the photograph.
        evaluations: How often the model was evaluated.
    """

    noise: NDArray[np.float16]
    rendered: RenderedBatch
    photo: bytes
    shown: bytes
    evaluations: int

    @property
    def rgb(self) -> bytes:
        """The pixels that the noise gives."""
        rgb: bytes = self.rendered.pixels[0].tobytes()
        return rgb

    def decibels(self) -> dict[str, float]:
        """Return the errors against the photograph and against the autoencoder's picture, and between those two."""
        pairs = {
            "psnr": (self.rgb, self.photo),
            "vae_psnr": (self.rgb, self.shown),
            "vae_only": (self.shown, self.photo),
        }
        return {name: round(min(psnr(*pair), _MOST_DB), 1) for name, pair in pairs.items()}


def source_of(job: InvertJob, settings: RenderSettings, scheduler: str, evaluations: int) -> dict[str, Json]:
    """Return how noise was found, as its record says it.

    Args:
        job: The job.
        settings: What the noise is rendered with.
        scheduler: The name of the class of the scheduler.
        evaluations: How often the model was evaluated.
    """
    seed: dict[str, Json] = {"seed": str(job.seed)} if job.way is InversionWay.FREE else {}
    return {
        "method": "inversion",
        "way": str(job.way),
        "steps": settings.num_inference_steps,
        "guidance": settings.guidance_scale,
        "scheduler": scheduler.removesuffix("Scheduler"),
        "evaluations": evaluations,
        **seed,
    }


def quality_warnings(statistics: NoiseStatistics, decibels: dict[str, float], steadier: str) -> tuple[str, ...]:
    """Return what speaks against varying noise, or against taking its picture for the photograph.

    Args:
        statistics: Of the noise.
        decibels: As `Found.decibels` returns them.
        steadier: Schedulers that are easier to invert, in words; "" for none.
    """
    repeats, warning = decibels["vae_psnr"], warning_of(statistics)
    advice = f"take more steps, or choose {steadier} with --scheduler" if steadier else "take more steps"
    few = (f"the noise repeats the picture only up to {repeats} dB: {advice}",) if repeats < _FEW_DB else ()
    return (*few, *((warning,) if warning else ()))
