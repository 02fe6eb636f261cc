"""The queue between the renderer's thread and the app: an event that a newer one outdates is dropped from it.

What is queued is bounded by what was asked for: one preview or the finished picture for each picture, one step for each
batch, one place in the queue of a shared renderer.  No other event is ever dropped or reordered.

Textual's own `Message.can_replace` does not give this bound.  Its message pump compares a message with the next one in
the queue and with no other, so the previews of a batch, which arrive in turn (1, 2, ... 8, 1, 2, ...), never meet their
predecessors.  With a handler that takes 10 ms, 4000 previews of 8 pictures grew the queue to 3996 messages, and all of
them reached the handler 36 s later; of 4000 previews of a single picture, two did.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Hashable

from engine.rendering.events import DraftRendered, Event, PictureRendered, PreviewRendered, StepDone, TurnChanged


class Inbox:
    """A thread-safe queue of events: any number of threads put, one takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[Hashable, Event] = {}
        self._numbers = itertools.count()

    def put(self, event: Event) -> bool:
        """Queue an event and drop the one that it outdates, if any.

        Returns:
            True when the queue was empty before, so that the taker has to be notified.
        """
        with self._lock:
            was_empty = not self._events
            key: Hashable = next(self._numbers)
            match event:
                case PreviewRendered(job=job, index=index):
                    key = ("preview", job, index)
                case StepDone(job=job, indices=indices):
                    key = ("step", job, indices)
                case TurnChanged():
                    key = "turn"
                case PictureRendered(job=job, index=index) | DraftRendered(job=job, index=index):
                    self._events.pop(("preview", job, index), None)
                case _:
                    pass
            self._events.pop(key, None)
            self._events[key] = event
            return was_empty

    def take(self) -> tuple[Event, ...]:
        """Empty the queue and return its events, oldest first."""
        with self._lock:
            events, self._events = tuple(self._events.values()), {}
            return events
