"""A fake renderer that does only as many steps as it is allowed, so that a test can stop it between any two."""

from __future__ import annotations

import threading

from engine.fake import FakeRenderer

_ANY = 10**6


class Stepwise(FakeRenderer):
    """Renders two pictures at a time, in three steps; at first it may do any number of steps.

    Attributes:
        begun: The number of the job of each step that was begun, in their order.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        super().__init__(micro_batch=2, steps=3)
        self.begun: list[int] = []
        self._allowed = threading.Semaphore(_ANY)

    def hold(self) -> None:
        """Stop before the next step."""
        while self._allowed.acquire(blocking=False):
            pass

    def allow(self, steps: int = _ANY) -> None:
        """Allow so many more steps; without a number, any."""
        self._allowed.release(steps)

    def _wait(self, job: int) -> None:
        while not self._allowed.acquire(timeout=0.002):
            self._check(job)
        self._check(job)
        self.begun.append(job)
