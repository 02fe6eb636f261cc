"""A cache that evicts the least recently used entries, bounded by their total size and by their number.

The one LRU cache of the project: noise arrays, encoded prompts, finished pictures and terminal frames use it.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """A mapping that forgets what was not used for longest.  Safe to use from several threads."""

    def __init__(self, *, max_size: int = sys.maxsize, max_entries: int = sys.maxsize) -> None:
        """Create an empty cache.

        Args:
            max_size: The largest sum of the sizes given to `put`, in the caller's unit (bytes, usually).
            max_entries: The largest number of entries.  Many small entries also cost memory, by fragmentation.
        """
        self._max_size, self._max_entries = max_size, max_entries
        self._size = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        """Return whether a key is in the cache; it does not count as used because of that."""
        return key in self._entries

    @property
    def size(self) -> int:
        """The sum of the sizes of all entries."""
        return self._size

    def get(self, key: K) -> V | None:
        """Return the value of `key` and mark it as used, or None when it is not in the cache."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def get_or_compute(self, key: K, compute: Callable[[], V], size_of: Callable[[V], int]) -> V:
        """Return the value of `key`; compute and store it when it is missing.

        The lock is not held during the computation, so two threads may compute the same value.  Values must
        therefore be functions of their key.
        """
        known = self.get(key)
        if known is not None:
            return known
        value = compute()
        self.put(key, value, size=size_of(value))
        return value

    def put(self, key: K, value: V, *, size: int = 1, protected: Collection[K] = ()) -> None:
        """Store a value, and evict the least recently used entries until both bounds hold.

        Args:
            key: The key; a value that it had before is replaced.
            value: The value.
            size: The size of the value, at least 0.  A value larger than `max_size` is not stored, unless its key
                is protected.
            protected: Keys that are not evicted, even if a bound is exceeded because of that.
        """
        with self._lock:
            self._remove(key)
            if size <= self._max_size or key in protected:
                self._entries[key] = (value, size)
                self._size += size
            self._evict(protected)

    def demote(self, key: K) -> None:
        """Let an entry be the next one to be evicted; a key that is not there is ignored."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key, last=False)

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def _remove(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= entry[1]

    def _evict(self, protected: Collection[K]) -> None:
        if self._size <= self._max_size and len(self._entries) <= self._max_entries:
            return
        for key in [key for key in self._entries if key not in protected]:
            if self._size <= self._max_size and len(self._entries) <= self._max_entries:
                return
            self._remove(key)
