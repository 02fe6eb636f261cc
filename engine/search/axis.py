"""What a round moves, and how far: the noise, the prompt, or both by one scale.

Pure functions of rounds; `session.py` decides when.  How the prompt moves is told by latentpng/SPEC.md, section 7.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from latentpng.record import Lineage, Round


class Axis(StrEnum):
    """What a round moves: the initial noise, the embedding of the prompt, or both by the same scale.

    The prompt is for distilled models, whose pictures hardly depend on their noise.
    """

    NOISE = "noise"
    PROMPT = "prompt"
    BOTH = "both"


def size_of(round_: Round) -> float:
    """The scale of what a round moves most."""
    return max(round_.scale, round_.prompt_scale)


def axis_of(round_: Round) -> Axis:
    """What a round moves."""
    if not round_.prompt_scale:
        return Axis.NOISE
    return Axis.BOTH if round_.scale else Axis.PROMPT


def last_axis(lineage: Lineage) -> Axis:
    """What to go on moving from a picture: what its last round moved."""
    return axis_of(lineage.rounds[-1]) if lineage.rounds else Axis.NOISE


def along(round_: Round, axis: Axis) -> Round:
    """The same round, moving something else as far.  Its bands wait for the noise to move again."""
    scale = size_of(round_)
    noise = min(scale, most_of(round_)) if axis is not Axis.PROMPT else 0.0
    return replace(round_, scale=noise, prompt_scale=scale if axis is not Axis.NOISE else 0.0)


def scaled(template: Round, scale: float) -> Round:
    """Where both move, they keep their proportion."""
    size = size_of(template)
    if not size:
        return replace(template, scale=scale)
    return replace(template, scale=scale * (template.scale / size), prompt_scale=scale * (template.prompt_scale / size))


def most_of(template: Round) -> float:
    """The largest scale: no octave moves farther than a scale of 1."""
    return 1.0 / max((1.0, *template.bands))
