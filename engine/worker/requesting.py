"""The half of a renderer that takes requests: its methods return at once, and one thread hands them on."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from engine.rendering.events import Event
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel
from engine.worker.messages.codec import Request


class RequestingRenderer(ABC):
    """A Renderer whose requests pass through an outbox; what becomes of them is up to the subclass."""

    def __init__(self, thread: str) -> None:
        """Start nothing yet.

        Args:
            thread: The name of the thread that hands requests on.
        """
        self._on_event: Callable[[Event], None] = _ignore
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._hand_on_all, name=thread, daemon=True)

    def start(self, on_event: Callable[[Event], None]) -> None:
        """Start to work, as `Renderer.start`; whatever renders is looked for with the first request."""
        self._on_event = on_event
        self._sender.start()

    def load(self, request: LoadModel) -> None:
        """Load a model, as `Renderer.load`."""
        self._outbox.put(request)

    def render(self, job: Job) -> None:
        """Render a job, as `Renderer.render`."""
        self._outbox.put(job)

    def cancel(self, job: int) -> None:
        """Stop a job within one step."""
        self._outbox.put(CancelJob(job=job))

    def cancel_round(self, round_id: int) -> None:
        """Stop every job of a round."""
        self._outbox.put(CancelRound(round_id=round_id))

    @abstractmethod
    def _hand_on(self, request: Request) -> None:
        """Take the next request; called in the thread that hands requests on, which may wait here."""

    def _end_requests(self) -> None:
        """Take no more requests, and join the thread; to be called once nothing lets it wait any more."""
        self._outbox.put(None)
        if self._sender.is_alive():
            self._sender.join()

    def _hand_on_all(self) -> None:
        while (request := self._outbox.get()) is not None:
            self._hand_on(request)


def _ignore(event: Event) -> None:
    """Stand in for the callback until `start`."""
