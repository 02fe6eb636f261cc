"""Pictures between a parent and its child: rounds of the same seed and marks whose angle is a part of the child's.

A round of scale s turns the noise by the angle asin(s) (latentpng/SPEC.md, section 6).  The round that turns it by t
times that angle has the scale sin(t * asin(s)).  With bands every octave turns by an angle of its own, so every octave
gets a scale of its own; so does the prompt.  What lies between is thus an ordinary lineage, which any picture file may
carry, and nothing here computes noise.
"""

from __future__ import annotations

import math
from dataclasses import replace

from latentpng.record import Lineage, Round


def round_at(round_: Round, part: float) -> Round:
    """Return the round that goes a part of the way of a round.

    Args:
        round_: The round.
        part: How much of every angle, 0 to 1; 1 returns the round itself.
    """
    if part >= 1.0:
        return round_
    scale, bands = _scales_at(round_.scale, round_.bands, part)
    return replace(round_, scale=scale, bands=bands, prompt_scale=_scale_at(round_.prompt_scale, part))


def lineage_at(lineage: Lineage, begin: int, end: int, part: float) -> Lineage:
    """Return the lineage of the picture a part of the way from one ancestor to a later one.

    Args:
        lineage: The lineage of both.
        begin: The number of rounds of the earlier ancestor.
        end: The number of rounds of the later one; the rounds of one pick, a region each, move together.
        part: 0 for the earlier ancestor itself, 1 for the later one.
    """
    if part <= 0.0:
        return lineage.ancestor(begin)
    moved = tuple(round_at(round_, part) for round_ in lineage.rounds[begin:end])
    return replace(lineage, rounds=(*lineage.rounds[:begin], *moved))


def _scale_at(scale: float, part: float) -> float:
    return math.sin(part * math.asin(scale))


def _scales_at(scale: float, bands: tuple[float, ...], part: float) -> tuple[float, tuple[float, ...]]:
    """Return the scale and the bands whose products are the scales of the octaves."""
    if not bands:
        return _scale_at(scale, part), ()
    octaves = [_scale_at(min(1.0, scale * band), part) for band in bands]
    largest = max(octaves)
    if not largest:
        return 0.0, bands
    # The largest is the scale: so every band is at most 1, and no product exceeds 1 by rounding.
    return largest, tuple(octave / largest for octave in octaves)
