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
from engine.search.regions import are_disjoint, coverage, intersection, region_words, union
from latentpng.record import Round


def region_rounds(template: Round, parts: Sequence[RegionMarks]) -> tuple[Round, ...]:
    """Return the rounds that lead to a patchwork.

    Args:
        template: The round on offer; where it has a region, each part keeps only what lies in it.
        parts: The marks of each region, as a round records them.

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
    inside = [(intersection(template.region, part.region), part.marks) for part in parts]
    inside = [(region, marks) for region, marks in inside if coverage(region)]
    is_whole = coverage(union(region for region, _ in inside)) >= coverage(template.region)
    if is_whole and len({marks for _, marks in inside}) == 1:
        return (replace(template, marks=inside[0][1]),)
    return tuple(replace(template, marks=marks, region=region) for region, marks in inside)
