"""Begin work of the app's own beside the keys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from textual.app import App
from textual.dom import DOMNode
from textual.worker import WorkType

Result = TypeVar("Result")


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


async def in_idle_thread(work: Callable[[], Result]) -> Result:
    """Run a function in a thread that the end of the app does not wait for, and return its result.

    It must change nothing: the program may end in the middle of it.

    Args:
        work: The function.

    Raises:
        Exception: What the function raises.
    """
    answer: Future[Result] = Future()
    answer.set_running_or_notify_cancel()  # so that the end of the app cannot cancel it while it is being answered

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:  # whoever waits handles it; a thread would print it over the screen
            answer.set_exception(error)

    threading.Thread(target=run, name="idle", daemon=True).start()
    return await asyncio.wrap_future(answer)


def after_first_paint(app: App[Any], work: Callable[[], Any], waits: int = 200) -> None:
    """Call a function once the topmost screen has been painted; what it imports would delay that.

    Textual calls what waits for a refresh as soon as nothing is to be drawn, which is so before the first layout too.

    Args:
        app: The app.
        work: The function; it may be a coroutine function.
        waits: How often to look; a window without room is never painted.
    """
    if not waits or any(widget.size for widget in app.screen.children):
        app.call_after_refresh(work)
    else:
        app.set_timer(0.005, partial(after_first_paint, app, work, waits - 1))
