"""Judge the embedded model on captions that it was not trained on, against the drawn pictures of the same captions.

    python -m tests.benchmarks.embedded_model [--model FOLDER] [--scheduler S] [--count N] [--sheet PNG]
                                               [--strip PNG]

It prints four groups of figures:

- Autoencoder: PSNR, and how much of the contrast at edges is left.
- Generation: the Fréchet distance of the classifier's features, and how often the classifier finds what the prompt asks
  for, beside how often it finds that in the drawn pictures (the baseline).
- Perturbation: how far a picture moves from its parent for each scale, and whether it moves evenly.
- Cost: CPU time, memory and size.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.embedded.training.autoencoder import as_tensor, encode, reconstruction_psnr
from engine.embedded.training.classifier import ATTRIBUTES, UNKNOWN, Classifier, load_classifier
from engine.embedded.training.data import HELD_OUT
from engine.embedded.training.scenes.captions import Caption
from latentpng.noise.perturbation import perturb
from latentpng.record import Round
from tests.benchmarks.heldout import BATCH, HeldOut, Model, Pixels, held_out, noise_of

BROAD = ("time", "sky", "ground", "relief")
OBJECTS = ("body", "trees", "building", "boat", "balloon", "flowers", "way", "birds", "rainbow", "aurora", "stars")
SCALES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
CLIFF = 3.0  # times the median change between two neighbouring scales
AXES = "CHW"


def print_autoencoder(vae: AutoencoderKL, pixels: Pixels) -> None:
    """Print the PSNR, and how much of the contrast at edges is left after encoding and decoding drawn pictures."""
    with torch.inference_mode():
        made = [
            vae.decode(encode(vae, pixels[k : k + BATCH])).sample.clamp(-1, 1) for k in range(0, len(pixels), BATCH)
        ]
    before, after = as_tensor(pixels), torch.cat(made)
    # An edge is a pair of horizontal neighbours that differ by more than a tenth of the range of -1 to 1.
    contrast, left = (x[..., 1:] - x[..., :-1] for x in (before, after))
    edges = contrast.abs() > 0.2
    share = (left[edges] * contrast[edges].sign()).mean() / contrast[edges].abs().mean()
    print(f"autoencoder: {reconstruction_psnr(vae, 256):.2f} dB PSNR, {share:.1%} of the contrast at edges is left")


def frechet(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the Fréchet distance of two sets of features, each taken as normally distributed.

    Args:
        first: (N, features).
        second: (M, features).

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6.
    """
    # |m1 - m2|^2 + tr(c1 + c2 - 2 (c1 c2)^(1/2)).  The last trace is computed from the symmetric matrix
    # c1^(1/2) c2 c1^(1/2), which has the eigenvalues of c1 c2.  Eigenvalues below 0 are rounding errors.
    (m1, c1), (m2, c2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (first, second))
    values, vectors = np.linalg.eigh(c1)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ c2 @ root).clip(0)).sum()
    return float(((m1 - m2) ** 2).sum() + np.trace(c1) + np.trace(c2) - 2 * cross)


def print_accuracy(classifier: Classifier, data: HeldOut, generated: Pixels) -> None:
    """Print for each attribute how often the classifier finds in a picture what its caption says."""
    drawn_right, made_right = (classifier.read(pixels) == data.answers for pixels in (data.pixels, generated))
    asked = data.answers != UNKNOWN
    print(f"\n{'what the prompt asks for':<26} {'asked':>6} {'drawn':>8} {'generated':>10} {'ratio':>7}")
    groups = {name: [name] for name in ATTRIBUTES}
    groups["time, sky, ground, relief"], groups["objects"] = list(BROAD), list(OBJECTS)
    for title, names in groups.items():
        columns = [list(ATTRIBUTES).index(name) for name in names]
        chosen = asked[:, columns]
        if chosen.sum() == 0:
            continue
        drawn, made = (right[:, columns][chosen].mean() for right in (drawn_right, made_right))
        print(f"{title:<26} {chosen.sum():6d} {drawn:8.1%} {made:10.1%} {made / drawn:7.1%}")


def print_perturbation(model: Model, classifier: Classifier, captions: tuple[Caption, ...], strip: str) -> None:
    """Print the distance from the parent for each scale, and how evenly pictures move; write the strip if asked to."""
    prompts, parents = [caption.text for caption in captions], noise_of(len(captions), 1)
    start = model.generate(prompts, parents)
    rows = [start]
    print(f"\n{'scale':>6} {'pixel RMSE':>11} {'classifier distance':>20}")
    for scale in SCALES:
        made = model.generate(prompts, _moved(parents, scale))
        rows.append(made)
        error = np.sqrt(((made.astype(float) - start) ** 2).mean((1, 2, 3))).mean() / 255
        print(f"{scale:6.2f} {error:11.4f} {classifier.distance(start, made).mean():20.4f}")
    print_cliffs(model, prompts[:BATCH], parents[:BATCH])
    if strip:
        save_strip(strip, np.stack(rows, 1)[:6])


def print_cliffs(model: Model, prompts: list[str], parents: NDArray[np.float16]) -> None:
    """Print how evenly pictures move when the scale grows from 0.02 to 1 in equal steps.

    A cliff is a step that changes a picture by more than CLIFF times the median step of the same picture.
    """
    walk = [model.generate(prompts, _moved(parents, scale)) for scale in np.linspace(0.02, 1, 50)]
    changes = np.stack(
        [np.sqrt(((after.astype(float) - before) ** 2).mean((1, 2, 3))) for before, after in itertools.pairwise(walk)]
    )
    smooth = (changes <= CLIFF * np.median(changes, axis=0)).mean()
    worst = (changes / np.median(changes, axis=0)).max()
    print(
        f"steps of 0.02 that change a picture by at most {CLIFF:g} times the median step: {smooth:.1%}; "
        f"the largest step: {worst:.1f} times the median"
    )


def print_cost(model: Model) -> None:
    """Print the median CPU time of a single picture on one thread, the size of the model and the peak of memory."""
    torch.set_num_threads(1)
    noise, seconds = noise_of(1, 3), []
    for _ in range(6):
        started = time.process_time()
        model.generate(["a lake at dawn"], noise)
        seconds.append(time.process_time() - started)
    size = sum(path.stat().st_size for path in model.folder.rglob("*") if path.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\none picture, {model.steps} steps, guidance {model.guidance:g}: {np.median(seconds[1:]):.2f} s of CPU time"
    )
    print(f"{size / 1e6:.2f} MB on disk, {peak:.0f} MiB peak of memory in this process")


def save_sheet(path: str, model: Model) -> None:
    """Write a sheet of 64 held-out prompts, with the first picture of each."""
    data = held_out(64, HELD_OUT + 500_000)
    pixels = model.generate([caption.text for caption in data.captions], noise_of(64, 64))
    sheet = Image.new("RGB", (8 * 130 + 2, 8 * 130 + 2), (24, 24, 28))
    for k, picture in enumerate(pixels):
        sheet.paste(Image.fromarray(picture), (2 + k % 8 * 130, 2 + k // 8 * 130))
    sheet.save(path, optimize=True)


def save_strip(path: str, rows: Pixels) -> None:
    """Write a row for each parent: the parent, then its perturbations.  rows: (R, 1 + scales, 128, 128, 3), uint8."""
    strip = Image.new("RGB", (rows.shape[1] * 130 + 2, rows.shape[0] * 130 + 16), (24, 24, 28))
    draw = ImageDraw.Draw(strip)
    for column in range(rows.shape[1]):
        draw.text((4 + column * 130, 2), f"{SCALES[column - 1]:g}" if column else "parent", fill=(230, 230, 230))
        for row in range(rows.shape[0]):
            strip.paste(Image.fromarray(rows[row, column]), (2 + column * 130, 14 + row * 130))
    strip.save(path, optimize=True)


def _moved(parents: NDArray[np.float16], scale: float) -> NDArray[np.float16]:
    """Perturb every parent in a direction that is the same for all scales."""
    return np.stack(
        [perturb(parent, Round(seed=k, scale=float(scale), of=8, marks=(0,)), AXES) for k, parent in enumerate(parents)]
    )


def main() -> None:
    """Read the command line, print every figure and write the images that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", metavar="FOLDER", help="a pipeline folder (the embedded model)")
    parser.add_argument("--count", type=int, default=512, help="number of held-out captions (512)")
    parser.add_argument("--steps", type=int, default=0, help="denoising steps (the model's default)")
    parser.add_argument("--scheduler", metavar="S", help="as warmer takes it (the model's default)")
    parser.add_argument("--guidance", type=float, default=0.0, help="guidance scale (the model's default)")
    parser.add_argument("--sheet", default="", metavar="PNG", help="write a contact sheet of 64 prompts")
    parser.add_argument("--strip", default="", metavar="PNG", help="write a strip of perturbations")
    given = parser.parse_args()
    model, classifier = Model(given.model, given.steps, given.guidance, given.scheduler), load_classifier()
    data = held_out(given.count)
    print_autoencoder(model.pipe.vae, data.pixels[:256])
    generated = model.generate([caption.text for caption in data.captions], noise_of(given.count, 0))
    drawn = classifier.embed(data.pixels)
    other = classifier.embed(held_out(given.count, HELD_OUT + 100_000).pixels)
    print(
        f"Fréchet distance to drawn pictures: generated {frechet(drawn, classifier.embed(generated)):.2f}, "
        f"other drawn pictures {frechet(drawn, other):.2f}"
    )
    print_accuracy(classifier, data, generated)
    print_perturbation(model, classifier, data.captions[:32], given.strip)
    if given.sheet:
        save_sheet(given.sheet, model)
    print_cost(model)


if __name__ == "__main__":
    main()
