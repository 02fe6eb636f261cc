"""Which octaves of detail a round moves, by name, and how much of the parent's noise that keeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from engine.errors import InvalidRequestError
from engine.search.regions import coverage
from latentpng.record import Round


class Bands(StrEnum):
    """Which octaves of detail move: a name for the factors that a round records."""

    ALL = "all"
    TILT = "tilt"
    LAYOUT = "layout"
    DETAIL = "detail"
    CUSTOM = "custom"


def factors_of(bands: Bands, octaves: int) -> tuple[float, ...]:
    """Return the factor by which each octave's scale is multiplied.

    Args:
        bands: TILT halves the scale from octave to octave (1, 1/2, 1/4, ...).  LAYOUT moves the coarser half of the
            octaves alone, DETAIL the finer half.  ALL moves all of them alike.
        octaves: The number of octaves of the noise; 0 when it has no spatial axes.

    Returns:
        One factor an octave, coarsest first; () when all octaves move alike, or there is only one.

    Raises:
        InvalidRequestError: The bands are CUSTOM: those come from a file, a name does not tell their factors.
    """
    coarse = (octaves + 1) // 2
    match bands:
        case Bands.ALL:
            return ()
        case _ if octaves < 2:
            return ()
        case Bands.TILT:
            return tuple(0.5**octave for octave in range(octaves))
        case Bands.LAYOUT:
            return tuple(1.0 if octave < coarse else 0.0 for octave in range(octaves))
        case Bands.DETAIL:
            return tuple(0.0 if octave < coarse else 1.0 for octave in range(octaves))
        case Bands.CUSTOM:
            raise InvalidRequestError("custom bands can only be read from a file; choose all, tilt, layout or detail")


def bands_of(factors: tuple[float, ...], octaves: int) -> Bands:
    """Return the name of the factors of a round, CUSTOM when they have no other."""
    named = (Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL)
    return next((bands for bands in named if factors_of(bands, octaves) == factors), Bands.CUSTOM)


def correlation(round_: Round) -> float:
    """Return the correlation between the noise of a parent and that of its child, from 0 to 1.

    A perturbation of scale s keeps sqrt(1 - s^2) of each coefficient (latentpng/SPEC.md, section 6).  With bands every
    octave has a scale of its own, so this is the mean over all coefficients: the finest octave of a 2-D Haar basis
    holds 3/4 of them, the next one 3/4 of the rest, and so on; what remains, 1/4^levels, belongs to the coarsest.
    Outside a region everything is kept.
    """
    factors = round_.bands or (1.0,)
    levels = len(factors) - 1
    weights = [0.25**levels, *(0.75 * 0.25 ** (levels - level) for level in range(1, levels + 1))]
    moved = sum(
        weight * math.sqrt(1.0 - (round_.scale * factor) ** 2) for weight, factor in zip(weights, factors, strict=True)
    )
    part = coverage(round_.region)
    return part * moved + (1.0 - part)


def step_correlation(rounds: Sequence[Round]) -> float:
    """Return the correlation between the noise of a parent and that of the child that one step leads to, from 0 to 1.

    The rounds of a pick by region move different values, so what each of them loses adds up.
    """
    return max(0.0, 1.0 - sum(1.0 - correlation(round_) for round_ in rounds))
