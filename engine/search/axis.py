"""What a round moves, and how far: the noise, the prompt, or both by one scale.

Pure functions of rounds; `engine.search.session` decides when they are applied.  latentpng/SPEC.md, section 7, defines
how the embedding of a prompt moves.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from latentpng.record import Lineage, Round

MIN_SCALE = 0.02
"""Below this, people can no longer tell candidates apart."""


class Axis(StrEnum):
    """What a round moves: the initial noise, the embedding of the prompt, or both by the same scale.

    The prompt is for distilled models, whose pictures hardly depend on their noise.
    """

    NOISE = "noise"
    PROMPT = "prompt"
    BOTH = "both"


def scale_of(round_: Round) -> float:
    """Return the scale of what a round moves most, above 0 and at most 1."""
    return max(round_.scale, round_.prompt_scale)


def moves(round_: Round) -> bool:
    """Return whether a round moves anything; one that does not only changes the settings."""
    return scale_of(round_) > 0.0


def axis_of(round_: Round) -> Axis:
    """Return what a round moves."""
    if not round_.prompt_scale:
        return Axis.NOISE
    return Axis.BOTH if round_.scale else Axis.PROMPT


def last_scale(lineage: Lineage, default: float) -> float:
    """Return the scale to continue a picture with: that of its last round, else `default`."""
    last = last_move(lineage)
    return default if last is None else max(MIN_SCALE, scale_of(last))


def last_axis(lineage: Lineage) -> Axis:
    """Return what to continue moving from a picture: what its last round moved, else the noise."""
    last = last_move(lineage)
    return Axis.NOISE if last is None else axis_of(last)


def last_move(lineage: Lineage) -> Round | None:
    """Return the last round of a lineage that moves anything; None when there is none."""
    return next(filter(moves, reversed(lineage.rounds)), None)


def along(round_: Round, axis: Axis) -> Round:
    """Return the same round along a different axis, at the same scale.

    The bands stay, also where only the prompt moves: they count again as soon as the noise does.
    """
    scale = scale_of(round_)
    noise = min(scale, max_scale(round_)) if axis is not Axis.PROMPT else 0.0
    return replace(round_, scale=noise, prompt_scale=scale if axis is not Axis.NOISE else 0.0)


def with_scale(round_: Round, scale: float) -> Round:
    """Return the same round at a different scale; where noise and prompt move, their scales keep their ratio."""
    largest = scale_of(round_)
    if not largest:
        return replace(round_, scale=scale)
    return replace(round_, scale=scale * (round_.scale / largest), prompt_scale=scale * (round_.prompt_scale / largest))


def max_scale(round_: Round) -> float:
    """Return the largest scale that a round can have: no octave moves farther than a scale of 1."""
    return 1.0 / max((1.0, *round_.bands))
