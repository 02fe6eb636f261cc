"""How far candidates look from their parent at a scale, learned from the grids of a search.

The difference that a person sees grows as a power of the scale, d = a * s^b.  How fast depends on the model, the prompt
and what moves, so a search fits the law to its own grids: one exponent for all of them, and an amplitude for each kind
of variation.  Pure values and functions; `engine.search.measuring` measures the differences.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from engine.search.axis import MIN_SCALE, Axis
from engine.search.bands import Bands

Variation: TypeAlias = tuple[Axis, Bands]
"""What moves: every pair has an amplitude of its own."""

VISIBLE = 0.0059
"""The smallest difference that counts as seen when two pictures are shown in turns in the same place: 1.5 of 255
levels, 2.6% of the luminance of a medium grey.  Chosen, not measured on people: a change of less contrast is lost in
what a picture shows anyway."""
MAX_FLOOR = 0.2
"""The floor is never above this, whatever was measured: a larger one would leave nothing to search."""
WINDOW = 24
"""The number of grids that the fit remembers."""
_LEAST_DIFFERENCE = 1e-4
_AMPLITUDE, _LEVEL_SPREAD = 0.15, 0.7
_EXPONENT, _EXPONENT_SPREAD = 0.85, 0.15
"""The law of the model that ships, and how much the logarithm of the amplitude and the exponent of others differ."""
_LEAST_EXPONENT, _MOST_EXPONENT = 0.4, 1.2
_NOISE = 0.25
"""How much the logarithm of a grid's difference scatters around the law."""
_KIND_SPREAD = 0.3
"""How much the logarithm of an amplitude is expected to differ from one kind of variation to another."""
_TOLERANCE = 1.5
"""Grids that are farther from the law than so many times `_NOISE` count less."""
_PASSES = 10
_BANDS: Mapping[Bands, float] = MappingProxyType(
    {Bands.ALL: 0.0, Bands.TILT: -0.45, Bands.LAYOUT: -0.27, Bands.DETAIL: -0.27, Bands.CUSTOM: -0.27}
)
_PROMPT = -0.5
"""What the logarithm of an amplitude differs by from that of everything moving, on the model that ships."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What one grid showed.

    Attributes:
        variation: What moved.
        scale: Its scale, above 0 and at most 1.
        difference: The median difference of its candidates from their parent, from 0 to 1.
    """

    variation: Variation
    scale: float
    difference: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleLaw:
    """How the difference that is seen grows with the scale, for one kind of variation.

    Attributes:
        amplitude: The difference at scale 1.
        exponent: The power of the scale.
    """

    amplitude: float = _AMPLITUDE
    exponent: float = _EXPONENT

    def difference(self, scale: float) -> float:
        """Return the difference from the parent that candidates have at a scale."""
        return float(self.amplitude * scale**self.exponent)

    def scale_at(self, difference: float) -> float:
        """Return the scale at which candidates have a difference; above 1 when no scale reaches it."""
        return float((difference / self.amplitude) ** (1.0 / self.exponent))

    def factor(self, times: float) -> float:
        """Return what a scale is multiplied by to make the difference so many times as large."""
        return float(times ** (1.0 / self.exponent))

    @property
    def floor(self) -> float:
        """The scale below which the difference is not seen, from `MIN_SCALE` to `MAX_FLOOR`."""
        return max(MIN_SCALE, min(MAX_FLOOR, self.scale_at(VISIBLE)))


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleFit:
    """The laws of a search, as far as its grids have shown them; without any, those of the model that ships.

    Attributes:
        observations: The newest grids, the newest last.
        level: The natural logarithm of the amplitude that all kinds of variation share.
        exponent: The exponent that they share.
        offsets: What the logarithm of an amplitude differs by from `level`, for each kind that was observed.
    """

    observations: tuple[Observation, ...] = ()
    level: float = math.log(_AMPLITUDE)
    exponent: float = _EXPONENT
    offsets: Mapping[Variation, float] = field(default_factory=dict)

    def law(self, variation: Variation) -> ScaleLaw:
        """Return the law of a kind of variation; one that was not observed yet is taken to be as usual."""
        offset = self.offsets.get(variation, usual_offset(variation))
        return ScaleLaw(amplitude=math.exp(self.level + offset), exponent=self.exponent)

    def observed(self, observation: Observation) -> ScaleFit:
        """Return the fit after one more grid."""
        return fitted((*self.observations, observation)[-WINDOW:])


def usual_offset(variation: Variation) -> float:
    """Return what the logarithm of an amplitude usually differs by from that of all octaves of the noise."""
    axis, bands = variation
    return _PROMPT if axis is Axis.PROMPT else _BANDS[bands]


# A ridge regression in logarithms: log d = level + offset of the kind + exponent * log s.  The offsets have priors of
# their own and are integrated out, which leaves two equations: what the points of a kind have in common counts less in
# its sums, by `shared`.  Huber's weights make grids that are far from the law count less.
def fitted(observations: tuple[Observation, ...]) -> ScaleFit:
    """Return the laws that fit observations best, given those of the model that ships.

    Args:
        observations: The observations.
    """
    points = [_Point.of(observation) for observation in observations]
    weights = [1.0] * len(points)
    fit = ScaleFit(observations=observations)
    for _ in range(_PASSES if points else 0):
        sums = {kind: _Sums.of(kind, points, weights) for kind in {point.kind for point in points}}
        level, exponent = _solved(sums.values())
        offsets = {kind: usual_offset(kind) + own.offset(level, exponent) for kind, own in sums.items()}
        fit = ScaleFit(observations=observations, level=level, exponent=exponent, offsets=offsets)
        misses = [abs(point.y - level - offsets[point.kind] - exponent * point.x) for point in points]
        weights = [_TOLERANCE * _NOISE / max(miss, _TOLERANCE * _NOISE) for miss in misses]
    return fit


@dataclass(frozen=True, kw_only=True, slots=True)
class _Point:
    """An observation in logarithms: x is that of the scale, y that of the difference."""

    kind: Variation
    x: float
    y: float

    @staticmethod
    def of(observation: Observation) -> _Point:
        seen = max(_LEAST_DIFFERENCE, observation.difference)
        return _Point(kind=observation.variation, x=math.log(observation.scale), y=math.log(seen))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sums:
    """Weighted sums over the points of a kind, y without its usual offset; n: of the weights alone."""

    n: float
    x: float
    y: float
    xx: float
    xy: float

    @staticmethod
    def of(kind: Variation, points: Sequence[_Point], weights: Sequence[float]) -> _Sums:
        own = [
            (weight / _NOISE**2, point.x, point.y - usual_offset(kind))
            for point, weight in zip(points, weights, strict=True)
            if point.kind == kind
        ]
        return _Sums(
            n=sum(w for w, _, _ in own),
            x=sum(w * x for w, x, _ in own),
            y=sum(w * y for w, _, y in own),
            xx=sum(w * x * x for w, x, _ in own),
            xy=sum(w * x * y for w, x, y in own),
        )

    @property
    def shared(self) -> float:
        """What the sums lose to an offset that is not known: the variance of the offset, given the points."""
        return 1.0 / (_KIND_SPREAD**-2 + self.n)

    def offset(self, level: float, exponent: float) -> float:
        """Return the most likely offset from the usual one."""
        return self.shared * (self.y - level * self.n - exponent * self.x)


def _solved(kinds: Collection[_Sums]) -> tuple[float, float]:
    """Return level and exponent: the solution of the two normal equations."""
    aa, ab, bb = _LEVEL_SPREAD**-2, 0.0, _EXPONENT_SPREAD**-2
    ay, by = aa * math.log(_AMPLITUDE), bb * _EXPONENT
    for own in kinds:
        aa += own.n - own.shared * own.n**2
        ab += own.x - own.shared * own.n * own.x
        bb += own.xx - own.shared * own.x**2
        ay += own.y - own.shared * own.n * own.y
        by += own.xy - own.shared * own.x * own.y
    determinant = aa * bb - ab * ab
    exponent = max(_LEAST_EXPONENT, min(_MOST_EXPONENT, (aa * by - ab * ay) / determinant))
    return (ay - ab * exponent) / aa, exponent
