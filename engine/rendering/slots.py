"""Which of the pictures that share batches a task is, so that a part of a grid gets the bits of the whole; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.rendering.requests import PictureTask


def placed(tasks: Sequence[PictureTask]) -> tuple[PictureTask, ...]:
    """Return tasks of which each one without a recorded slot says among how many it is, and where.

    Args:
        tasks: All tasks of a job.
    """
    free = [task.index for task in tasks if task.slot[0] <= 0 and not task.among[0]]
    positions = {index: position for position, index in enumerate(free)}
    return tuple(
        replace(task, among=(len(free), positions[task.index])) if task.index in positions else task for task in tasks
    )
