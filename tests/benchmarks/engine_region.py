"""How much of a picture changes when only a region of its noise moves, on the embedded model.

    python -m tests.benchmarks.engine_region [--count N]

The noise outside a region stays bit for bit, but the model looks at the whole picture, so that its pixels outside can
change all the same.  Every row compares candidates with their parents, in the region that moves and outside it; the
same candidates of the whole picture, in the same places, stand beside it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.search.regions import NAMED, inverted
from latentpng.noise.perturbation import perturb
from latentpng.record import Round
from tests.benchmarks.heldout import Model, Pixels, held_out, noise_of

AXES = "CHW"
SCALES = (0.2, 0.5, 0.8)
VISIBLE = 8.0
"""Levels of 255, the mean of the three channels, that are seen where two pictures are flipped in place."""
FAR = 16
"""Pixels from the frame: two cells of the noise of this model."""
QUARTERS = tuple(NAMED[name] for name in ("tl", "tr", "bl", "br"))
HALVES = tuple(NAMED[name] for name in ("left", "right", "top", "bottom"))
CENTRE = ("0000/0110/0110/0000",)
ROWS = {
    "a quarter": QUARTERS,
    "a half": HALVES,
    "a box in the middle (25%)": CENTRE,
    "all but a quarter": tuple(map(inverted, QUARTERS)),
    "all but a box in the middle": tuple(map(inverted, CENTRE)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """How much pictures differ from their parents in a part of them: mean levels of 255, and the visible part."""

    levels: float
    visible: float

    def __str__(self) -> str:
        return f"{self.levels:5.1f} {self.visible:5.0%}"


def inside(region: str, side: int) -> NDArray[np.bool_]:
    """Return the pixels of a region: (side, side)."""
    cells = np.array([[cell == "1" for cell in row] for row in region.split("/")])
    pixels: NDArray[np.bool_] = cells[np.arange(side) * cells.shape[0] // side][
        :, np.arange(side) * cells.shape[1] // side
    ]
    return pixels


def far_from(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels that are not within `FAR` rows and columns of an area."""
    height, width = area.shape
    padded = np.pad(area, FAR)
    span = range(2 * FAR + 1)
    upright = np.logical_or.reduce([padded[at : at + height] for at in span])
    near: NDArray[np.bool_] = np.logical_or.reduce([upright[:, at : at + width] for at in span])
    return ~near


def moved(parents: NDArray[np.float16], scale: float, region: str) -> NDArray[np.float16]:
    """Perturb every parent in a direction that depends on neither scale nor region."""
    return np.stack(
        [
            perturb(parent, Round(seed=number, scale=scale, of=8, marks=(0,), region=region), AXES)
            for number, parent in enumerate(parents)
        ]
    )


def change(distances: list[tuple[NDArray[np.float64], NDArray[np.bool_]]]) -> Change:
    """Return the mean change; distances: for each region (N, side, side) in levels, and the pixels that count."""
    values = np.concatenate([levels[:, pixels].ravel() for levels, pixels in distances])
    return Change(levels=float(values.mean()), visible=float((values > VISIBLE).mean()))


def measure(model: Model, count: int) -> None:
    """Print the table."""
    prompts, parents = [caption.text for caption in held_out(count).captions], noise_of(count, 1)
    start = model.generate(prompts, parents)

    def distance(scale: float, region: str) -> NDArray[np.float64]:
        made: Pixels = model.generate(prompts, moved(parents, scale, region))
        levels: NDArray[np.float64] = np.abs(made.astype(np.float64) - start).mean(axis=-1)
        return levels

    print(f"{count} parents; mean levels of 255, and the part that changes by more than {VISIBLE:g} of them")
    print(f"{'what moves':28s} {'scale':>5s}  {'there':12s} {'elsewhere':12s} {f'{FAR} pixels off':14s}", end=" ")
    print(f"{'elsewhere, if all moves':24s}")
    whole = {scale: distance(scale, "") for scale in SCALES}
    for name, regions in ROWS.items():
        areas = [inside(region, start.shape[1]) for region in regions]
        for scale in SCALES:
            own = [distance(scale, region) for region in regions]
            there = change(list(zip(own, areas, strict=True)))
            elsewhere = change([(levels, ~area) for levels, area in zip(own, areas, strict=True)])
            far = change([(levels, far_from(area)) for levels, area in zip(own, areas, strict=True)])
            all_moves = change([(whole[scale], ~area) for area in areas])
            print(f"{name:28s} {scale:5.1f}  {there}  {elsewhere}  {far}    {all_moves}", flush=True)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12, help="number of parents, each of a held-out caption (12)")
    measure(Model("", 0, 0.0), parser.parse_args().count)


if __name__ == "__main__":
    main()
