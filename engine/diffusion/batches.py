"""Pictures packed into batches of one size, so that there is one shape to compute; pure, free of torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.rendering.requests import PictureTask

MAX_BATCH = 64
"""The largest batch; a file that records a larger one is not believed."""
_ONE_AT_A_TIME = frozenset({"DreamLitePipeline", "DreamLiteMobilePipeline", "PRXPipeline", "PRXPixelPipeline"})
"""Pipelines that fail with more than one picture: DreamLite takes a single text, and PRX makes two timesteps, however
many pictures there are, where it guides."""


def largest_batch(pipeline: str) -> int:
    """Return the largest batch that a pipeline class can render.

    Args:
        pipeline: The class name.
    """
    return 1 if pipeline in _ONE_AT_A_TIME else MAX_BATCH


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The tasks that are rendered together.

    Attributes:
        tasks: The task in each slot; a task may stand in several slots.
        used: The slots whose pictures are reported; the others are padding.
    """

    tasks: tuple[PictureTask, ...]
    used: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of slots."""
        return len(self.tasks)

    @property
    def indices(self) -> tuple[int, ...]:
        """The indices of the pictures that are reported, in the order of their slots."""
        return tuple(self.tasks[slot].index for slot in self.used)


# The pixels of a picture depend a little on the size of its batch and on its slot, because kernels do.  So a task that
# was recorded in slot i of n is rendered there again; this gives the same bits, whatever its neighbours were.  Those
# that were recorded in other slots of n are its neighbours, and copies of it fill the slots that are free.  All other
# tasks share batches of one size, the last of them padded.  Where some pictures of a grid are known already, the others
# keep the slots that they have in the whole grid, and the free ones are padded.
def next_batch(tasks: Sequence[PictureTask], size: int, maximum: int = MAX_BATCH, *, is_even: bool = False) -> Batch:
    """Return the first batch of the tasks that are still to be rendered, in their order.

    Args:
        tasks: At least one; they are `placed`.
        size: The largest batch of tasks without a recorded slot.
        maximum: A recorded batch size is halved until it is at most this large.
        is_even: Make batches smaller where the last one is padded less for that.
    """
    first = tasks[0]
    if first.slot[0] > 0:
        count, _ = _limited(first.slot, maximum)
        slots: dict[int, PictureTask] = {}
        for task in tasks:
            own, slot = _limited(task.slot, maximum)
            if own == count:
                slots.setdefault(slot, task)
        return Batch(tasks=tuple(slots.get(slot, first) for slot in range(count)), used=tuple(sorted(slots)))
    count, position = first.among
    size = max(1, min(size, count))
    size = even_size(count, size) if is_even else size
    some = {
        task.among[1] % size: task
        for task in tasks
        if task.slot[0] <= 0 and task.among[0] == count and task.among[1] // size == position // size
    }
    padding = some[max(some)]
    return Batch(tasks=tuple(some.get(slot, padding) for slot in range(size)), used=tuple(sorted(some)))


def even_size(count: int, size: int) -> int:
    """Return the smallest size with which so many tasks are as few batches as with `size`, for the least padding."""
    return -(-count // max(1, -(-count // size)))


def _limited(slot: tuple[int, int], maximum: int) -> tuple[int, int]:
    """Return a recorded slot in a batch that is not too large; (0, 0) for a task without one."""
    count, index = slot
    if count <= 0:
        return 0, 0
    while count > max(1, maximum):
        count //= 2
    return count, max(0, index) % count
