"""How good noise is that was found for a photograph: how well it repeats the photograph, and how Gaussian it is.

Noise that is not Gaussian repeats a picture, but cannot be varied: a perturbation mixes it with true noise, and the sum
is neither.  So the standard deviation of each octave, the kurtosis and the correlation of neighbours are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentpng.noise.haar import split
from latentpng.record import Json
from latentpng.shapes import octaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_OFF = 0.15
"""By how much the standard deviation of an octave may differ from 1 before a warning; see `warning_of`."""
_KURTOSIS_LIMIT = 0.5
_LAG_LIMIT = 0.1
_PEAK = 255.0


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseStatistics:
    """The statistics of initial noise; true noise has 1, 1 for each octave, 0 and 0, up to chance.

    Attributes:
        std: The standard deviation of all values.
        octave_std: The root mean square of the Haar coefficients of each octave, coarsest first; () without spatial
            axes.
        octave_values: How many coefficients each octave has.
        kurtosis: The excess kurtosis of all values.
        lag1: The correlation of horizontal and vertical neighbours; 0.0 without spatial axes.
    """

    std: float
    octave_std: tuple[float, ...]
    octave_values: tuple[int, ...]
    kurtosis: float
    lag1: float

    def to_json(self) -> dict[str, Json]:
        """Return the form in the `source` of a record."""
        return {
            "std": round(self.std, 3),
            "octave_std": [round(each, 3) for each in self.octave_std],
            "kurtosis": round(self.kurtosis, 3),
            "lag1": round(self.lag1, 3),
        }


def noise_statistics(noise: NDArray[np.floating], axes: str) -> NoiseStatistics:
    """Measure initial noise.

    Args:
        noise: The noise of one picture, any float dtype.
        axes: A letter for each of its axes.
    """
    values = np.asarray(noise, np.float64)
    std = float(values.std())
    centred = values - values.mean()
    kurtosis = float((centred**4).mean() / max(std, 1e-12) ** 4 - 3.0)
    count = octaves(values.shape, axes)
    if not count:
        return NoiseStatistics(std=std, octave_std=(), octave_values=(), kurtosis=kurtosis, lag1=0.0)
    planes = np.moveaxis(values, (axes.index("H"), axes.index("W")), (-2, -1))
    found = []
    rest = planes
    for _ in range(count - 1):
        rest, details = split(rest)
        found.append(np.concatenate([part.ravel() for part in details]))
    found.append(rest.ravel())
    found.reverse()
    return NoiseStatistics(
        std=std,
        octave_std=tuple(float(np.sqrt((each**2).mean())) for each in found),
        octave_values=tuple(each.size for each in found),
        kurtosis=kurtosis,
        lag1=_lag1(planes, std),
    )


def warning_of(statistics: NoiseStatistics) -> str:
    """Return why noise should not be varied, as a sentence; "" when it is Gaussian enough.

    An octave is reported when its standard deviation is off by more than `MOST_OFF` and by more than chance explains:
    four standard errors, 4 / sqrt(2 n) for n values.
    """
    octaves_off = any(
        abs(std - 1.0) > max(MOST_OFF, 4.0 / math.sqrt(2.0 * count))
        for std, count in zip(statistics.octave_std, statistics.octave_values, strict=True)
    )
    off = []
    if octaves_off:
        off.append(f"octaves {' '.join(f'{std:.2f}' for std in statistics.octave_std)} instead of 1")
    elif abs(statistics.std - 1.0) > MOST_OFF:
        off.append(f"standard deviation {statistics.std:.2f} instead of 1")
    if abs(statistics.kurtosis) > _KURTOSIS_LIMIT:
        off.append(f"kurtosis {statistics.kurtosis:.2f} instead of 0")
    if abs(statistics.lag1) > _LAG_LIMIT:
        off.append(f"neighbours correlate by {statistics.lag1:.2f}")
    return f"variations may fall apart, because the noise is not Gaussian ({', '.join(off)})" if off else ""


def psnr(first: bytes, second: bytes) -> float:
    """Return the peak signal-to-noise ratio of two pictures of one size, in decibels; infinite for equal ones.

    10 log10(255^2 / MSE) over all values of all channels.
    """
    difference = np.frombuffer(first, np.uint8).astype(np.float64) - np.frombuffer(second, np.uint8)
    error = float((difference**2).mean())
    return math.inf if error == 0.0 else 10.0 * math.log10(_PEAK**2 / error)


def _lag1(planes: NDArray[np.float64], std: float) -> float:
    """Return the mean correlation of each value with its right and its lower neighbour."""
    pairs = [
        (first * second).mean()
        for first, second in ((planes[..., :-1], planes[..., 1:]), (planes[..., :-1, :], planes[..., 1:, :]))
        if first.size
    ]
    return float(np.mean(pairs)) / max(std, 1e-12) ** 2 if pairs else 0.0
