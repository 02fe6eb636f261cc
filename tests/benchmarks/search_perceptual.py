"""Measure how the difference from the parent grows with the scale, and how well a search learns that.

    python -m tests.benchmarks.search_perceptual [--prompts N] [--candidates K]

The embedded model renders captions of held-out scenes with its own settings.  Differences are those of
`engine.search.measuring`, the median of the candidates of a grid.  The benchmark prints

- the difference against the scale for everything, the tilt, the layout and the detail, in levels of 255, and the power
  law of the first of these;
- how far the fit is from the next grid after 0, 1, 3 and 10 grids of a search, in random order: the median over prompts
  and orders of the ratio of the larger to the smaller;
- what a step of `[` does to the difference, where .5 is ideal: the same directions at scales from the fit of what the
  search has seen, and at scales that are halved.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.rendering.events import Picture
from engine.rendering.settings import RenderSettings
from engine.search.axis import Axis
from engine.search.bands import Bands, factors_of
from engine.search.measuring import Reduced, difference, reduced
from engine.search.perceptual import Observation, ScaleFit, fitted
from latentpng.record import Lineage, Round, SeedRoot
from tests.benchmarks.engine_prompt_axis import Drawer, Pixels
from tests.benchmarks.heldout import held_out

NAMES = (Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL)
SCALES = {Bands.ALL: (0.02, 0.05, 0.1, 0.2, 0.35, 0.7, 1.0)} | dict.fromkeys(NAMES[1:], (0.05, 0.2, 0.7))
OCTAVES = 3
SEEN = (0, 1, 3, 10)
ORDERS = 40
FIRST, STEPS = 0.7, 3
FIRST_SEED = 4_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A parent, and what renders its candidates."""

    drawer: Drawer
    settings: RenderSettings
    lineage: Lineage
    picture: Reduced
    candidates: int

    def seen(self, bands: Bands, scale: float, seed: int) -> Observation:
        """Render a grid and return what it shows."""
        round_ = Round(seed=seed, scale=scale, of=self.candidates, bands=factors_of(bands, OCTAVES))
        lineages = [self.lineage.child(replace(round_, marks=(mark,))) for mark in range(self.candidates)]
        pictures = [small(pixels) for pixels in self.drawer.draw(self.settings, lineages)]
        median = statistics.median(difference(self.picture, picture) for picture in pictures)
        return Observation(variation=(Axis.NOISE, bands), scale=scale, difference=median)


def small(pixels: Pixels) -> Reduced:
    """Return reduced pixels, (height, width, 3)."""
    height, width, _ = pixels.shape
    return reduced(Picture(width=width, height=height, rgb=pixels.tobytes()))


def starts(count: int, candidates: int) -> list[Start]:
    """Return a parent for each of so many held-out captions."""
    drawer = Drawer(candidates)
    found = []
    for number, caption in enumerate(held_out(count).captions):
        settings = replace(drawer.defaults.settings(caption.text), step_seed=1)
        lineage = Lineage(root=SeedRoot(seed=FIRST_SEED + number))
        picture = small(drawer.draw(settings, [lineage])[0])
        found.append(Start(drawer=drawer, settings=settings, lineage=lineage, picture=picture, candidates=candidates))
    return found


def print_differences(grids: Sequence[Sequence[Observation]]) -> None:
    """Print the difference of each scale: the geometric mean over the prompts, in levels of 255."""
    for bands in NAMES:
        line = f"{bands:8}"
        for scale in SCALES[bands]:
            logs = [
                math.log(grid.difference)
                for one in grids
                for grid in one
                if (grid.variation[1], grid.scale) == (bands, scale)
            ]
            line += f"  {scale:g}: {255 * math.exp(statistics.mean(logs)):.1f}"
        print(line)
    everything = [grid for one in grids for grid in one if grid.variation[1] is Bands.ALL]
    slope, intercept = statistics.linear_regression(
        [math.log(grid.scale) for grid in everything], [math.log(grid.difference) for grid in everything]
    )
    print(f"everything, over all prompts: {math.exp(intercept):.3f} * scale^{slope:.2f}")


def print_predictions(grids: Sequence[Sequence[Observation]]) -> None:
    """Print how far the fit is from the next grid."""
    draw = random.Random(0)
    for count in SEEN:
        apart = []
        for one in grids:
            for _ in range(ORDERS):
                *known, following = draw.sample(list(one), count + 1)
                expected = fitted(tuple(known)).law(following.variation).difference(following.scale)
                apart.append(abs(math.log(expected / following.difference)))
        ordered = sorted(apart)
        print(
            f"after {count:2} grids the next one differs by a factor of {math.exp(statistics.median(apart)):.2f} "
            f"(90% within {math.exp(ordered[int(0.9 * len(ordered))]):.2f})"
        )


def step_ratios(start: Start, bands: Bands, seed: int, *, is_learned: bool) -> list[float]:
    """Return what each step nearer multiplies the difference by.

    Args:
        start: The parent.
        bands: What moves.
        seed: That of the directions.
        is_learned: Take the steps from the fit of the grids before; else halve the scale.
    """
    fit, scale, seen = ScaleFit(), FIRST, list[float]()
    for _ in range(STEPS + 1):
        grid = start.seen(bands, scale, seed)
        fit = fit.observed(grid)
        seen.append(grid.difference)
        scale *= fit.law(grid.variation).factor(0.5) if is_learned else 0.5
    return [after / before for before, after in itertools.pairwise(seen)]


def print_steps(parents: Sequence[Start]) -> None:
    """Print how equal the steps are."""
    for name, is_learned in (("steps of the fit", True), ("scale halved", False)):
        for bands in (Bands.ALL, Bands.TILT):
            ratios = [
                ratio
                for number, start in enumerate(parents)
                for ratio in step_ratios(start, bands, FIRST_SEED + number, is_learned=is_learned)
            ]
            ordered = sorted(ratios)
            low, high = ordered[len(ratios) // 10], ordered[-1 - len(ratios) // 10]
            off = statistics.mean(abs(math.log(ratio / 0.5)) for ratio in ratios)
            print(
                f"{name}, {bands}: the difference is multiplied by {statistics.median(ratios):.2f} "
                f"({low:.2f} to {high:.2f}), off .5 by a factor of {math.exp(off):.2f}"
            )


def main() -> None:
    """Read the command line, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--prompts", type=int, default=8, metavar="N", help="number of captions")
    parser.add_argument("--candidates", type=int, default=4, metavar="K", help="candidates of a grid")
    given = parser.parse_args()
    parents = starts(given.prompts, given.candidates)
    grids = [
        [start.seen(bands, scale, 100 * number + index) for bands in NAMES for index, scale in enumerate(SCALES[bands])]
        for number, start in enumerate(parents)
    ]
    print(f"{len(parents)} captions, {given.candidates} candidates, {parents[0].settings.num_inference_steps} steps")
    print_differences(grids)
    print_predictions(grids)
    floors = [fitted(tuple(one)).law((Axis.NOISE, Bands.ALL)).floor for one in grids]
    print(f"floor after {len(grids[0])} grids: {min(floors):.3f} to {max(floors):.3f}")
    print_steps(parents)


if __name__ == "__main__":
    main()
