"""The requests that a worker process has been sent and has not finished, and which of them are cancelled."""

from __future__ import annotations

from engine.rendering.events import LOADING, JobCancelled, JobDone, JobFailed, ModelReady
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel

End = JobDone | JobCancelled | JobFailed | ModelReady
"""What ends a request."""


class OpenRequests:
    """The open requests, oldest first.  It is used under the lock of its owner."""

    def __init__(self) -> None:
        self._requests: list[LoadModel | Job] = []
        self._cancelled: set[int] = set()

    def add(self, requests: tuple[LoadModel | Job, ...]) -> None:
        """Note requests that are sent."""
        self._requests += requests

    def cancel(self, request: CancelJob | CancelRound) -> None:
        """Note that jobs are to be cancelled."""
        for each in self._requests:
            if not isinstance(each, LoadModel) and is_named(request, each):
                self._cancelled.add(each.job)

    def end(self, event: End) -> None:
        """Forget the request that an event ends."""
        number = LOADING if isinstance(event, ModelReady) else event.job
        self._cancelled.discard(number)
        for place, each in enumerate(self._requests):
            if number_of(each) == number:
                del self._requests[place]
                return

    def take_all(self) -> tuple[tuple[int, ...], tuple[LoadModel | Job, ...]]:
        """Forget all requests, and return the numbers of those that are cancelled, and the others."""
        requests, cancelled = self._requests, self._cancelled
        self._requests, self._cancelled = [], set()
        others = [each for each in requests if number_of(each) not in cancelled]
        return tuple(number_of(each) for each in requests if number_of(each) in cancelled), tuple(others)

    @property
    def has_any(self) -> bool:
        """Whether there are open requests."""
        return bool(self._requests)

    @property
    def has_load(self) -> bool:
        """Whether a load is open."""
        return any(isinstance(each, LoadModel) for each in self._requests)

    @property
    def oldest_cancelled(self) -> int | None:
        """The number of the oldest job that is cancelled and has not ended; None if there is none."""
        return next((number for each in self._requests if (number := number_of(each)) in self._cancelled), None)


def number_of(request: LoadModel | Job) -> int:
    """Return the number under which the end of a request is reported."""
    return LOADING if isinstance(request, LoadModel) else request.job


def is_named(request: CancelJob | CancelRound, job: Job) -> bool:
    """Return whether a request to cancel names a job."""
    if isinstance(request, CancelJob):
        return job.job == request.job
    return bool(job.round_id) and job.round_id == request.round_id
