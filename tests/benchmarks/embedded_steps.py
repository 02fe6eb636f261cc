"""Compare schedulers and steps of the embedded model: what they draw, how evenly it changes, and how long it takes.

    python -m tests.benchmarks.embedded_steps [SCHEDULER:STEPS ...] [--count N] [--parents N] [--rounds N] [--sheet PNG]

Every setting gets the same captions and the same noise, and the first one ("DDIM:12") is what the others are compared
with.  The benchmark prints for each setting

- how often the classifier finds what held-out captions ask for, the Fréchet distance to the drawn pictures, and how far
  the pictures are from those of the first setting;
- how far pictures look from their parent at each scale, for all octaves and for the tilt, and the cliffs: neighbouring
  scales between which a picture changes by more than four times the median of its own changes;
- the time of a grid of 8 in the worker, as a ratio to the first setting, in rounds that take turns.

A count of 0 leaves a part out.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.embedded.training.classifier import ATTRIBUTES, UNKNOWN, Classifier, load_classifier
from engine.models.resolve import defaults_of
from engine.models.schedulers import scheduler_settings
from engine.rendering.requests import RenderJob
from engine.search.bands import Bands, factors_of
from latentpng.noise.perturbation import perturb
from latentpng.record import Round
from tests.benchmarks.embedded_model import AXES, BROAD, OBJECTS, frechet
from tests.benchmarks.gridtask import MODEL, SETTINGS, TASKS, EmbeddedWorker
from tests.benchmarks.heldout import BATCH, HeldOut, Model, Pixels, held_out, noise_of
from tests.benchmarks.paired import Turn, cpu_ratio, machine_load, ratio, run_paired, seconds_of

SCALES = tuple(number / 20 for number in range(1, 21))
CLIFF = 4.0  # times the median change of a picture between two neighbouring scales
OCTAVES = 3
SHOWN = (0.1, 0.3, 0.7)
SIDE, GAP = 128, 2


def model_of(setting: str) -> Model:
    """Return the embedded model with a setting such as "UniPC:6"."""
    scheduler, _, steps = setting.rpartition(":")
    return Model("", int(steps), 0.0, scheduler)


def differences(first: Pixels, second: Pixels) -> NDArray[np.float64]:
    """Return how different pairs of pictures look, as `engine.search.measuring` does, in levels of 255: (N,)."""
    errors: NDArray[np.float64] = np.sqrt(((first.astype(float) - second) ** 2).mean((1, 2, 3)))
    return errors


def found_share(right: NDArray[np.bool_], asked: NDArray[np.bool_], names: Sequence[str]) -> float:
    """Return how much of what the captions ask for is found, of some attributes."""
    columns = [list(ATTRIBUTES).index(name) for name in names]
    return float(right[:, columns][asked[:, columns]].mean())


def print_quality(models: Mapping[str, Model], classifier: Classifier, data: HeldOut) -> None:
    """Print what the classifier finds and the Fréchet distance for each setting."""
    noise, prompts = noise_of(len(data.captions), 0), [caption.text for caption in data.captions]
    drawn, asked = classifier.embed(data.pixels), data.answers != UNKNOWN
    print(f"{len(prompts)} captions{'':14} broad  objects  Fréchet   from the first: levels of 255, classifier")
    pictures: dict[str, Pixels] = {}
    for setting, model in models.items():
        made = pictures[setting] = model.generate(prompts, noise)
        right, first = classifier.read(made) == data.answers, next(iter(pictures.values()))
        print(
            f"{setting:24} {found_share(right, asked, BROAD):8.3f} {found_share(right, asked, OBJECTS):8.3f} "
            f"{frechet(drawn, classifier.embed(made)):8.1f} {differences(first, made).mean():10.1f} "
            f"{classifier.distance(first, made).mean():8.3f}",
            flush=True,
        )


def moved(parents: NDArray[np.float16], scale: float, bands: Bands) -> NDArray[np.float16]:
    """Perturb every parent in a direction that is the same for all scales."""
    factors = factors_of(bands, OCTAVES)
    rounds = [Round(seed=k, scale=scale, of=8, marks=(0,), bands=factors) for k in range(len(parents))]
    return np.stack([perturb(parent, round_, AXES) for parent, round_ in zip(parents, rounds, strict=True)])


def print_curves(models: Mapping[str, Model], prompts: list[str]) -> None:
    """Print how far pictures look from their parents at each scale, and how evenly they change."""
    parents = noise_of(len(prompts), 1)
    for (setting, model), bands in itertools.product(models.items(), (Bands.ALL, Bands.TILT)):
        start = model.generate(prompts, parents)
        walk = [model.generate(prompts, moved(parents, scale, bands)) for scale in SCALES]
        means = np.array([differences(start, made).mean() for made in walk])
        exponent, level = np.polyfit(np.log(SCALES), np.log(means / 255), 1)
        changes = np.stack([differences(after, before) for before, after in itertools.pairwise(walk)])
        relative = changes / np.median(changes, axis=0)
        falls = int((np.diff(means) < 0).sum())
        print(f"\n{setting}, {bands}, {len(prompts)} parents: levels of 255 from the parent at each scale")
        print("  ".join(f"{scale:.2f}: {mean:.1f}" for scale, mean in zip(SCALES, means, strict=True)))
        print(
            f"{np.exp(level):.3f} * scale^{exponent:.2f}; the mean falls {falls} times, its largest rise is "
            f"{np.diff(means).max():.1f}, the median rise {np.median(np.diff(means)):.1f}"
        )
        print(
            f"changes of single pictures above {CLIFF:g} times their median: {(relative > CLIFF).mean():.1%} of "
            f"{relative.size}, in {(relative > CLIFF).any(axis=0).sum()} pictures; the largest {relative.max():.1f} "
            f"times, {changes.max():.1f} levels",
            flush=True,
        )


def print_times(settings: Sequence[str], rounds: int) -> None:
    """Print the time of a grid of 8 for each setting."""
    worker = EmbeddedWorker()

    def turn(setting: str) -> Turn:
        scheduler, _, steps = setting.rpartition(":")
        chosen = replace(SETTINGS, scheduler=scheduler_settings(scheduler), num_inference_steps=int(steps))
        before = worker.cpu_used
        worker.submit(RenderJob(job=0, tasks=TASKS, settings=chosen))
        done = worker.wait_until_idle()
        return Turn(seconds=done.seconds, cpu=worker.cpu_used - before, pixels=done.pixels)

    turns = run_paired({setting: partial(turn, setting) for setting in settings}, rounds)
    worker.renderer.close()
    print(f"\ngrid of 8, {rounds} rounds; {machine_load()}")
    for setting, own in turns.items():
        first = turns[settings[0]]
        print(f"{setting:12} {seconds_of(own)} s, ratio {ratio(own, first)}, of CPU time {cpu_ratio(own, first)}")


def save_sheet(path: str, models: Mapping[str, Model], prompts: Sequence[str]) -> None:
    """Write a sheet with a row for each prompt, and for each setting the picture and variations at three scales."""
    parents = noise_of(len(prompts), 64)
    tried = [parents, *(moved(parents, scale, Bands.ALL) for scale in SHOWN)]
    titles, columns = list[str](), list[Pixels]()
    for noise, title in zip(tried, ("picture", *(f"scale {scale:g}" for scale in SHOWN)), strict=True):
        for setting, model in models.items():
            titles.append(f"{setting}, {title}")
            columns.append(model.generate(list(prompts), noise))
    across = SIDE + GAP
    sheet = Image.new("RGB", (across * len(columns), across * len(prompts) + 14), (24, 24, 28))
    draw = ImageDraw.Draw(sheet)
    for column, (title, pictures) in enumerate(zip(titles, columns, strict=True)):
        draw.text((column * across + 2, 1), title, fill=(230, 230, 230))
        for row, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (column * across, 14 + row * across))
    sheet.save(path, optimize=True)


def main() -> None:
    """Read the command line, print the figures, and write the sheet that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", default=["DDIM:12", "UniPC:6"], metavar="SCHEDULER:STEPS")
    parser.add_argument("--count", type=int, default=160, help="number of held-out captions that are judged (160)")
    parser.add_argument("--parents", type=int, default=BATCH, help=f"number of pictures that are varied ({BATCH})")
    parser.add_argument("--rounds", type=int, default=9, help="number of timed rounds (9)")
    parser.add_argument("--sheet", default="", metavar="PNG", help="write pictures of 12 prompts and their variations")
    given = parser.parse_args()
    models = {setting: model_of(setting) for setting in given.settings}
    if given.count:
        print_quality(models, load_classifier(), held_out(given.count))
    if given.parents:
        print_curves(models, [caption.text for caption in held_out(given.parents).captions])
    if given.sheet:
        own = defaults_of(MODEL).prompts
        others = held_out(12).captions
        save_sheet(given.sheet, models, (*own, *(caption.text for caption in others))[:12])
    if given.rounds:
        print_times(given.settings, given.rounds)


if __name__ == "__main__":
    main()
