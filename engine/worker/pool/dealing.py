"""What a pool has been asked for: its jobs, cut into deals, in the queue or with a member, until each has ended.

State without threads and without members: the pool says what happened, and asks what to do.  As in the queue of a
worker, a load is a barrier, and jobs between two loads are ordered by priority and arrival.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from engine.rendering.events import (
    DraftRendered,
    Failure,
    JobCancelled,
    JobDone,
    JobFailed,
    PhotoInverted,
    PictureRendered,
    PreviewRendered,
    StepDone,
)
from engine.rendering.requests import Job, LoadModel
from engine.worker.pool.deals import Deal, deals_of, rest_of

MAX_CRASHES = 2
"""A deal on which so many members crashed is not tried again: the deal itself may be what crashes them."""
Passed: TypeAlias = StepDone | PreviewRendered | DraftRendered | PictureRendered | PhotoInverted
"""Events of a deal that the caller is told."""


@dataclass(kw_only=True, slots=True)
class _Work:
    """A job that has not ended.

    Attributes:
        job: What was asked for.
        rank: Jobs with a smaller one come first; it begins with the number of loads before the job.
        waiting: The deals in the queue; None until the job is cut into deals.
        dealt: The deals that members work on, by their numbers.
        began: When its first deal was dealt, in seconds of the clock.
        end: How it ends once no member works on it any more; None while it goes on.
    """

    job: Job
    rank: tuple[int, ...]
    waiting: list[Deal] | None = None
    dealt: dict[int, _Dealt] = field(default_factory=dict)
    began: float = 0.0
    end: JobCancelled | JobFailed | None = None

    @property
    def is_over(self) -> bool:
        """True once nothing is in the queue or with a member."""
        return not self.dealt and (self.end is not None or self.waiting == [])


@dataclass(kw_only=True, slots=True)
class _Dealt:
    """A deal that a member works on.

    Attributes:
        deal: The deal.
        member: The name of the member.
        arrived: The indices of its pictures that have arrived.
    """

    deal: Deal
    member: str
    arrived: set[int] = field(default_factory=set)


class Dealing:
    """The jobs and loads of a pool."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without work.

        Args:
            clock: Returns seconds; it measures how long jobs take.
        """
        self._clock = clock
        self._works: dict[int, _Work] = {}
        self._loads: list[LoadModel] = []
        self._asked = self._begun = 0
        self._arrivals, self._numbers = itertools.count(1), itertools.count(1)

    @property
    def has_load(self) -> bool:
        """True while a load is in the queue."""
        return bool(self._loads)

    def put(self, work: LoadModel | Job) -> None:
        """Add a load or a job."""
        if isinstance(work, LoadModel):
            self._asked += 1
            self._loads.append(work)
        else:
            rank = (self._asked, -work.priority, next(self._arrivals))
            self._works[work.job] = _Work(job=work, rank=rank)

    def next_load(self) -> LoadModel | None:
        """Take the next load out of the queue; None when there is none, or when jobs before it have not ended."""
        if not self._loads or any(work.rank[0] <= self._begun for work in self._works.values()):
            return None
        self._begun += 1
        return self._loads.pop(0)

    def deal(self, member: str, others: Collection[str], size_of: Callable[[int], int]) -> Deal | None:
        """Give the next deal to a member; None when there is nothing for it to do.

        Args:
            member: Its name.
            others: The names of the other members that take part.  A deal on which a member crashed goes to one of
                those on which it did not, if there is one.
            size_of: Returns the size of the batches of so many pictures, for a job that is cut into deals.
        """
        for work in self._open():
            if work.waiting is None:
                work.waiting = list(deals_of(work.job, size_of, self._numbers))
                work.began = self._clock()
            for deal in work.waiting:
                if member in deal.crashes and not set(others) <= set(deal.crashes):
                    continue
                work.waiting.remove(deal)
                work.dealt[deal.number] = _Dealt(deal=deal, member=member)
                return deal
        return None

    @property
    def is_waiting(self) -> bool:
        """True while the loaded model has a deal in the queue, or a job that is not cut into deals."""
        return any(work.waiting is None or work.waiting for work in self._open())

    def is_idle(self, member: str) -> bool:
        """Return whether a member works on nothing."""
        return not any(dealt.member == member for work in self._works.values() for dealt in work.dealt.values())

    def arrived(self, event: Passed) -> Passed | None:
        """Return what the caller is told about an event of a deal; None for a deal that no member works on."""
        work = self._work_of(event.job)
        if work is None:
            return None
        if isinstance(event, PhotoInverted):
            work.dealt[event.job].arrived.add(0)
        elif isinstance(event, PictureRendered | DraftRendered):
            work.dealt[event.job].arrived.add(event.index)
        return replace(event, job=work.job.job)

    def done(self, number: int) -> None:
        """Note that a deal ended, done or cancelled."""
        if work := self._work_of(number):
            del work.dealt[number]

    def failed(self, number: int, failure: Failure, sentence: str) -> tuple[tuple[str, int], ...]:
        """Note that a deal failed, and with it its job; return what is to be cancelled, as `cancel`."""
        work = self._work_of(number)
        if work is None:
            return ()
        del work.dealt[number]
        return self._stop(work, JobFailed(job=work.job.job, failure=failure, sentence=sentence))

    def crashed(self, number: int, sentence: str) -> tuple[tuple[str, int], ...]:
        """Note that a member crashed while it worked on a deal: what is left of that goes back to the queue.

        Returns:
            What is to be cancelled, as `cancel`: the job failed if this was the last try.
        """
        work = self._work_of(number)
        if work is None:
            return ()
        dealt = work.dealt.pop(number)
        rest = rest_of(dealt.deal, dealt.arrived, self._numbers, dealt.member)
        if rest is not None and len(rest.crashes) >= MAX_CRASHES:
            return self._stop(work, JobFailed(job=work.job.job, failure=Failure.CRASH, sentence=sentence))
        self._give_back(work, rest)
        return ()

    def left(self, member: str) -> None:
        """Note that a member left or cannot work: what is left of its deals goes back to the queue."""
        for work in self._works.values():
            for number, dealt in list(work.dealt.items()):
                if dealt.member == member:
                    del work.dealt[number]
                    self._give_back(work, rest_of(dealt.deal, dealt.arrived, self._numbers))

    def cancel(self, job: int) -> tuple[tuple[str, int], ...]:
        """Cancel a job, and return the members that work on it, each with the number of its deal."""
        work = self._works.get(job)
        return () if work is None else self._stop(work, JobCancelled(job=job))

    def cancel_round(self, round_id: int) -> tuple[tuple[str, int], ...]:
        """Cancel every job of a round, as `cancel`."""
        jobs = [job for job, work in self._works.items() if round_id and work.job.round_id == round_id]
        return tuple(pair for job in jobs for pair in self.cancel(job))

    def fail_all(self, failure: Failure, sentence: str) -> None:
        """Fail the jobs that need the loaded model: there is no member to work on them."""
        for work in self._open():
            self._stop(work, JobFailed(job=work.job.job, failure=failure, sentence=sentence))

    def ended(self) -> tuple[JobDone | JobCancelled | JobFailed, ...]:
        """Return the last events of the jobs that have ended, and forget these jobs."""
        over = [work for work in self._works.values() if work.is_over]
        for work in over:
            del self._works[work.job.job]
        return tuple(work.end or JobDone(job=work.job.job, seconds=self._clock() - work.began) for work in over)

    def _open(self) -> list[_Work]:
        """Return the jobs that the loaded model renders, in their order."""
        works = (work for work in self._works.values() if work.end is None and work.rank[0] <= self._begun)
        return sorted(works, key=lambda work: work.rank)

    def _work_of(self, number: int) -> _Work | None:
        return next((work for work in self._works.values() if number in work.dealt), None)

    def _stop(self, work: _Work, end: JobCancelled | JobFailed) -> tuple[tuple[str, int], ...]:
        """End a job as soon as no member works on it any more, and return the members that do."""
        work.end = work.end or end
        work.waiting = []
        return tuple((dealt.member, number) for number, dealt in work.dealt.items())

    def _give_back(self, work: _Work, rest: Deal | None) -> None:
        """Put what is left of a deal before the deals that no member had yet."""
        if rest is not None and work.end is None and work.waiting is not None:
            work.waiting.insert(0, rest)
