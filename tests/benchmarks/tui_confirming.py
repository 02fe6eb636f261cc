"""Measure how far two renderings of one picture differ, against two different pictures (the baseline).

    python -m tests.benchmarks.tui_confirming

The limits of `warmer render --check --confirm` rest on these figures.  The embedded model renders each picture again
with a different sampler, moved noise or bfloat16, and saves it as a JPEG.  For each way the benchmark prints the mean
difference of the colour values (of 255): the median and the range over the prompts, and how often the limits confirm.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Mapping
from dataclasses import replace

from PIL import Image

from engine.compare import compare_pixels
from engine.models.schedulers import scheduler_settings
from engine.options import Options
from engine.rendering.events import Picture
from engine.rendering.requests import PictureTask, RenderJob
from engine.target import Target, target_for_prompt
from engine.worker.client import WorkerRenderer
from latentpng.record import Lineage, Round, SeedRoot
from tui.commands.confirm import MAX_MEAN, MAX_SHARE
from tui.commands.rendering import Rendering

PROMPTS = (
    "a red sun over a lake",
    "mountains at night with a full moon",
    "a lighthouse by the sea at dusk",
    "a green meadow with a windmill",
    "snow and pines under the aurora",
    "an orange balloon over purple mountains",
)
SEEDS = range(100, 100 + len(PROMPTS))


def main() -> None:
    """Print a line for each way in which a second rendering may differ from the first."""
    renderings = rendered_all()
    first = renderings["float32"]
    others = {name: pictures for name, pictures in renderings.items() if name != "float32"}
    others["JPEG of quality 75"] = [as_jpeg(picture, 75) for picture in first]
    others["bfloat16, and JPEG of quality 75"] = [as_jpeg(picture, 75) for picture in renderings["bfloat16"]]
    unrelated = distances(first, renderings["other noise"])
    print(
        f"mean difference of 255 for {len(PROMPTS)} prompts: median (range); confirmed if it is at most {MAX_MEAN:g} "
        f"and at most {MAX_SHARE:g} of that of other noise"
    )
    for name, pictures in others.items():
        found = distances(first, pictures)
        pairs = zip(found, unrelated, strict=True)
        confirmed = sum(one <= MAX_MEAN and one <= MAX_SHARE * other for one, other in pairs)
        print(
            f"{name:34}{statistics.median(found):7.2f}  ({min(found):.2f} to {max(found):.2f})"
            f"  confirmed {confirmed} of {len(found)}"
        )


def rendered_all() -> Mapping[str, list[Picture]]:
    """Return name of a way -> a picture for each prompt."""
    with Rendering(WorkerRenderer(), pictures=0, quiet=True) as rendering:
        roots = [Lineage(root=SeedRoot(seed=seed)) for seed in SEEDS]
        plain = target_for_prompt(Options(), "")
        renderings = {"float32": rendered(rendering, plain, roots)}
        for name in ("Euler", "DPM++ 2M", "Euler a"):
            settings = replace(plain.settings, scheduler=scheduler_settings(name))
            renderings[f"sampler {name}"] = rendered(rendering, plain.with_settings(settings), roots)
        for scale in (0.05, 0.1, 0.2):
            moved = [root.child(Round(seed=1, scale=scale)) for root in roots]
            renderings[f"noise moved by {scale:g}"] = rendered(rendering, plain, moved)
        unrelated = [Lineage(root=SeedRoot(seed=seed + 1000)) for seed in SEEDS]
        renderings["other noise"] = rendered(rendering, plain, unrelated)
        renderings["bfloat16"] = rendered(rendering, target_for_prompt(Options(dtype="bfloat16"), ""), roots)
    return renderings


def rendered(rendering: Rendering, target: Target, lineages: list[Lineage]) -> list[Picture]:
    """Render a picture for each prompt, each in a batch of its own."""
    pictures = []
    rendering.load(target)
    for number, (prompt, lineage) in enumerate(zip(PROMPTS, lineages, strict=True)):
        task = PictureTask(index=0, lineage=lineage, slot=(1, 0))
        job = RenderJob(job=number, tasks=(task,), settings=replace(target.settings, prompt=prompt))
        pictures += [event.picture for event in list(rendering.pictures(job))]
    return pictures


def as_jpeg(picture: Picture, quality: int) -> Picture:
    """Return the picture after it was saved as a JPEG and read again."""
    file = io.BytesIO()
    Image.frombytes("RGB", (picture.width, picture.height), picture.rgb).save(file, "JPEG", quality=quality)
    with Image.open(file) as read:
        return replace(picture, rgb=read.convert("RGB").tobytes())


def distances(ones: list[Picture], others: list[Picture]) -> list[float]:
    """Return the mean difference of the colour values of each pair."""
    return [compare_pixels(one.rgb, other.rgb).mean for one, other in zip(ones, others, strict=True)]


if __name__ == "__main__":
    main()
