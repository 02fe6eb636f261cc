"""What the app needs of the private members of Textual.

- `App._handle_exception`: called with the error of a handler; it ends the app.
- `App._exit`: whether the app was asked to end.
- `active_message_pump`: the widget, screen or app whose handler runs.
- `App._message_queue.values`: the messages that wait, the next one first.
- `MessagePump._closing`, `Widget._pruning`: whether it is being removed.
- `App._get_screen`: returns every screen before it is shown, the first one too.
- `Screen._screen_resized`: lays a screen out for a size; every layout has another event of that size sent to it.

tests/tui/app/test_seams.py has a test for each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any

from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.css.query import NoMatches
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.widget import MountError, Widget


def forgive_what_is_gone(app: App[Any]) -> None:
    """Let handlers miss the widgets of a screen that is closed, and all widgets when the app ends.

    Textual removes the widgets of a screen while the messages to them are still handled, and never mounts those of a
    screen that is opened in the moment in which the app ends.  Who types faster than screens open and close would end
    the app by that.  What was to be called after a refresh is called by the screen that is shown by then, which is not
    gone: the traceback says who has missed a widget.
    """
    handle = app._handle_exception

    def handle_unless_gone(error: Exception) -> None:
        misses = isinstance(error, NoMatches | MountError)
        concerned = (active_message_pump.get(None), *_called(error.__traceback__)) if misses else ()
        if not any(_is_gone(app, each) for each in concerned):
            handle(error)

    setattr(app, "_handle_exception", handle_unless_gone)  # noqa: B010 (mypy rightly minds a method being replaced)


def keep_to_newest_size(app: App[Any]) -> None:
    """Have screens lay themselves out for the size that the window has now, and for no size that it had before.

    Each layout has Textual tell the screen its size once more.  With two sizes on their way at once, which other
    messages keep apart, a screen would be laid out for the one and the other in turn, for as long as messages come.
    """
    get_screen = app._get_screen

    def get_screen_that_keeps_to_it(screen: Screen[Any] | str) -> Any:
        found, mounted = get_screen(screen)
        if "_screen_resized" not in vars(found):
            setattr(found, "_screen_resized", partial(_resize, app, found._screen_resized))  # noqa: B010 (as above)
        return found, mounted

    setattr(app, "_get_screen", get_screen_that_keeps_to_it)  # noqa: B010 (as above)


def _resize(app: App[Any], resized: Callable[[Size], None], size: Size) -> None:
    if size == app.size:  # else an event of the present size follows
        resized(size)


def exit_at_once(app: App[Any], *, return_code: int = 0) -> None:
    """End an app without what was typed ahead."""
    waiting: deque[Message | None] = app._message_queue.values
    kept = [message for message in waiting if not isinstance(message, events.InputEvent | events.Paste)]
    waiting.clear()
    waiting.extend(kept)
    app.exit(return_code=return_code)


def _called(traceback: TracebackType | None) -> Iterator[object]:
    """Yield the objects whose methods an error passed through."""
    while traceback is not None:
        yield traceback.tb_frame.f_locals.get("self")
        traceback = traceback.tb_next


def _is_gone(app: App[Any], pump: object) -> bool:
    if app._exit:
        return True
    if not isinstance(pump, Widget):
        return False
    if pump._closing or pump._pruning or not pump.is_attached:
        return True
    screen = pump if isinstance(pump, Screen) else pump.screen
    return screen._closing or screen._pruning or screen not in app.screen_stack
