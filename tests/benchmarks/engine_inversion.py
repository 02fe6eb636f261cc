"""Measure how well the initial noise that is found for a picture repeats it, and how far its variations go.

    python -m tests.benchmarks.engine_inversion [PART ...] [--pictures N] [--photos FOLDER] [--strip PNG]

The parts, all of them if none is named:

- methods: on the embedded model, ways of finding the noise, without guidance and with the usual one, for drawn pictures
  that the model never saw and for the photographs of a folder.  PSNR in dB is against what the autoencoder alone makes
  of a picture; the noise of a true seed has a standard deviation of 1, in every octave, and an excess kurtosis of 0.
- schedulers: the same without guidance for each scheduler that can be inverted, the model as it is (v) and as one that
  predicts the noise (epsilon).
- drift: how far pictures move from an inverted start at some scales, exact and free.
- families: a drawn photograph on tiny models of all families, whose weights are random, with the schedulers that can be
  inverted.  Evaluations are given in renderings with the usual guidance, two evaluations a step.

--strip writes an image with rows of a photograph, what the noise gives, and variations at growing scales.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine.diffusion.inversion.inverter import Inverter
from engine.diffusion.inversion.trajectory import Effort
from engine.diffusion.load import LoadedModel, load_model
from engine.diffusion.render import BatchRenderer
from engine.diffusion.seams.encoder import autoencoder_of
from engine.embedded.training.classifier import load_classifier
from engine.errors import EngineError
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import scheduler_settings
from engine.photos.quality import noise_statistics, psnr
from engine.rendering.requests import LoadModel
from engine.rendering.settings import RenderSettings
from latentpng.noise.perturbation import perturb
from latentpng.noise.replay import root_noise
from latentpng.record import Round
from tests.benchmarks.heldout import held_out
from tests.support.engine.families.catalogue import FAMILIES, as_built, build_family
from tests.support.engine.inversions import as_epsilon_model, calibrate, invert_job, inverted, source_in

Pixels = NDArray[np.uint8]
PHOTOS = Path(__file__).parents[1] / "cases" / "photos"
PARTS = ("methods", "schedulers", "drift", "families")
SCALES = (0.1, 0.3, 0.5)
STRIP_SCALES = (0.1, 0.3, 0.5, 0.7)
NOISED = 7  # the seed of the noise of the free way
SCHEDULERS = ("ddim", "euler", "dpm++ 2m")
MORE_SCHEDULERS = (*SCHEDULERS, "dpm++ 2m karras", "dpmpp_2m, solver_order=3")
PLAIN = Effort(memory=0, tolerance=0.0, cleanest=1, predicts=False)
METHODS = {
    "DDIM inverse": replace(PLAIN, evaluations=1),
    "fixed point, 3": replace(PLAIN, evaluations=4),
    "fixed point, 10": replace(PLAIN, evaluations=11),
    "fixed point, 10, damped by .5": replace(PLAIN, evaluations=11, damping=0.5),
    "ours, exact": Effort(),
    "ours, free": Effort(),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What an inversion found.

    Attributes:
        noise: Without the batch.
        rendered: The picture that it gives.
        shown: What the autoencoder alone makes of the original.
        evaluations: How often the model was evaluated.
    """

    noise: NDArray[np.float16]
    rendered: Pixels
    shown: Pixels
    evaluations: int


class Bench:
    """The embedded model, and its pictures."""

    def __init__(self) -> None:
        choice = resolve_model("")
        self.settings = defaults_of(choice).recorded
        self.loaded = load_model(LoadModel(model=choice, settings=self.settings, device="cpu"), lambda _: None)
        self.renderer = BatchRenderer(self.loaded)
        self.spec = self.renderer.noise_spec(self.settings)

    def render(self, noise: NDArray[np.float16], settings: RenderSettings) -> Pixels:
        """Render one picture from noise."""
        picture: Pixels = self.renderer.render(noise[None], settings, lambda _: None).pixels[0]
        return picture

    def invert(self, pixels: Pixels, prompt: str, effort: Effort, *, guidance: float, is_free: bool) -> Result:
        """Find the noise of a picture, and render it."""
        settings = replace(self.settings, prompt=prompt)
        inverter = Inverter(self.loaded, settings, self.spec.shape)
        inverter.settings = replace(inverter.settings, guidance_scale=guidance)
        start, count = inverter.start_of(pixels), list[int]()
        fresh = torch.from_numpy(root_noise(NOISED, self.spec.shape).astype(np.float32))[None]
        found = inverter.noise_of(start, effort, lambda each: count.append(each.index), fresh if is_free else None)
        noise = found.numpy()[0].astype(np.float16)
        return Result(
            noise=noise,
            rendered=self.render(noise, inverter.settings),
            shown=inverter.shown(start),
            evaluations=len(count),
        )


def pictures(count: int, folder: Path, side: int) -> Iterator[tuple[str, str, Pixels]]:
    """Yield drawn pictures and photographs, each with the kind and the prompt."""
    data = held_out(count)
    for caption, pixels in zip(data.captions, data.pixels, strict=True):
        yield "drawn", caption.text, pixels
    for path in sorted(folder.glob("*.jpg")):
        with Image.open(path) as image:
            fitted = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), (side, side))
        yield "photographs", "", np.array(fitted)


def decibels(first: Pixels, second: Pixels) -> float:
    """Return the PSNR of two pictures, at most 99.9."""
    return min(psnr(first.tobytes(), second.tobytes()), 99.9)


def print_methods(bench: Bench, originals: list[tuple[str, str, Pixels]]) -> None:
    """Print the table of methods."""
    print(f"\n{'method':<30} {'guidance':>8} {'of':<12} {'evals':>6} {'dB VAE':>7} {'dB photo':>8} {'VAE':>5} octaves")
    for name, effort in METHODS.items():
        for guidance in (1.0, bench.settings.guidance_scale):
            for kind in dict.fromkeys(kind for kind, *_ in originals):
                chosen = [(prompt, pixels) for each, prompt, pixels in originals if each == kind]
                print_method(bench, name, effort, guidance, kind, chosen)


def print_method(
    bench: Bench, name: str, effort: Effort, guidance: float, kind: str, chosen: list[tuple[str, Pixels]]
) -> None:
    """Print one row of the table of methods."""
    rows, spreads = [], []
    for prompt, pixels in chosen:
        found = bench.invert(pixels, prompt, effort, guidance=guidance, is_free=name.endswith("free"))
        measured = noise_statistics(found.noise, bench.spec.axes)
        pairs = ((found.rendered, found.shown), (found.rendered, pixels), (found.shown, pixels))
        rows.append([found.evaluations, *(decibels(*pair) for pair in pairs), measured.std, measured.kurtosis])
        spreads.append(measured.octave_std)
    evals, vae, photo, alone, std, kurtosis = np.mean(rows, axis=0)
    octaves = " ".join(f"{each:.2f}" for each in np.mean(spreads, axis=0))
    print(
        f"{name:<30} {guidance:8.1f} {kind:<12} {evals:6.0f} {vae:7.1f} {photo:8.1f} {alone:5.1f} {octaves}, "
        f"std {std:.2f}, kurtosis {kurtosis:+.2f}, worst {min(row[1] for row in rows):.1f} dB",
        flush=True,
    )


def print_schedulers(bench: Bench, originals: list[tuple[str, str, Pixels]]) -> None:
    """Print how often each scheduler needs the model, and how well it repeats, for both kinds of prediction."""
    print(f"\n{'scheduler':<28} {'predicts':<13} {'evals':>6} {'dB VAE':>7} {'worst':>6}")
    own = bench.settings
    for scheduler in MORE_SCHEDULERS:
        for kind in ("v_prediction", "epsilon"):
            bench.loaded.pipe.scheduler = bench.loaded.own.build(own.scheduler)
            handle = as_epsilon_model(bench.loaded.pipe) if kind == "epsilon" else None
            chosen = f"{scheduler}, prediction_type={kind}"
            bench.settings = replace(own, scheduler=scheduler_settings(chosen))
            found = [bench.invert(p, text, Effort(), guidance=1.0, is_free=False) for _, text, p in originals]
            apart = [decibels(each.rendered, each.shown) for each in found]
            count = np.mean([each.evaluations for each in found])
            print(f"{scheduler:<28} {kind:<13} {count:6.0f} {np.mean(apart):7.1f} {min(apart):6.1f}", flush=True)
            if handle:
                handle.remove()
    bench.settings = own


def print_drift(bench: Bench, originals: list[tuple[str, str, Pixels]]) -> None:
    """Print how far pictures move from their start, by PSNR and by the distance of the classifier."""
    classifier = load_classifier()
    print(f"\n{'way':<6} {'of':<12} {'scale':>5} {'dB to the start':>16} {'classifier distance':>20}")
    for way in ("exact", "free"):
        for kind in dict.fromkeys(kind for kind, *_ in originals):
            chosen = [(prompt, pixels) for each, prompt, pixels in originals if each == kind]
            found = [bench.invert(p, text, Effort(), guidance=1.0, is_free=way == "free") for text, p in chosen]
            starts = np.stack([each.rendered for each in found])
            for scale in SCALES:
                moved = np.stack(
                    [varied(bench, each, text, scale) for each, (text, _) in zip(found, chosen, strict=True)]
                )
                apart = np.mean([decibels(*pair) for pair in zip(starts, moved, strict=True)])
                far = classifier.distance(starts, moved).mean()
                print(f"{way:<6} {kind:<12} {scale:5.1f} {apart:16.1f} {far:20.4f}", flush=True)


def varied(bench: Bench, found: Result, prompt: str, scale: float, seed: int = 1) -> Pixels:
    """Return a variation of a picture whose noise was found."""
    noise = perturb(found.noise, Round(seed=seed, scale=scale, of=8, marks=(0,)), bench.spec.axes)
    return bench.render(noise, replace(bench.settings, prompt=prompt, guidance_scale=1.0))


def print_families() -> None:
    """Print the table of families."""
    print(f"\n{'family':<18} {'scheduler':<24} {'dB VAE':>7} {'evals':>6} {'renderings':>10} {'std':>5}")
    for name, family in FAMILIES.items():
        loaded = as_built(name, build_family(name))
        family.shrink(loaded.pipe)
        print_family(name, loaded, family.settings)


def print_family(name: str, loaded: LoadedModel, settings: RenderSettings) -> None:
    """Print the rows of one family."""
    for scheduler in SCHEDULERS:
        if loaded.own.is_flow and scheduler == "ddim":
            continue
        chosen = replace(settings, scheduler=scheduler_settings(scheduler))
        try:
            calibrate(loaded, chosen)
            source = source_in(inverted(loaded, invert_job(chosen)))
        except EngineError as error:
            print(f"{name:<18} {scheduler:<24} {error}", flush=True)
            continue
        finally:
            if part := autoencoder_of(loaded.pipe):
                vars(part).pop("encode", None)
        renderings = float(str(source["evaluations"])) / (2 * settings.num_inference_steps)
        print(
            f"{name:<18} {source['scheduler']!s:<24} {source['vae_psnr']!s:>7} {source['evaluations']!s:>6} "
            f"{renderings:10.1f} {source['std']!s:>5}",
            flush=True,
        )


def save_strip(bench: Bench, originals: list[tuple[str, str, Pixels]], path: str) -> None:
    """Write a row for each picture and way: the original, what the noise gives, and a variation for each scale."""
    rows = []
    for _, prompt, pixels in originals:
        for is_free in (False, True):
            found = bench.invert(pixels, prompt, Effort(), guidance=1.0, is_free=is_free)
            moved = [varied(bench, found, prompt, scale) for scale in STRIP_SCALES]
            rows.append(np.concatenate([pixels, found.rendered, *moved], axis=1))
    Image.fromarray(np.concatenate(rows)).save(path, optimize=True)


def main() -> None:
    """Read the command line, and print the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--pictures", type=int, default=24, metavar="N", help="drawn pictures (24)")
    parser.add_argument(
        "--photos", type=Path, default=PHOTOS, metavar="FOLDER", help="photographs (tests/cases/photos)"
    )
    parser.add_argument("--strip", default="", metavar="PNG", help="write an image of photographs and variations")
    given = parser.parse_args()
    parts = given.parts or ([] if given.strip else list(PARTS))
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    bench = Bench()
    originals = list(pictures(given.pictures, given.photos, bench.settings.width))
    if "methods" in parts:
        print_methods(bench, originals)
    if "schedulers" in parts:
        print_schedulers(bench, originals)
    if "drift" in parts:
        print_drift(bench, originals)
    if "families" in parts:
        print_families()
    if given.strip:
        save_strip(bench, originals, given.strip)


if __name__ == "__main__":
    main()
