"""Statistics of paired searches: every strategy plays the same cases, so differences are taken case by case."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 4000


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean with its 95% interval.

    Attributes:
        mean: The mean.
        low: The lower end.
        high: The upper end.
    """

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the mean differs from 0 by more than its interval."""
        return self.low > 0.0 or self.high < 0.0

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def paired_interval(values: Sequence[float], baseline: Sequence[float]) -> Interval:
    """Return the mean difference with the percentile interval of a bootstrap over cases.

    Args:
        values: A figure of each case.
        baseline: The same figure of the same cases for another strategy.
    """
    differences = np.subtract(values, baseline)
    drawn = np.random.default_rng(0).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.percentile(differences[drawn].mean(1), (2.5, 97.5))
    return Interval(mean=float(differences.mean()), low=float(low), high=float(high))


def first_at(distances: Sequence[float], level: float) -> float:
    """Return the number of the first grid after which the distance is at most `level`; infinity if there is none."""
    return next((float(grid) for grid, distance in enumerate(distances) if distance <= level), math.inf)


def median_of(counts: Sequence[float], most: int) -> str:
    """Return the median of counts as text; infinite ones are more than `most`."""
    middle = statistics.median(counts)
    return f"{middle:g}" if middle <= most else f"> {most}"


def success(counts: Sequence[float]) -> float:
    """Return the part of the cases whose count is finite."""
    return sum(map(math.isfinite, counts)) / len(counts)
