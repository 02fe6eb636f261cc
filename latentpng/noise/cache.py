"""Arrays that were computed before, kept up to a number of bytes, and up to a number of them.

Noise is a pure function of numbers, so remembering it changes no result: the candidates of one round share their
draws, and the pictures of one search share most of their lineage.  Nothing here decides what is computed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T", bound="np.generic")


class ArrayCache:
    """Forgets the array that was not asked for longest.  What it hands out is read-only.  Safe between threads."""

    def __init__(self, limit: int, most: int = 256) -> None:
        """limit: bytes; a larger array is not kept.  most: arrays; small ones would pile up for hours otherwise."""
        self._limit, self._most = limit, most
        self._used = 0
        self._arrays: OrderedDict[Hashable, NDArray[np.generic]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> NDArray[np.generic] | None:
        """The array that was kept under this key, None when there is none any more."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def keep(self, key: Hashable, array: NDArray[T]) -> NDArray[T]:
        """The same array, read-only from now on."""
        array.flags.writeable = False
        with self._lock:
            if key not in self._arrays and array.nbytes <= self._limit:
                self._arrays[key] = array
                self._used += array.nbytes
            while self._used > self._limit or len(self._arrays) > self._most:
                _, oldest = self._arrays.popitem(last=False)
                self._used -= oldest.nbytes
        return array

    def get(self, key: Hashable, compute: Callable[[], NDArray[T]]) -> NDArray[T]:
        """The array of this key, computed when it is not there; one key always names one kind of array."""
        known = self.find(key)
        return self.keep(key, compute()) if known is None else cast("NDArray[T]", known)
