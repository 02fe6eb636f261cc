"""Measure how far candidates move from their parent when their noise, their prompt or both are varied.

    python -m tests.benchmarks.engine_prompt_axis [--parents N] [--candidates K] [--strip PNG]

The embedded model runs with its usual settings, then with few steps and no guidance, as distilled models are run.  For
each scale the benchmark prints the mean difference of the colour values (of 255) and the classifier's distance; other
seeds of the same prompt stand below for comparison.  --strip writes an image with a row for each of noise, prompt and
both: the parent, then one candidate for each scale.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import load_model
from engine.embedded.training.classifier import load_classifier
from engine.models.resolve import defaults_of, resolve_model
from engine.rendering.events import Event, PictureRendered
from engine.rendering.requests import LoadModel, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.axis import Axis, along
from latentpng.record import Lineage, Round, SeedRoot

Pixels = NDArray[np.uint8]
SCALES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
DISTILLED_STEPS = 4
GAP = 4


class Drawer:
    """The embedded model in this process, always with the same batch size."""

    def __init__(self, batch: int) -> None:
        self.choice = resolve_model("")
        self.defaults = defaults_of(self.choice)
        settings = self.defaults.settings("")
        self._events: list[Event] = []
        loaded = load_model(LoadModel(model=self.choice, settings=settings, device="cpu"), lambda _: None)
        self._runner = JobRunner(loaded, emit=self._events.append, is_cancelled=lambda _: False, micro_batch=batch)

    def draw(self, settings: RenderSettings, lineages: Sequence[Lineage]) -> Pixels:
        """Render a picture for each lineage: (N, height, width, 3), uint8."""
        self._events.clear()
        tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
        self._runner.run(RenderJob(job=1, tasks=tasks, settings=settings))
        pictures = [event for event in self._events if isinstance(event, PictureRendered)]
        shape = (settings.height, settings.width, 3)
        found = sorted(pictures, key=lambda event: event.index)
        return np.stack([np.frombuffer(event.picture.rgb, np.uint8).reshape(shape) for event in found])


def candidates(parent: Lineage, axis: Axis, scale: float, count: int) -> list[Lineage]:
    """Return the candidates of one round; every scale has the same seed, so that only the scale differs."""
    round_ = along(Round(seed=99, scale=scale, of=count), axis)
    return [parent.child(replace(round_, marks=(mark,))) for mark in range(count)]


def distances(pairs: list[tuple[Pixels, Pixels]]) -> str:
    """Return the mean difference of the colour values and the mean classifier distance of pairs of pictures."""
    ones, others = (np.concatenate(side) for side in zip(*pairs, strict=True))
    pixels = np.abs(ones.astype(np.int16) - others.astype(np.int16)).mean()
    return f"{pixels:6.2f} {load_classifier().distance(ones, others).mean():6.4f}"


def print_table(drawer: Drawer, prompts: Sequence[str], settings: RenderSettings, count: int) -> None:
    """Print a line for each scale, and one for other seeds."""
    print(
        f"\n{settings.num_inference_steps} steps, guidance {settings.guidance_scale:g}: "
        f"{len(prompts)} parents, {count} candidates each"
    )
    print("scale   " + "".join(f"{axis:>16}" for axis in Axis) + "   (mean difference of 255, classifier's distance)")
    parents = [Lineage(root=SeedRoot(seed=seed)) for seed in range(len(prompts))]
    jobs = [(replace(settings, prompt=prompt), parent) for prompt, parent in zip(prompts, parents, strict=True)]
    before = [np.repeat(drawer.draw(wanted, [parent]), count, axis=0) for wanted, parent in jobs]
    for scale in SCALES:
        line = f"{scale:<8g}"
        for axis in Axis:
            after = [drawer.draw(wanted, candidates(parent, axis, scale, count)) for wanted, parent in jobs]
            line += f"   {distances(list(zip(before, after, strict=True)))}"
        print(line, flush=True)
    others = [Lineage(root=SeedRoot(seed=1000 + seed)) for seed in range(count)]
    fresh = [drawer.draw(wanted, others) for wanted, _ in jobs]
    print(f"other seeds{distances(list(zip(before, fresh, strict=True)))}")


def strip(drawer: Drawer, settings: RenderSettings) -> Image.Image:
    """Draw a row for each of noise, prompt and both: the parent, then one candidate for each scale."""
    parent = Lineage(root=SeedRoot(seed=3))
    rows = []
    for axis in Axis:
        lineages = [parent, *(candidates(parent, axis, scale, 2)[0] for scale in SCALES)]
        rows.append(drawer.draw(settings, lineages))
    side, across = settings.height + GAP, settings.width + GAP
    sheet = Image.new("RGB", (across * (1 + len(SCALES)) - GAP, side * len(rows) - GAP), "white")
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (column * across, row * side))
    return sheet


def main() -> None:
    """Read the command line, print the tables and write the image that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--parents", type=int, default=2, metavar="N", help="number of parents")
    parser.add_argument("--candidates", type=int, default=4, metavar="K", help="candidates of each parent")
    parser.add_argument("--strip", type=Path, metavar="PNG", help="write an image of candidates")
    given = parser.parse_args()
    drawer = Drawer(given.candidates)
    prompts = drawer.defaults.prompts[: given.parents]
    usual = replace(drawer.defaults.settings(prompts[0]), step_seed=1)
    distilled = replace(usual, num_inference_steps=DISTILLED_STEPS, guidance_scale=1.0)
    for settings in (usual, distilled):
        print_table(drawer, prompts, settings, given.candidates)
    if given.strip:
        both = [strip(drawer, settings) for settings in (usual, distilled)]
        sheet = Image.new("RGB", (both[0].width, 2 * both[0].height + 4 * GAP), "white")
        for row, image in enumerate(both):
            sheet.paste(image, (0, row * (both[0].height + 4 * GAP)))
        sheet.save(given.strip)


if __name__ == "__main__":
    main()
