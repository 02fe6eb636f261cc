"""Begin work of the app's own beside the keys."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import WorkType


def begin(node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str, *, exclusive: bool = False) -> None:
    """Begin a coroutine that ends with its node.

    It is made when it begins, not before: Textual may cancel it until then, and Python warns of a coroutine that is
    never awaited.

    Args:
        node: A widget, a screen or the app.
        work: Makes the coroutine.
        group: The name of what belongs together.
        exclusive: Cancel what runs in the group.
    """
    typed: WorkType[None] = work
    node.run_worker(typed, group=group, exclusive=exclusive)
