"""Pictures packed into batches of one size, so that there is one shape to compute; pure, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.rendering.requests import PictureTask

LARGEST = 64
"""Most pictures in a batch; a file that asks for more is not believed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """`places`: the task rendered in each slot, as many as the batch is large; `kept`: the slots that are wanted."""

    places: tuple[PictureTask, ...]
    kept: tuple[int, ...]

    @property
    def size(self) -> int:
        """n."""
        return len(self.places)

    @property
    def indices(self) -> tuple[int, ...]:
        """The pictures that come out of it."""
        return tuple(self.places[slot].index for slot in self.kept)


def next_batch(todo: Sequence[PictureTask], size: int, largest: int = LARGEST) -> Batch:
    """The first batch of what is still to do, in the order of the tasks.

    size: of batches of tasks without a recorded slot; one that is not full is filled up with its last noise.
    A task with a recorded slot (n, i) gets a batch of its own: n times its noise, slot i kept; n is halved until it is
    at most `largest`.
    """
    if todo[0].slot[0] > 0:
        count, slot = _fitting(todo[0].slot, largest)
        return Batch(places=(todo[0],) * count, kept=(slot,))
    some = [task for task in todo if task.slot[0] <= 0][:size]
    padding = [some[-1]] * (size - len(some))
    return Batch(places=(*some, *padding), kept=tuple(range(len(some))))


def batch_size(tasks: Sequence[PictureTask], most: int) -> int:
    """One size for all batches of a job: `most`, or the number of tasks when there are fewer."""
    return max(1, min(most, sum(task.slot[0] <= 0 for task in tasks)))


def _fitting(slot: tuple[int, int], largest: int) -> tuple[int, int]:
    count, place = slot
    while count > max(1, largest):
        count //= 2
    return count, max(0, place) % count
