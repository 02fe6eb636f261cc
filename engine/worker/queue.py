"""Requests that wait for the one thread that works them off: which comes next, and which are cancelled.

A load is a border: what was asked before it comes before it, what was asked after it comes after it.  Between two loads
jobs of a higher priority come first, others as they came.  A job that runs is not overtaken: cancel it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TypeAlias

from engine.rendering.requests import CancelJob, CancelRound, LoadModel, RenderJob

Work: TypeAlias = LoadModel | RenderJob


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """rank: smaller ones come first."""

    rank: tuple[int, ...]
    work: Work


class Waiting:
    """For any number of threads that ask, and one that works."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: list[_Entry] = []
        self._rounds: dict[int, int] = {}
        self._cancelled: set[int] = set()
        self._loads = self._asked = 0
        self._closed = False

    def put(self, work: Work) -> None:
        """Asks for it."""
        with self._changed:
            self._asked += 1
            if isinstance(work, LoadModel):
                self._loads += 1
                rank: tuple[int, ...] = (self._loads, 0)
            else:
                rank = (self._loads, 1, -work.priority, self._asked)
                self._rounds[work.job] = work.round_id
            self._entries.append(_Entry(rank=rank, work=work))
            self._changed.notify_all()

    def cancel(self, request: CancelJob | CancelRound) -> None:
        """Jobs that are over, or unknown, are left alone; those that wait come next, so that their end is told."""
        with self._changed:
            if isinstance(request, CancelJob):
                self._cancelled |= {request.job} & self._rounds.keys()
            else:
                self._cancelled |= {
                    job for job, round_id in self._rounds.items() if round_id and round_id == request.round_id
                }

    def is_cancelled(self, job: int) -> bool:
        """Asked by the thread that works, before it begins and while it works."""
        return job in self._cancelled

    def get(self) -> Work | None:
        """The next one, once there is one; None when all is over.  `done` follows for a job."""
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._closed)
            if self._closed:
                return None
            entry = min(self._entries, key=self._order)
            self._entries.remove(entry)
            return entry.work

    def done(self, job: int) -> None:
        """Its last event is sent."""
        with self._changed:
            self._rounds.pop(job, None)
            self._cancelled.discard(job)

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _order(self, entry: _Entry) -> tuple[bool, tuple[int, ...]]:
        return not (isinstance(entry.work, RenderJob) and entry.work.job in self._cancelled), entry.rank
