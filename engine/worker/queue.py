"""The worker's job queue.  A load is a barrier: jobs are never reordered across it.

Between two loads jobs of a higher priority come first, equal ones in the order of their arrival.  A running job is not
interrupted by one of a higher priority: cancel it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TypeAlias

from engine.rendering.requests import CancelJob, CancelRound, InvertJob, Job, LoadModel, RenderJob

Work: TypeAlias = LoadModel | Job


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """An entry of the queue.

    Attributes:
        rank: Entries with a smaller one come first.
        work: The load or job.
    """

    rank: tuple[int, ...]
    work: Work


class JobQueue:
    """A queue that any number of threads put work into, and one thread takes it from."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: list[_Entry] = []
        self._rounds: dict[int, int] = {}
        self._cancelled: set[int] = set()
        self._loads = self._arrivals = 0
        self._closed = False

    def put(self, work: Work) -> None:
        """Add a load or a job."""
        # A rank starts with the number of loads so far, so sorting never moves a job across a load.  Then come the
        # load itself (0) and the jobs behind it (1), by descending priority, then by arrival.
        with self._changed:
            self._arrivals += 1
            if isinstance(work, LoadModel):
                self._loads += 1
                rank: tuple[int, ...] = (self._loads, 0)
            else:
                rank = (self._loads, 1, -work.priority, self._arrivals)
                self._rounds[work.job] = work.round_id
            self._entries.append(_Entry(rank=rank, work=work))
            self._changed.notify_all()

    def cancel(self, request: CancelJob | CancelRound) -> None:
        """Mark jobs as cancelled; those that are over or unknown are ignored.

        Cancelled jobs in the queue come next, even across a load, so that the end of each is reported at once.
        """
        with self._changed:
            if isinstance(request, CancelJob):
                self._cancelled |= {request.job} & self._rounds.keys()
            else:
                self._cancelled |= {
                    job for job, round_id in self._rounds.items() if round_id and round_id == request.round_id
                }

    def take_cancelled(self) -> tuple[int, ...]:
        """Remove the cancelled jobs from the queue, and return their numbers; the running job is not among them."""
        with self._changed:
            jobs = [entry for entry in self._entries if self._is_cancelled(entry)]
            self._entries = [entry for entry in self._entries if not self._is_cancelled(entry)]
            numbers = tuple(entry.work.job for entry in jobs if not isinstance(entry.work, LoadModel))
        for number in numbers:
            self.done(number)
        return numbers

    def is_cancelled(self, job: int) -> bool:
        """Return whether a job is cancelled; the working thread asks before a job and between its steps."""
        return job in self._cancelled

    def get(self) -> Work | None:
        """Wait for the next load or job and remove it from the queue; `done` has to follow for a job.

        Returns:
            The next entry, or None when the queue is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._closed)
            if self._closed:
                return None
            entry = min(self._entries, key=self._order)
            self._entries.remove(entry)
            return entry.work

    def done(self, job: int) -> None:
        """Forget a job whose last event is sent."""
        with self._changed:
            self._rounds.pop(job, None)
            self._cancelled.discard(job)

    def close(self) -> None:
        """End the wait of `get`; what is in the queue is not taken out any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _order(self, entry: _Entry) -> tuple[bool, tuple[int, ...]]:
        return not self._is_cancelled(entry), entry.rank

    def _is_cancelled(self, entry: _Entry) -> bool:
        return isinstance(entry.work, RenderJob | InvertJob) and entry.work.job in self._cancelled
