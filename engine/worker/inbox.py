"""Events on their way from the renderer's thread to one that may be slower: what is outdated does not wait.

So what waits is bounded by what was asked for: for each picture one preview or the picture, for each batch one step.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Hashable

from engine.rendering.events import Event, PictureRendered, PreviewRendered, StepDone


class Inbox:
    """For any number of threads that put, and one that takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[Hashable, Event] = {}
        self._numbers = itertools.count()

    def put(self, event: Event) -> bool:
        """Keeps it in place of what it makes outdated; True when nothing waited, so that the taker has to be told."""
        with self._lock:
            was_empty = not self._events
            key: Hashable = next(self._numbers)
            match event:
                case PreviewRendered(job=job, index=index):
                    key = ("preview", job, index)
                case StepDone(job=job, indices=indices):
                    key = ("step", job, indices)
                case PictureRendered(job=job, index=index):
                    self._events.pop(("preview", job, index), None)
                case _:
                    pass
            self._events.pop(key, None)
            self._events[key] = event
            return was_empty

    def take(self) -> tuple[Event, ...]:
        """All that waits, in the order in which it came."""
        with self._lock:
            events, self._events = tuple(self._events.values()), {}
            return events
