"""The words of torch's CPU generator: mt19937 (Matsumoto and Nishimura, 1998), seeded with the low 32 bits of the seed.

NumPy's RandomState has the same seeding for a whole number, and promises its stream for ever (NEP 19).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentpng.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 2**20


def wrapped_seed(seed: int) -> int:
    """A seed as 64 bits without sign, as torch takes it.  InvalidValueError when torch would refuse it."""
    if not -(2**63) <= seed < 2**64:
        raise InvalidValueError(f"a seed of torch is a number from -2^63 to 2^64 - 1, found {seed}")
    return seed % 2**64


class Words:
    """An endless sequence of 32-bit words, taken from its start."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.RandomState(wrapped_seed(seed) % 2**32)

    def take(self, count: int) -> NDArray[np.uint32]:
        """The next words: (count,), uint32."""
        return self._generator.randint(0, 2**32, count, np.uint32)

    def skip(self, count: int) -> None:
        """Leave out as many."""
        for done in range(0, count, _AT_ONCE):
            self.take(min(_AT_ONCE, count - done))
