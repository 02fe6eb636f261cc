"""The queue over several programs: each keeps its own order, and programs take turns.

Within a program a load is a barrier, jobs of a higher priority come first, and equal ones in the order of their
arrival, as in `engine.worker.queue`.  Among programs, the one whose next request has the highest priority comes first,
and of equal ones the one that was served the longest time ago.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import TypeAlias

from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel

Work: TypeAlias = LoadModel | Job

BY_HAND = 0
"""The lowest priority of what a person waits for, and that of a load; what is below it is work ahead."""
_MAX_PLACE = 99
"""Places beyond are not told apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A request in the queue.

    Attributes:
        client: The number of the program.
        work: The load or job, as the program sent it.
        rank: Entries of the same program with a smaller one come first.
        size: Bytes of the request as it was sent.
    """

    client: int
    work: Work
    rank: tuple[int, ...]
    size: int = 0

    @property
    def priority(self) -> int:
        """The priority among programs."""
        return BY_HAND if isinstance(self.work, LoadModel) else self.work.priority


class Turns:
    """The queue.  It is used by one thread."""

    def __init__(self) -> None:
        self._entries: dict[int, list[Entry]] = {}
        self._loads: dict[int, int] = {}
        self._turns: dict[int, int] = {}
        self._counter = itertools.count(1)

    def put(self, client: int, work: Work, size: int = 0) -> Entry:
        """Add a load or a job of a program, which took so many bytes, and return its entry."""
        entries = self._entries.setdefault(client, [])
        is_load = isinstance(work, LoadModel)
        loads = self._loads[client] = self._loads.get(client, 0) + is_load
        rank = (loads, 0) if isinstance(work, LoadModel) else (loads, 1, -work.priority, next(self._counter))
        entry = Entry(client=client, work=work, rank=rank, size=size)
        bisect.insort(entries, entry, key=_rank)
        return entry

    def put_back(self, entry: Entry) -> None:
        """Add an entry again that was taken; it keeps its place in the order of its program."""
        bisect.insort(self._entries.setdefault(entry.client, []), entry, key=_rank)

    def take(self, held: Container[int] = ()) -> Entry | None:
        """Remove and return the entry whose turn it is; None when there is none.

        Args:
            held: Programs whose work ahead has to wait.
        """
        heads = [entries[0] for entries in self._entries.values() if entries]
        heads = [head for head in heads if head.priority >= BY_HAND or head.client not in held]
        if not heads:
            return None
        chosen = min(heads, key=lambda head: (-head.priority, self._turns.get(head.client, 0), head.client))
        self._entries[chosen.client].pop(0)
        self._turns[chosen.client] = next(self._counter)
        return chosen

    def cancel(self, client: int, request: CancelJob | CancelRound) -> tuple[int, ...]:
        """Remove the jobs of a program that a request names, and return their numbers."""
        entries = self._entries.get(client, [])
        removed = [entry for entry in entries if names(request, entry.work)]
        self._entries[client] = [entry for entry in entries if not names(request, entry.work)]
        return tuple(entry.work.job for entry in removed if not isinstance(entry.work, LoadModel))

    def leave(self, client: int) -> None:
        """Remove a program and all that it has asked for."""
        for of_clients in (self._entries, self._loads, self._turns):
            of_clients.pop(client, None)

    def waiting(self, client: int) -> int:
        """Return how many requests of a program are in the queue."""
        return len(self._entries.get(client, ()))

    def size(self, client: int) -> int:
        """Return how many bytes the requests of a program in the queue took."""
        return sum(entry.size for entry in self._entries.get(client, ()))

    def __len__(self) -> int:
        """Return how many requests are in the queue."""
        return sum(map(len, self._entries.values()))

    def places(self, held: Container[int] = ()) -> dict[int, int]:
        """Return how many requests of other programs come before the next one of each, at most 99.

        Args:
            held: As for `take`; programs whose requests all wait for that come last.
        """
        trial = Turns()
        trial._entries = {client: entries[: _MAX_PLACE + 1] for client, entries in self._entries.items() if entries}
        trial._turns = dict(self._turns)
        trial._counter = itertools.count(max(self._turns.values(), default=0) + 1)
        found: dict[int, int] = {}
        taken = 0
        while taken < _MAX_PLACE and len(found) < len(trial._entries) and (entry := trial.take(held)) is not None:
            found.setdefault(entry.client, taken)
            taken += 1
        return {client: found.get(client, taken) for client in trial._entries}


def _rank(entry: Entry) -> tuple[int, ...]:
    return entry.rank


def names(request: CancelJob | CancelRound, work: Work) -> bool:
    """Return whether a request to cancel names this job."""
    if isinstance(work, LoadModel):
        return False
    if isinstance(request, CancelJob):
        return work.job == request.job
    return bool(work.round_id) and work.round_id == request.round_id


def as_inner(work: Job, number: int) -> Job:
    """Return a job under a number of the worker's own: those of programs may be the same, and so may their rounds."""
    return replace(work, job=number, round_id=0)
