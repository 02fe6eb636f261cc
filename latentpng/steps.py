"""Which rounds of a lineage a person made as one step.  SPEC.md, section 6, describes it; replay does not need it.

A pick by region (other candidates in other parts of one grid) is recorded as one round for each region, and nobody ever
saw the states between them.  Every other round is a step of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from latentpng.record import Lineage, Round
from latentpng.regions import are_disjoint


def step_ends(lineage: Lineage) -> tuple[int, ...]:
    """Return after how many rounds each step of a lineage ends: increasing numbers, the last one that of all rounds."""
    ends: list[int] = []
    step: list[Round] = []
    for number, round_ in enumerate(lineage.rounds):
        if step and not belongs_to(round_, step):
            ends.append(number)
            step = []
        step.append(round_)
    return (*ends, len(lineage.rounds)) if step else ()


# Two picks one after the other share a seed only if a person gave both grids the same, because each grid draws its own.
# Overlapping regions cannot come from one grid: where two rounds move the same value, the result is no candidate of it.
def belongs_to(round_: Round, step: Sequence[Round]) -> bool:
    """Return whether a round goes on with the step of the rounds before it.

    Args:
        round_: The round.
        step: The rounds of the step so far, at least one.
    """
    return (
        bool(round_.region)
        and bool(step[-1].region)
        and _grid(round_) == _grid(step[-1])
        and not (round_.prompt_scale or round_.settings or step[-1].settings)
        and all("1" in region for region in (round_.region, step[-1].region))
        and all(are_disjoint(round_.region, before.region) for before in step)
    )


def _grid(round_: Round) -> tuple[int, int, float, tuple[float, ...], float]:
    """Return what all rounds have in common that were picked from one grid."""
    return round_.seed, round_.of, round_.scale, round_.bands, round_.prompt_scale
