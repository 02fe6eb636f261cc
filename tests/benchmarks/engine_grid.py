"""A grid of 8 with the embedded model: our engine against plain diffusers, with the same noise and the same pixels.

python -m tests.benchmarks.engine_grid [REPEATS]    The kinds take turns, so that a busy machine hits all of them.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from diffusers import DiffusionPipeline
from numpy.typing import NDArray

from engine.diffusion.jobs import JobRunner
from engine.diffusion.loading import load_model
from engine.events import Event, PictureRendered
from engine.models import defaults_of, resolve_model
from engine.plan import LoadModel, PictureTask, RenderJob
from latentpng.lineage import replay
from latentpng.record import Lineage, Round, SeedRoot

COUNT = 8
MODEL = resolve_model("")
SETTINGS = defaults_of(MODEL).settings("a red sun over snowy mountains, two pine trees, a lake")
PARENT = Lineage(root=SeedRoot(seed=7))
TASKS = tuple(
    PictureTask(index=mark, lineage=PARENT.child(Round(seed=1, scale=0.7, of=COUNT, marks=(mark,))))
    for mark in range(COUNT)
)


def noises() -> NDArray[np.float16]:
    """(8, 4, 16, 16)."""
    return np.stack([replay(task.lineage, (4, 16, 16), "CHW") for task in TASKS])


class Ours:
    """The engine, in this process; `job` renders all with `micro_batch` pictures at once."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.loaded = load_model(LoadModel(model=MODEL, settings=SETTINGS, device="cpu"), lambda _: None)
        self.runners = {n: self._runner(n) for n in (1, 4, 8)}

    def _runner(self, micro_batch: int) -> JobRunner:
        return JobRunner(self.loaded, emit=self.events.append, is_cancelled=lambda _: False, micro_batch=micro_batch)

    def job(self, micro_batch: int, *, previews: bool = False, forget: bool = False) -> NDArray[np.uint8]:
        """All pictures; `forget` makes it a first round, with a prompt that is not known yet."""
        self.events.clear()
        if forget:
            self.loaded.memo.clear()
        self.runners[micro_batch].run(RenderJob(job=1, tasks=TASKS, settings=SETTINGS, previews=previews))
        pictures = [event.picture for event in self.events if isinstance(event, PictureRendered)]
        return np.stack([np.frombuffer(picture.rgb, dtype=np.uint8) for picture in pictures])


class Plain:
    """Diffusers as its manual says, with `latents=`; pictures are decoded one by one, as ours are."""

    def __init__(self) -> None:
        self.pipe = DiffusionPipeline.from_pretrained(MODEL.path, use_safetensors=True, dtype=torch.float32)
        self.pipe.set_progress_bar_config(disable=True)
        self.pipe.vae.enable_slicing()

    def job(self, batch: int) -> NDArray[np.uint8]:
        """All pictures in calls of `batch`."""
        latents = torch.from_numpy(noises()).float()
        images = [self._call(latents[first : first + batch]) for first in range(0, COUNT, batch)]
        return np.concatenate(images).reshape(COUNT, -1)

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


def main(repeats: int) -> None:
    ours, plain = Ours(), Plain()
    kinds: dict[str, Callable[[], NDArray[np.uint8]]] = {
        "plain loop of 8 calls": lambda: plain.job(1),
        "plain, one call of 8": lambda: plain.job(8),
        "ours, n = 1 (strict)": lambda: ours.job(1),
        "ours, n = 4": lambda: ours.job(4),
        "ours, n = 8 (usual)": lambda: ours.job(8),
        "ours, n = 8, first round": lambda: ours.job(8, forget=True),
        "ours, n = 8, previews": lambda: ours.job(8, previews=True),
    }
    pixels = {name: kind() for name, kind in kinds.items()}  # also warms up
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(repeats):
        for name, kind in kinds.items():
            began = time.perf_counter()
            kind()
            times[name].append(time.perf_counter() - began)
    base = statistics.median(times["plain loop of 8 calls"])
    print(f"grid of {COUNT}, {repeats} repeats, {torch.get_num_threads()} threads; seconds")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:28s} median {median:.3f}  best {min(values):.3f}  {median / base:.2f}x of the plain loop")
    for one, other in (
        ("ours, n = 1 (strict)", "plain loop of 8 calls"),
        ("ours, n = 8 (usual)", "plain, one call of 8"),
        ("ours, n = 8 (usual)", "plain loop of 8 calls"),
    ):
        apart = np.abs(pixels[one].astype(int) - pixels[other].astype(int))
        print(f"{one} against {other}: {int((apart > 0).sum())} values differ, at most by {apart.max()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
