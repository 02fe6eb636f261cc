"""Jobs cut into deals: whole micro-batches with fixed slots, each of which one member of a pool renders.  Pure.

Bits depend on the size of the batch and on the slot, so every task is dealt with both; which member renders it, and
beside which neighbours, changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from engine.rendering.requests import InvertJob, Job, PictureTask, RenderJob


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """A part of a job that one member works on.

    Attributes:
        request: What the member is asked for; its number is the pool's own.
        job: The caller's number of the job that this is a part of.
        crashes: The names of the members that crashed while they worked on it.
    """

    request: Job
    job: int
    crashes: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The pool's own number of this deal, which no other deal has."""
        return self.request.job


def batch_size(pictures: int, *, micro_batch: int, batches: Collection[int], members: int) -> int:
    """Return the size of the batches of pictures that have no recorded slot.

    Args:
        pictures: Their number.
        micro_batch: The maximum batch size that was asked for; 0 leaves it to the members.
        batches: The largest batch that each member makes by itself; 0 for one that does not say.
        members: How many members share the work.
    """
    if micro_batch:
        return max(1, min(micro_batch, pictures))
    share = -(-pictures // max(1, members))
    return max(1, min([share, *(batch for batch in batches if batch > 0)]))


def deals_of(job: Job, size_of: Callable[[int], int], numbers: Iterator[int]) -> tuple[Deal, ...]:
    """Return the deals of a job, in the order of their first tasks.

    Args:
        job: The job.  The noise of a photograph is found by one member.
        size_of: Returns the size of the batches of so many pictures that have no recorded slot.
        numbers: The numbers of the deals.
    """
    if isinstance(job, InvertJob):
        return (Deal(request=replace(job, job=next(numbers)), job=job.job),)
    batches = _batches(_with_slots(job, size_of))
    return tuple(Deal(request=replace(job, job=next(numbers), tasks=tasks), job=job.job) for tasks in batches)


def rest_of(deal: Deal, arrived: Collection[int], numbers: Iterator[int], crashed: str = "") -> Deal | None:
    """Return what is left of a deal that a member gives back; None when all its pictures have arrived.

    Its number is new, so that late events of the old one are recognised.

    Args:
        deal: The deal.
        arrived: The indices of the pictures that have arrived.
        numbers: Where its number comes from.
        crashed: The name of the member, if it crashed; "" for one that left.
    """
    crashes = (*deal.crashes, *([crashed] if crashed else []))
    request = deal.request
    if isinstance(request, InvertJob):
        return None if arrived else replace(deal, request=replace(request, job=next(numbers)), crashes=crashes)
    tasks = tuple(task for task in request.tasks if task.index not in arrived)
    if not tasks:
        return None
    return replace(deal, request=replace(request, job=next(numbers), tasks=tasks), crashes=crashes)


# The slot of a picture follows from its position among all pictures that share batches, as in a worker, so that a part
# of a grid has the slots that it has in the whole grid.
def _with_slots(job: RenderJob, size_of: Callable[[int], int]) -> Iterator[tuple[PictureTask, Hashable]]:
    """Yield the tasks of a job with their slots, each with a key that those share which may be in one batch."""
    free = sum(task.slot[0] <= 0 and not task.among[0] for task in job.tasks)
    positions = itertools.count()
    for task in job.tasks:
        if task.slot[0] > 0:
            yield task, task.slot[0]
            continue
        count, position = task.among if task.among[0] else (free, next(positions))
        size = size_of(count)
        if job.stop_after:  # no picture is made, so that the smallest batches are best
            size = -(-count // -(-count // size))
        yield replace(task, slot=(size, position % size)), (size, count, position // size)


# A worker renders tasks with distinct slots of the same batch size as one batch, and pads the slots that are free.  So
# recorded slots are put together wherever they do not collide.
def _batches(tasks: Iterable[tuple[PictureTask, Hashable]]) -> tuple[tuple[PictureTask, ...], ...]:
    batches: list[tuple[Hashable, dict[int, PictureTask]]] = []
    for task, key in tasks:
        room = next((slots for other, slots in batches if other == key and task.slot[1] not in slots), None)
        if room is None:
            room = {}
            batches.append((key, room))
        room[task.slot[1]] = task
    return tuple(tuple(slots.values()) for _, slots in batches)
