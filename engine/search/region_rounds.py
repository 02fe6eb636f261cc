"""The rounds of a pick by region: one for each region, all with the seed of the grid that was answered.

The regions are disjoint, so replaying the rounds one after the other gives the patchwork of the candidates that were on
offer.  Each round begins at the state before it, but moves only values that no other round of the pick moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from engine.errors import InvalidRequestError
from engine.search.answers import RegionMarks
from engine.search.axis import Axis, axis_of
from engine.search.regions import (
    UNKNOWN_SIDES,
    are_disjoint,
    coverage,
    intersection,
    inverted,
    region_words,
    union,
)
from latentpng.record import Round


def region_rounds(
    template: Round, parts: Sequence[RegionMarks], sides: tuple[int, int] = UNKNOWN_SIDES
) -> tuple[Round, ...]:
    """Return the rounds that lead to a patchwork.

    Args:
        template: The round on offer; where it has a region, each part keeps only what lies in it.
        parts: The marks of each region, as a round records them.
        sides: Height and width of the noise, so that no region has more cells than it; (0, 0) when they are not known.

    Returns:
        One round for each part that keeps anything.  A single one, with the region of the template, when all parts
        name the same candidates and leave nothing out: that is the pick of the whole.

    Raises:
        InvalidRequestError: Two regions overlap, or the prompt varies.
        InvalidValueError: The marks are no candidates of the round.
    """
    if parts and axis_of(template) is not Axis.NOISE:
        raise InvalidRequestError("only the noise has regions, and here the prompt varies; vary the noise alone")
    for first, second in combinations(parts, 2):
        if not are_disjoint(first.region, second.region):
            words = " and ".join(region_words(part.region) for part in (first, second))
            raise InvalidRequestError(f"two regions of a pick overlap: {words}; name each part of the picture once")
    inside = parts_inside(template, parts, sides)
    outside = intersection(template.region, inverted(union(part.region for part in parts)), sides)
    if not coverage(outside) and len({part.marks for part in inside}) == 1:
        return (replace(template, marks=inside[0].marks),)
    return tuple(replace(template, marks=part.marks, region=part.region) for part in inside)


def parts_inside(
    template: Round, parts: Sequence[RegionMarks], sides: tuple[int, int] = UNKNOWN_SIDES
) -> tuple[RegionMarks, ...]:
    """Return what lies inside the region of a round, of each part of which anything does; arguments as above."""
    inside = [replace(part, region=intersection(template.region, part.region, sides)) for part in parts]
    return tuple(part for part in inside if coverage(part.region))
