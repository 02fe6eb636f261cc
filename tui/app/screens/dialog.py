"""A screen that ends once.

Textual hands keys with priority and other keys to a screen by different queues.  So of two keys that are pressed in one
moment, each may end the screen, and Textual's second `dismiss` would fail, or close the screen below.
"""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Result = TypeVar("Result")


class Dialog(Screen[Result]):
    """A screen with a result, of which the first one counts."""

    _has_ended = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """End the screen, unless it has ended already."""
        if self._has_ended:
            return AwaitComplete()
        self._has_ended = True
        return super().dismiss(result)
