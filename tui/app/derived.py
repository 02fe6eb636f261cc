"""What was computed from pictures, kept while the same pictures are shown.

Pictures are told apart by identity, since comparing their pixels would take as long as what it saves.  They are kept
with what was computed from them, so that no other picture can take over an identity.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from engine.rendering.events import Picture
from latentpng.lru import LruCache

T = TypeVar("T")


class Derived(Generic[T]):
    """Values that were computed from pictures."""

    def __init__(self, max_entries: int) -> None:
        """Keep nothing yet.

        Args:
            max_entries: The largest number of values; the least recently used are forgotten first.
        """
        self._known: LruCache[Hashable, tuple[tuple[Picture, ...], T]] = LruCache(max_entries=max_entries)

    def of(self, what: Hashable, sources: tuple[Picture, ...], compute: Callable[[], T]) -> T:
        """Return a value, and compute it where it is not known.

        Args:
            what: What it is, beside the pictures.
            sources: The pictures that it is computed from.
            compute: Returns it.
        """
        key = (what, *map(id, sources))
        known = self._known.get(key)
        if known is None:
            known = (sources, compute())
            self._known.put(key, known)
        return known[1]

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
