"""A cache of arrays that are pure functions of their key.

Noise is a pure function of numbers, so the cache changes no result.  It saves work: the candidates of one round share
their draws, and the pictures of one search share most of their lineage.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar, cast

from latentpng.lru import LruCache

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T", bound="np.generic")


class ArrayCache:
    """An LRU cache of read-only arrays.  Safe to use from several threads."""

    def __init__(self, max_bytes: int, max_arrays: int = 256) -> None:
        """Create an empty cache.

        Args:
            max_bytes: The largest sum of the arrays' sizes; a larger array is not stored.
            max_arrays: The largest number of arrays.  Many small ones would fragment the heap of a long session.
        """
        self._arrays: LruCache[Hashable, NDArray[np.generic]] = LruCache(max_size=max_bytes, max_entries=max_arrays)

    def find(self, key: Hashable) -> NDArray[np.generic] | None:
        """Return the array of `key`, or None when it is not in the cache."""
        return self._arrays.get(key)

    def keep(self, key: Hashable, array: NDArray[T]) -> NDArray[T]:
        """Store an array and return it, read-only from now on."""
        array.flags.writeable = False
        self._arrays.put(key, array, size=array.nbytes)
        return array

    def get(self, key: Hashable, compute: Callable[[], NDArray[T]]) -> NDArray[T]:
        """Return the array of `key`, computed when it is missing.  One key always names one kind of array."""
        known = self.find(key)
        return self.keep(key, compute()) if known is None else cast("NDArray[T]", known)
