"""Events on their way to one program, which may read slowly or not at all: nothing here waits for it.

A preview or step replaces an older one of the same picture, and a place in the queue the one before.  Where much is
queued all the same, previews are dropped, and a program that lets even finished pictures pile up is given up.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Hashable

from engine.rendering.events import (
    DraftRendered,
    Event,
    PhotoInverted,
    PictureRendered,
    PreviewRendered,
    StepDone,
    TurnChanged,
)

MAX_BYTES = 2**28
"""Queued bytes with which a program is given up: some hundred pictures of 1024 x 1024."""
MAX_PREVIEW_BYTES = 2**24
"""Queued bytes with which previews are dropped."""
_OVERHEAD = 1024
"""What an event without pixels counts for."""


class Outbox:
    """The events for one program: any thread puts, one takes."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_preview_bytes: int = MAX_PREVIEW_BYTES) -> None:
        """Begin empty.

        Args:
            max_bytes: As `MAX_BYTES`.
            max_preview_bytes: As `MAX_PREVIEW_BYTES`.
        """
        self._changed = threading.Condition()
        self._events: dict[Hashable, Event] = {}
        self._numbers = itertools.count()
        self._bytes = 0
        self._max_bytes, self._max_preview_bytes = max_bytes, max_preview_bytes
        self._closed = False

    def put(self, event: Event) -> bool:
        """Queue an event, unless the outbox is closed; return False when the program has to be given up."""
        with self._changed:
            if self._closed:
                return True
            key: Hashable = next(self._numbers)
            match event:
                case PreviewRendered(job=job, index=index):
                    key = ("preview", job, index)
                case StepDone(job=job, indices=indices):
                    key = ("step", job, indices)
                case TurnChanged():
                    key = "turn"
                case PictureRendered(job=job, index=index) | DraftRendered(job=job, index=index):
                    self._drop(("preview", job, index))
                case _:
                    pass
            self._drop(key)
            self._events[key] = event
            self._bytes += size_of(event)
            if self._bytes > self._max_preview_bytes:
                self._drop_previews()
            self._changed.notify_all()
            return self._bytes <= self._max_bytes

    def take(self) -> Event | None:
        """Wait for the oldest event and remove it; None when the outbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self._closed)
            if self._closed:
                return None
            event = self._events.pop(next(iter(self._events)))
            self._bytes -= size_of(event)
            return event

    def close(self) -> None:
        """End the wait of `take`; what is queued is dropped."""
        with self._changed:
            self._closed = True
            self._events.clear()
            self._changed.notify_all()

    def _drop_previews(self) -> None:
        for key in [key for key, event in self._events.items() if isinstance(event, PreviewRendered)]:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        event = self._events.pop(key, None)
        if event is not None:
            self._bytes -= size_of(event)


def size_of(event: Event) -> int:
    """Return about how many bytes an event takes."""
    match event:
        case PreviewRendered(picture=picture) | DraftRendered(picture=picture):
            return _OVERHEAD + len(picture.rgb)
        case PictureRendered(picture=picture, record=record) | PhotoInverted(picture=picture, record=record):
            return _OVERHEAD + len(picture.rgb) + record.tensor.nbytes
        case _:
            return _OVERHEAD
