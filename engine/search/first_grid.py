"""The first grid of a fresh prompt: which of many candidates are shown, so that they differ as much as possible.

More candidates than the grid shows are followed for a few denoising steps.  Small pictures of what they are on the way
to are compared, and the grid shows those that differ most; only these are rendered.  The idea is that of Scaling Group
Inference (Parmar et al. 2025, arXiv 2508.15773).  Pure functions; numpy is imported where it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.rendering.events import Picture
from latentpng.rules import MAX_CANDIDATES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POOL = 3
"""How many candidates are compared for each one that is shown."""
_SHARE = 0.5
"""The steps of the comparison, as a part of those of the grid."""
_LEAST = 1.5
"""Fewer candidates for each one that is shown are not worth comparing."""
_LEAST_STEPS = 2
"""After a single step the pictures to come can hardly be told: half as many after two steps are a better choice."""
_SIDE = 8
"""Rows and columns of the small pictures that are compared."""
_EDGES = 2.0
"""What a change from one place to the next weighs against the colour itself."""
_ALIKE = 1e-3
"""A distance at which two pictures are the same to the eye; it keeps costs finite."""
_LEAST_GAIN = 1e-6
"""A gain below this is rounding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoicePlan:
    """How the candidates of a grid are chosen.

    Attributes:
        of: How many candidates are compared.
        stop_after: After how many denoising steps.
    """

    of: int
    stop_after: int


def pool_of(candidates: int) -> int:
    """Return the candidates of a round that a grid is chosen from, at most as many as the file format allows.

    Args:
        candidates: The number of candidates that the grid shows.
    """
    return min(POOL * candidates, MAX_CANDIDATES)


def plan_choice(steps: int, candidates: int) -> ChoicePlan | None:
    """Return how the candidates of a grid are chosen, in at most half the denoising steps of the grid itself.

    Args:
        steps: The number of denoising steps of a picture.
        candidates: The number of candidates that the grid shows.

    Returns:
        The plan; None where the steps do not suffice for a choice that is worth it.
    """
    budget = int(_SHARE * candidates * steps)
    for least in (_LEAST_STEPS, 1):
        stop_after = max(least, budget // max(1, pool_of(candidates)))
        of = min(pool_of(candidates), budget // stop_after)
        if of >= _LEAST * candidates:
            return ChoicePlan(of=of, stop_after=stop_after)
    return None


# The pictures repel each other like charges: each pair costs the inverse square of its distance (a Riesz energy), and
# the set with the least cost is wanted.  So two that look alike cost more than an outlier saves; the sum of distances
# would always take a broken picture, which is far from all others.  Greedy selection comes near the best set, and
# exchanging one for another until nothing gains comes nearer.
def choose(pictures: Mapping[int, Picture], count: int) -> tuple[int, ...]:
    """Return which pictures differ most from each other.

    Args:
        pictures: Small pictures of one size, by their marks.
        count: How many are chosen.

    Returns:
        Their marks in ascending order, all of them if there are not more than `count`.
    """
    import numpy as np

    marks = sorted(pictures)
    if len(marks) <= count:
        return tuple(marks)
    distances = _distances(np.stack([_features(pictures[mark]) for mark in marks]))
    costs = np.maximum(distances, _ALIKE) ** -2.0
    np.fill_diagonal(costs, 0.0)
    chosen = _exchanged(costs, _greedy(costs, count))
    return tuple(sorted(marks[index] for index in chosen))


def _greedy(costs: NDArray[np.float64], count: int) -> list[int]:
    """Return a set that grows by the picture that costs least, from the one that costs least beside all others."""
    import numpy as np

    chosen = [int(costs.sum(axis=1).argmin())]
    while len(chosen) < count:
        added = costs[:, chosen].sum(axis=1)
        added[chosen] = np.inf
        chosen.append(int(added.argmin()))
    return chosen


def _exchanged(costs: NDArray[np.float64], chosen: list[int]) -> list[int]:
    """Return the set after the best exchange of one picture for another, again and again until none gains."""
    import numpy as np

    while True:
        inside = costs[:, chosen].sum(axis=1)
        # what the set costs more when picture `new` comes in and entry `old` of the set goes out
        change = inside[:, None] - costs[:, chosen] - inside[chosen][None, :]
        change[chosen] = np.inf
        new, old = np.unravel_index(int(change.argmin()), change.shape)
        if change[new, old] >= -_LEAST_GAIN:
            return chosen
        chosen = [*chosen[:old], int(new), *chosen[old + 1 :]]


def _distances(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each pair of rows."""
    import numpy as np

    distances: NDArray[np.float64] = np.sqrt(((features[:, None] - features[None]) ** 2).mean(axis=-1))
    return distances


def _features(picture: Picture) -> NDArray[np.float64]:
    """Return brightness and two opponent colours of a picture, at a coarse grid of places, and how they change there.

    The values of 8-bit colours are divided by 255.
    """
    import numpy as np

    colours = np.frombuffer(picture.rgb, dtype=np.uint8).reshape(picture.height, picture.width, 3) / 255.0
    rows, columns = min(_SIDE, picture.height), min(_SIDE, picture.width)
    heights = np.add.reduceat(colours, np.arange(rows) * picture.height // rows, axis=0)
    sums = np.add.reduceat(heights, np.arange(columns) * picture.width // columns, axis=1)
    red, green, blue = np.moveaxis(sums / (picture.height / rows * picture.width / columns), -1, 0)
    places = np.stack([(red + green + blue) / 3.0, (red - green) / 2.0, (red + green) / 4.0 - blue / 2.0])
    parts = places, _EDGES * np.diff(places, axis=1), _EDGES * np.diff(places, axis=2)
    return np.concatenate([part.ravel() for part in parts])
