"""T0: models that are formulas, from noise to a "picture" of numbers, and how far two such pictures are apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.search.cases import CaseSet

Numbers: TypeAlias = NDArray[np.float64]
CELLS = 4
"""Rows and columns of a map of differences; halves and quarters consist of whole cells."""
AXES = "CHW"


class World(Protocol):
    """A model, and two ways to see how much its pictures differ.

    A map of differences is (2, N, CELLS, CELLS): for each metric and picture the difference in each part of it.
    The distance of a region is the mean over its cells, raised to the power of the metric.
    """

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the noise: channels, height, width."""

    @property
    def scale(self) -> float:
        """The scale of a first grid, as a model recommends it."""

    @property
    def powers(self) -> tuple[float, float]:
        """What the mean of a map is raised to, for each metric."""

    def begin(self, kind: CaseSet, targets: Numbers, numbers: Sequence[int]) -> None:
        """Take in what is searched for.

        Args:
            kind: The set of the cases.
            targets: The noise of the targets, (N, *shape).
            numbers: The number of the case of each target.
        """

    def differences(self, noise: Numbers, which: Sequence[int]) -> Numbers:
        """Render pictures and compare each with its target.

        Args:
            noise: (N, *shape), unit variance.
            which: The index of the target of each.

        Returns:
            The maps, (2, N, CELLS, CELLS).
        """

    def diverse(self, noise: Numbers, which: int, count: int) -> tuple[int, ...]:
        """Return which of the candidates for a first grid are shown, as the app chooses them.

        Args:
            noise: (N, *shape).
            which: The index of the target.
            count: How many are shown.
        """


@dataclass(kw_only=True, slots=True)
class Analytic:
    """A model that is a formula.  The first metric is the RMSE of all values, the second that of means of 2 x 2."""

    name: str
    shape: tuple[int, int, int]
    render: Callable[[Numbers], Numbers]
    scale: float = 0.7
    powers: tuple[float, float] = (0.5, 0.5)
    _targets: Numbers | None = None

    def begin(self, kind: CaseSet, targets: Numbers, numbers: Sequence[int]) -> None:  # noqa: ARG002 (no prompts here)
        """Render the targets."""
        self._targets = self.render(targets)

    def differences(self, noise: Numbers, which: Sequence[int]) -> Numbers:
        """Render pictures and compare each with its target."""
        assert self._targets is not None
        error = self.render(noise) - self._targets[list(which)]
        return np.stack([squares(error), squares(halved(error))])

    def diverse(self, noise: Numbers, which: int, count: int) -> tuple[int, ...]:
        """Return the first candidates: no formula has predictions to choose by."""
        del noise, which
        return tuple(range(count))


def squares(error: Numbers) -> Numbers:
    """Return the mean square of each cell: (N, CELLS, CELLS).  error: (N, C, H, W), sides are multiples of CELLS."""
    count, channels, height, width = error.shape
    cells = error.reshape(count, channels, CELLS, height // CELLS, CELLS, width // CELLS)
    return np.asarray((cells**2).mean((1, 3, 5)))


def halved(picture: Numbers) -> Numbers:
    """Return the means of all blocks of 2 x 2: (N, C, H / 2, W / 2)."""
    count, channels, height, width = picture.shape
    return np.asarray(picture.reshape(count, channels, height // 2, 2, width // 2, 2).mean((3, 5)))


def flat(shape: tuple[int, int, int]) -> Analytic:
    """Return the model whose picture is its noise."""
    return Analytic(name=f"flat {int(np.prod(shape))}", shape=shape, render=lambda noise: noise)


def spectrum(shape: tuple[int, int, int] = (4, 32, 32)) -> Analytic:
    """Return the model that filters its noise so that the power falls with 1 / frequency^2, as in photographs."""
    rows, columns = (np.fft.fftfreq(side) * side for side in shape[1:])
    weights = 1.0 / np.maximum(np.hypot(rows[:, None], columns[None, :]), 1.0)
    weights /= np.sqrt((weights**2).mean())
    return Analytic(
        name="1/f^2",
        shape=shape,
        render=lambda noise: np.asarray(np.fft.ifft2(np.fft.fft2(noise) * weights).real),
    )


# The probability-flow ODE of a mixture of Gaussians with means m_k and deviation s is known exactly (Song et al. 2021,
# equation 13, without drift): dx/dsigma = -sigma * score, score = sum_k r_k (m_k - x) / (s^2 + sigma^2), where r_k is
# how likely mode k made x.
def mixture(modes: int = 48, steps: int = 24) -> Analytic:
    """Return a model whose pictures are samples of a mixture of Gaussians."""
    shape, deviation = (1, 8, 8), 0.3
    means = np.random.default_rng(48).standard_normal((modes, 64))
    sigmas = np.append(np.geomspace(20.0, 0.05, steps), 0.0)

    def slope(x: Numbers, sigma: float) -> Numbers:
        variance = deviation**2 + sigma**2
        squared = (x**2).sum(1)[:, None] - 2.0 * x @ means.T + (means**2).sum(1)[None, :]
        odds = -squared / (2.0 * variance)
        odds = np.exp(odds - odds.max(1, keepdims=True))
        odds /= odds.sum(1, keepdims=True)
        return np.asarray(sigma * (x - odds @ means) / variance)

    def render(noise: Numbers) -> Numbers:
        x = noise.reshape(len(noise), -1) * np.hypot(sigmas[0], 1.0)
        for now, then in itertools.pairwise(map(float, sigmas)):
            first = slope(x, now)
            tried = x + (then - now) * first
            x += (then - now) * 0.5 * (first + slope(tried, then))  # Heun
        return np.asarray(x.reshape(noise.shape))

    return Analytic(name="mixture", shape=shape, render=render)


def analytic_worlds() -> dict[str, Callable[[], Analytic]]:
    """Return what makes each analytic world, by the name on the command line."""
    return {
        "flat64": lambda: flat((1, 8, 8)),
        "flat256": lambda: flat((4, 8, 8)),
        "spectrum": spectrum,
        "mixture": mixture,
    }
