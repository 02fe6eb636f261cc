"""How long a worker that nobody uses stays.

The rule: the longest time that any program has asked for since the worker started, counted from when the last program
left it.  A program that asks for nothing changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

GRACE_SECONDS = 30.0
"""How long a worker at least waits for the first program: the one that started it is about to attach."""


class KeepAlive:
    """Counts the seconds without a program.

    Attributes:
        seconds: How long the worker stays after the last program has left it; infinite until it is stopped.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Begin to count.

        Args:
            seconds: What the program asked for that started the worker.
            clock: Returns seconds that only grow.
        """
        self.seconds = seconds
        self._clock = clock
        self._since: float | None = clock()
        self._had_program = False

    def extend(self, seconds: float) -> None:
        """Note what a program asks for that attaches."""
        self.seconds = max(self.seconds, seconds)

    def count(self, programs: int) -> None:
        """Note how many programs are attached now."""
        self._had_program |= bool(programs)
        if programs:
            self._since = None
        elif self._since is None:
            self._since = self._clock()

    @property
    def left(self) -> float:
        """The seconds until the worker ends; infinite while a program is attached."""
        if self._since is None:
            return math.inf
        stays = self.seconds if self._had_program else max(self.seconds, GRACE_SECONDS)
        return max(0.0, self._since + stays - self._clock())
