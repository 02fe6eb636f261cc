"""What is searched for, and from where: every seed of a simulated search."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentpng.noise.replay import root_noise
from latentpng.record import Lineage, SeedRoot, TensorRoot

Noise: TypeAlias = NDArray[np.float16]


class CaseSet(StrEnum):
    """Which cases: those that figures are reported for, or those that constants are tuned on.  They share no seed."""

    REPORTED = "reported"
    TUNING = "tuning"


# Each kind of seed has a range of its own, so that no target is drawn from the noise of a start or of a proposal.
_FIRST_SEED = {CaseSet.REPORTED: 1_000_000, CaseSet.TUNING: 2_000_000}
_TARGETS, _STARTS, _PROPOSALS, _CHOICES, _SECOND_TARGETS = (100_000 * kind for kind in range(1, 6))


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One picture to be found.

    Attributes:
        number: Its number in its set; it also selects the prompt.
        first_seed: What the seeds of its set are counted from.
        cosine: The correlation between the noise of the start and that of the target, 0 to below 1; 0 is a fresh seed.
    """

    number: int
    first_seed: int
    cosine: float

    @property
    def proposal_seed(self) -> int:
        """The seed of the session."""
        return self.first_seed + _PROPOSALS + self.number

    @property
    def choice_seed(self) -> int:
        """The seed of the person's random choices."""
        return self.first_seed + _CHOICES + self.number

    def target(self, shape: tuple[int, ...]) -> Noise:
        """Return the noise of the target: float16, unit variance."""
        return root_noise(self.first_seed + _TARGETS + self.number, shape)

    def second_target(self, shape: tuple[int, ...]) -> Noise:
        """Return the noise of what a person who changes their mind wants later; its cosine with the target is 0.5."""
        return mixed(self.target(shape), root_noise(self.first_seed + _SECOND_TARGETS + self.number, shape), 0.5)

    def root(self, shape: tuple[int, ...]) -> tuple[Lineage, Noise]:
        """Return the lineage that the search begins with, and its noise."""
        seed = self.first_seed + _STARTS + self.number
        if not self.cosine:
            return Lineage(root=SeedRoot(seed=seed)), root_noise(seed, shape)
        noise = mixed(self.target(shape), root_noise(seed, shape), self.cosine)
        return Lineage(root=TensorRoot(source={"tool": "benchmark", "seed": seed})), noise


def cases(kind: CaseSet, numbers: Iterable[int], cosine: float) -> tuple[Case, ...]:
    """Return cases of a set.

    Args:
        kind: The set.
        numbers: Their numbers.
        cosine: The correlation between start and target.
    """
    return tuple(Case(number=number, first_seed=_FIRST_SEED[kind], cosine=cosine) for number in numbers)


def mixed(first: Noise, second: Noise, cosine: float) -> Noise:
    """Return noise of unit variance whose correlation with `first` is `cosine`; both are independent of each other."""
    total = cosine * first.astype(np.float64) + math.sqrt(1.0 - cosine * cosine) * second.astype(np.float64)
    return total.astype(np.float16)
