"""The words of torch's CPU generator: mt19937 (Matsumoto and Nishimura, 1998), seeded with the low 32 bits of the seed.

NumPy's RandomState seeds mt19937 in the same way from an integer, and NEP 19 guarantees that its stream never changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentpng.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 2**20


def wrapped_seed(seed: int) -> int:
    """Return a seed as an unsigned 64-bit number, as torch converts it.

    Raises:
        InvalidValueError: The seed is outside -2^63 to 2^64 - 1, which torch refuses.
    """
    if not -(2**63) <= seed < 2**64:
        raise InvalidValueError(f"a seed of torch must be from -2^63 to 2^64 - 1, found {seed}")
    return seed % 2**64


class Words:
    """The endless sequence of 32-bit words of a seed, consumed from its start.

    Args:
        seed: From -2^63 to 2^64 - 1; see `wrapped_seed`.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.RandomState(wrapped_seed(seed) % 2**32)

    def take(self, count: int) -> NDArray[np.uint32]:
        """Return the next words: (count,), uint32."""
        return self._generator.randint(0, 2**32, count, np.uint32)

    def skip(self, count: int) -> None:
        """Discard the next `count` words."""
        for done in range(0, count, _AT_ONCE):
            self.take(min(_AT_ONCE, count - done))
