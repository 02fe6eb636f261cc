"""When the next frames may be sent, as values: no clock, no terminal; times are seconds of one monotonic clock.

Over a slow connection, frames that are sent as fast as they come queue up in buffers, and keys are answered seconds
late.  So after each batch of frames the terminal is asked where its cursor is (`CSI 6n`).  Terminals work through their
input in order: the answer says that the batch is drawn, and only then the next one is sent.

tmux answers for itself, however slow the connection behind it is.  Therefore previews also keep to a budget of bytes
per second.  Both waits are for previews; an answer also tells how fast the connection is at least (`speed`), which
decides whether idle time is used to send pictures once more in all their colours.

The budget is a time (`paid`): each frame moves it into the future by the time that its bytes take, and
previews wait until it is over.  It never lies in the past, so that an idle hour earns no burst.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

BYTES_PER_SECOND: Final = 300 * 1024
"""The budget of previews.  Finished pictures use it up too, but never wait for it."""

TIMEOUT_SECONDS: Final = 10.0
"""For an answer from a terminal that has answered before: about 500 KiB at 0.5 Mbit/s."""

FIRST_TIMEOUT_SECONDS: Final = 0.5
"""For an answer from a terminal that has never answered."""

MEASURED_BYTES: Final = 8 * 1024
"""The delay of shorter frames says how far away the terminal is, and not how fast bytes get there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What has been sent, and what the terminal has answered.

    Attributes:
        asked: When the question was sent that is still open; None when there is none.
        answers: Whether the terminal has ever answered.
        paid: The time at which the bytes sent so far are within the budget.
        size: The bytes that were sent with the question that is open.
        speed: Bytes per second, as measured last on frames long enough to tell; 0 before that.
    """

    asked: float | None = None
    answers: bool = False
    paid: float = 0.0
    size: int = 0
    speed: float = 0.0

    def sent(self, size: int, now: float, *, asked: bool) -> Pace:
        """Return the state after frames of `size` bytes were sent at `now`, with a question behind them or without."""
        paid = max(self.paid, now) + size / BYTES_PER_SECOND
        return replace(self, asked=now if asked else None, size=size, paid=paid)

    def answered(self, now: float) -> Pace:
        """Return the state after the terminal has answered at `now`."""
        is_measured = self.asked is not None and self.size >= MEASURED_BYTES
        speed = self.size / max(0.001, now - (self.asked or 0.0)) if is_measured else self.speed
        return replace(self, asked=None, answers=True, speed=speed)

    def wait(self, now: float, *, preview: bool) -> float:
        """Return how many seconds to wait before the next frame is sent; 0 means that it can be sent at once.

        Args:
            now: The time.
            preview: Whether only previews are to be sent.  A finished picture waits only for a terminal that is known
                to answer; it has to be sent anyway, and would not be drawn earlier.
        """
        open_until = 0.0
        if self.asked is not None and (preview or self.answers):
            open_until = self.asked + (TIMEOUT_SECONDS if self.answers else FIRST_TIMEOUT_SECONDS)
        return max(0.0, open_until - now, self.paid - now if preview else 0.0)
