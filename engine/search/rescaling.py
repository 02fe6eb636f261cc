"""Steps of the scale: within its limits, and back to grids that were on offer already."""

from __future__ import annotations

from engine.search.axis import max_scale, scale_of, with_scale
from engine.search.state import Session
from latentpng.record import Round

_NEARLY = 1.1
"""Scales that differ by this factor at most are nearly the same; the finest step is larger."""


def halved(session: Session, template: Round) -> Round:
    """Return a round at half its scale, within its limits."""
    return rescaled(session, template, 0.5)


def rescaled(session: Session, template: Round, factor: float) -> Round:
    """Return a round at a different scale, within its limits; one that is below the floor already gets no farther."""
    scale = scale_of(template)
    return with_scale(template, max(min(session.floor, scale), min(max_scale(template), scale * factor)))


# What a step of the scale is depends on what was learned meanwhile, so a step and the step back could miss the pictures
# that are there already by a hair.
def known(session: Session, round_: Round) -> Round:
    """Return the round of the same directions that was on offer before at nearly the same scale, else the given one."""
    scale, least = scale_of(round_), min(session.floor, session.scale)
    for place in reversed(session.past):
        before = scale_of(place.template)
        if place.node != session.place.node or place.template.seed != round_.seed:
            break
        is_this_way = before >= least and (before - session.scale) * (scale - session.scale) > 0.0
        if is_this_way and is_nearly(scale, before) and is_same_but_scale(round_, place.template):
            return place.template
    return round_


def is_nearly(one: float, other: float) -> bool:
    """Return whether two scales are nearly the same."""
    return one / _NEARLY <= other <= one * _NEARLY


def is_same_but_scale(one: Round, other: Round) -> bool:
    """Return whether two rounds have the same directions, in the same octaves and the same region."""
    return with_scale(one, scale_of(other)) == other
