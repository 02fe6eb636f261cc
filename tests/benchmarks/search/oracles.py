"""The simulated person: what they answer to distances, how often they err, and what they cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Marks: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Oracle:
    """A person who knows what they want.

    Attributes:
        name: What tables call them.
        random: How many of their answers are random, 0 to 1.
        noticeable: The least difference that they see, as a part of the distance from the start to the target.
        changes_mind: Whether they want a different picture from the middle of the search on.
        metric: Which metric of the world they judge by.
    """

    name: str = "exact"
    random: float = 0.0
    noticeable: float = 0.0
    changes_mind: bool = False
    metric: int = 0

    def choose(self, candidates: Sequence[float], parent: float, start: float, most: int, luck: Random) -> Marks:
        """Return which candidates are better than the parent, the best first; () for none.

        Args:
            candidates: Their distances to what is wanted.
            parent: That of the parent.
            start: That of the picture that the search began with.
            most: How many may be marked.
            luck: What random answers are drawn from; each call draws equally often.
        """
        is_random, blind, order = luck.random() < self.random, luck.randrange(len(candidates) + 1), luck.random()
        if is_random:
            return (blind,) if blind < len(candidates) else ()
        least = self.noticeable * start
        better = [mark for mark, distance in enumerate(candidates) if distance < parent - least]
        better.sort(key=lambda mark: candidates[mark])
        if not least or not better:
            return tuple(better[:most])
        alike = [mark for mark in better if candidates[mark] < candidates[better[0]] + least]
        Random(order).shuffle(alike)
        return tuple([*alike, *(mark for mark in better if mark not in alike)][:most])


EXACT = Oracle()
ERRING = Oracle(name="15% random", random=0.15)
DULL = Oracle(name="sees 5%", noticeable=0.05)
FICKLE = Oracle(name="changes their mind", changes_mind=True)
BY_COLOUR = Oracle(name="by blurred colours", metric=1)
ORACLES = (EXACT, ERRING, DULL, FICKLE, BY_COLOUR)
