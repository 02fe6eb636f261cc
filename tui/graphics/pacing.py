"""When the next frames may be sent, as values: no clock, no terminal; times are seconds of one monotonic clock.

After a batch of frames the terminal is asked where its cursor is; its answer says that it has drawn them.  tmux answers
for itself, however slow the line behind it is, so previews keep to a number of bytes a second besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

BYTES_PER_SECOND: Final = 300 * 1024
"""For previews.  Finished pictures count too but never wait for it."""

PATIENCE_SECONDS: Final = 10.0
"""For an answer from a terminal that has answered before: 500 KiB through 0.5 Mbit/s."""

FIRST_PATIENCE_SECONDS: Final = 0.5
"""For an answer from a terminal that has never given one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """asked: when the question still open was sent, or None.  paid: until when the bytes sent are used up."""

    asked: float | None = None
    answers: bool = False
    paid: float = 0.0

    def sent(self, size: int, now: float, *, asked: bool) -> Pace:
        """Frames of `size` bytes were sent, a question after them or not."""
        return replace(self, asked=now if asked else None, paid=max(self.paid, now) + size / BYTES_PER_SECOND)

    def answered(self) -> Pace:
        """The terminal has answered."""
        return replace(self, asked=None, answers=True)

    def wait(self, now: float, *, preview: bool) -> float:
        """Seconds until the next frame may be sent, 0 for now.

        A finished picture waits only for a terminal that is known to answer: two at once would only come later.
        """
        open_until = 0.0
        if self.asked is not None and (preview or self.answers):
            open_until = self.asked + (PATIENCE_SECONDS if self.answers else FIRST_PATIENCE_SECONDS)
        return max(0.0, open_until - now, self.paid - now if preview else 0.0)
