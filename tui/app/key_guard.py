"""Keys that were meant for a dialog that is closed already: typed ahead, they would pick pictures or leave the search.

A person who types does not stop at once when a dialog closes.  So after one with a text to type in, keys do nothing
until none has come for a moment; a burst of keys is ignored to its end.  Pure values; the time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

QUIET_SECONDS = 0.25
"""How long no key has to come before keys count again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyGuard:
    """Until when keys are ignored, in seconds of a monotonic clock.

    Attributes:
        until: Keys before this time are ignored.
    """

    until: float = 0.0

    def closed_dialog(self, now: float) -> KeyGuard:
        """Return the guard after a dialog with a text to type in was closed."""
        return replace(self, until=max(self.until, now + QUIET_SECONDS))

    def is_typed_ahead(self, now: float) -> bool:
        """Return whether a key is to be ignored."""
        return now < self.until

    def after_key(self, now: float) -> KeyGuard:
        """Return the guard after a key; an ignored one makes the wait begin anew."""
        return self.closed_dialog(now) if self.is_typed_ahead(now) else self
