"""Which answers are likely next, and the grids that they lead to.  Pure: nothing is rendered here.

A guess is right when the grid that it leads to is the one that the person's answer leads to, whatever the answer was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import InvalidRequestError
from engine.search.answers import Answer, NoneBetter, Picked, Rerolled
from engine.search.choosing import plan_of
from engine.search.grid import PARENT, Grid
from engine.search.history import NodeKind
from engine.search.session import Session, decided, tell
from latentpng.errors import InvalidValueError

_EQUAL = 4.0
"""How many picks the belief counts for that all candidates are equally likely."""
_WIDTH = 0.2
"""How far a pick speaks for candidates beside its own rank, as a part of all ranks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attention:
    """What the person looks at.

    Attributes:
        index: The index of the picture under the cursor.
        marks: The indices of the marked candidates.
    """

    index: int = PARENT
    marks: tuple[int, ...] = ()

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What one key would answer: Enter blends the marks, and without any takes what the cursor is on."""
        blend = (Picked(marks=tuple(index - 1 for index in self.marks)),) if self.marks else ()
        return tuple(dict.fromkeys((*blend, answer_of(self.index))))


def answer_of(index: int) -> Answer:
    """Return the answer that chooses a picture of the grid; to choose the parent means that no candidate is better."""
    return NoneBetter() if index == PARENT else Picked(marks=(index - 1,))


def forecast(session: Session, answer: Answer, steps: int) -> Grid | None:
    """Return the grid that an answer would lead to.

    Args:
        session: The session whose grid is on offer.
        answer: The answer.
        steps: The number of denoising steps of a picture.

    Returns:
        The grid; None where the answer does not fit, cannot bring the candidates nearer any more, or leads to a grid
        whose candidates are still to be chosen.
    """
    if isinstance(answer, NoneBetter) and session.at_floor:
        return None
    try:
        after = tell(session, answer)
    except (InvalidRequestError, InvalidValueError):
        return None
    if plan_of(after, steps) is not None:
        return None
    return Grid.of(decided(after))


def likely_answers(session: Session, chances: Sequence[float]) -> tuple[Answer, ...]:
    """Return what is answered to a grid, the most likely first.

    Args:
        session: The session that offers the grid.
        chances: How likely each candidate is to be picked.
    """
    was_none_better = bool(session.past) and session.past[-1].node == session.place.node
    others = (Rerolled(),) if was_none_better or session.at_floor else ()  # it would be of little use to come nearer
    order = sorted(range(len(chances)), key=lambda position: -chances[position])  # equal ones stay in their order
    return (NoneBetter(), *others, *(Picked(marks=(position,)) for position in order))


# A person who picks what changed most, or what changed least, does so again.  So each pick on the way speaks for the
# candidates of its own rank, less for those beside it, and equal chances count as much as a few picks.
def chances_of(ranks: Sequence[float], picked: Sequence[float]) -> tuple[float, ...]:
    """Return how likely each candidate of a grid is to be picked; the sum is 1.

    Args:
        ranks: The rank of each candidate of the grid (`ranks_of`).
        picked: The ranks of what was picked on the way to the grid.
    """
    votes = [_EQUAL / len(ranks)] * len(ranks)
    for rank in picked:
        near = [math.exp(-(((each - rank) / _WIDTH) ** 2) / 2) for each in ranks]
        votes = [vote + share / sum(near) for vote, share in zip(votes, near, strict=True)]
    return tuple(vote / sum(votes) for vote in votes)


def ranks_of(distances: Sequence[float]) -> tuple[float, ...]:
    """Return the rank of each candidate by its distance from the parent: 0 for the nearest, 1 for the farthest.

    Args:
        distances: The distance of each candidate; equal ones rank in their order.
    """
    order = sorted(range(len(distances)), key=lambda position: distances[position])
    last = max(1, len(distances) - 1)
    return tuple(order.index(position) / last for position in range(len(distances)))


def picked_positions(before: Session, after: Session) -> tuple[int, ...]:
    """Return the positions of the candidates that an answer picked from a grid; () where it picked none.

    Args:
        before: The session whose grid was answered.
        after: The session after the answer.
    """
    node, offered = after.node, before.place.marks
    if node.kind is not NodeKind.PICK or node.parent != before.place.node:
        return ()
    marks = dict.fromkeys(mark for round_ in after.tree.step(after.place.node) for mark in round_.marks)
    return tuple(offered.index(mark) for mark in marks if mark in offered)
