"""How far the job of a grid is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Progress:
    """How far the running job is; `Search` updates it.

    Attributes:
        total: The number of pictures in the job.
        steps_done: The part of its steps that each picture has behind it, from 0 to 1, by its index in the grid.
        step: The last step that is done, of the batch that was reported last.
        steps: The number of steps of a picture; 0 before the first step is done.
        running: False when the job is over.
    """

    total: int = 0
    steps_done: dict[int, float] = field(default_factory=dict)
    step: int = 0
    steps: int = 0
    running: bool = False

    @property
    def fraction(self) -> float:
        """The part of the job that is done, from 0 to 1; 1 for a job without pictures."""
        return sum(self.steps_done.values()) / self.total if self.total else 1.0
